"""What may be said of a result, in sentences.

Every function takes the plain object of `evaluation.result.Result.as_dict()` (or a part of it) and
returns finished text. A result with several readings is said as their range, never as one point.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from presentation import numbers, words
from presentation.language import fields, has, say, sentence_case

Plain = dict[str, Any]


def estimated_readings(result: Plain) -> list[Plain]:
    """The registered readings that gave an estimate."""
    return [
        reading for reading in result.get("readings") or () if numbers.is_known(reading.get("rate_ratio"))
    ]


def things(result: Plain, number: float = 2) -> str:
    """What the result counts, with its unit."""
    card = result["card"]
    return words.things(card["outcome"], card["unit"], number)


def finding(result: Plain) -> str:
    """The whole finding in one sentence: unit, place, months, range, interval, base and verdict."""
    card = result["card"]
    parts = {
        "things": things(result),
        "where": say("finding.where") if card.get("areas") or card.get("catchment") else "",
        "when": say("finding.when", months=numbers.months_between(card["phase_first"], card["phase_last"]))
        if card.get("phase_first")
        else "",
    }
    estimate = result.get("estimate")
    if result["status"] != "estimated" or not estimate:
        return say("finding.not_estimable", reason=words.reason(result.get("reason")), **parts)
    parts["range"] = _range(result)
    base = _base(result)
    if base:
        return say(f"finding.{result['verdict']}", base=base, **parts)
    return say(f"finding.without_base.{result['verdict']}", **parts)


def _range(result: Plain) -> str:
    readings = estimated_readings(result)
    estimate = result["estimate"]
    if len(readings) > 1:
        ratios = [reading["rate_ratio"] for reading in readings]
        return say(
            "finding.range_readings",
            range=numbers.change_range(min(ratios), max(ratios)),
            count=numbers.count(len(readings)),
            median=numbers.change(median(ratios)),
            interval=_reach(readings),
        )
    lower, upper = estimate["interval_95"]
    if estimate.get("rate_ratio") is None:
        return say(
            "finding.range_units",
            estimate=numbers.decimal(estimate["coefficient"], 2),
            lower=numbers.decimal(lower, 2),
            upper=numbers.decimal(upper, 2),
        )
    return say(
        "finding.range_one",
        estimate=numbers.change(estimate["rate_ratio"]),
        interval=numbers.change_range(lower, upper),
    )


def _reach(readings: list[Plain]) -> str:
    """From the lowest to the highest end of the readings' 95 % intervals."""
    lowest = [r["lower_95"] for r in readings if numbers.is_known(r.get("lower_95"))]
    highest = [r["upper_95"] for r in readings if numbers.is_known(r.get("upper_95"))]
    return numbers.change_range(min(lowest, default=None), max(highest, default=None))


def _base(result: Plain) -> str:
    observed = result["estimate"].get("observed")
    if not numbers.is_known(observed):
        return ""
    card = result["card"]
    months = numbers.month_count(card.get("phase_first"), card.get("phase_last"))
    if months:
        return say("finding.base", count=numbers.count(observed), months=numbers.count(months))
    return say("finding.base_without_months", count=numbers.count(observed))


def headline(result: Plain) -> str:
    """The short form for the top of a page: verdict and range."""
    counted = things(result)
    estimate = result.get("estimate")
    if result["status"] != "estimated" or not estimate:
        return say("headline.not_estimable", things=counted)
    verdict = result["verdict"]
    readings = estimated_readings(result)
    if len(readings) > 1:
        ratios = [reading["rate_ratio"] for reading in readings]
        run = numbers.change_range(min(ratios), max(ratios))
        return say(f"headline.{verdict}", range=run, things=counted, interval=_reach(readings))
    lower, upper = estimate["interval_95"]
    if estimate.get("rate_ratio") is None:
        if verdict != "cannot_tell":
            return say(f"headline.{verdict}", range=_range(result), things=counted)
        return say(
            "headline.cannot_tell_units",
            estimate=numbers.decimal(estimate["coefficient"], 2),
            lower=numbers.decimal(lower, 2),
            upper=numbers.decimal(upper, 2),
        )
    if verdict == "cannot_tell":
        return say(
            "headline.cannot_tell_one",
            estimate=numbers.change(estimate["rate_ratio"]),
            interval=numbers.change_range(lower, upper),
            things=counted,
        )
    return say(f"headline.{verdict}", range=numbers.change_range(lower, upper), things=counted)


def plain_words(result: Plain) -> str:
    """What the verdict means, for someone who reads nothing else."""
    known = result["status"] == "estimated" and result.get("estimate")
    return say(f"plain.{result['verdict'] if known else 'not_estimable'}", things=things(result))


def averted(result: Plain) -> str:
    """Observed against expected in counts, with the interval; empty where the result has none."""
    estimate = result.get("estimate") or {}
    interval = estimate.get("averted_interval_95")
    if not interval or not numbers.is_known(estimate.get("expected")):
        return ""
    # averted is expected minus observed: its upper end is the largest number fewer
    first, last = (_fewer_or_more(value) for value in sorted(interval, reverse=True))
    return say(
        "averted.estimate",
        count=numbers.count(estimate["observed"]),
        expected=numbers.count(estimate["expected"]),
        things=things(result),
        range=say("averted.range", first=first, last=last),
    )


def expected_range(result: Plain) -> str:
    """What was to be expected in the main reading, as its 95% interval in counts."""
    estimate = result["estimate"]
    interval = estimate.get("averted_interval_95")
    if not interval:
        return numbers.count(estimate.get("expected"))
    lower, upper = (estimate["observed"] + value for value in sorted(interval))
    return say("numbers.span", first=numbers.count(max(0, lower)), last=numbers.count(upper))


def _fewer_or_more(value: float) -> str:
    if round(value) == 0:
        return say("averted.none")
    return say("averted.fewer" if value > 0 else "averted.more", count=numbers.count(abs(value)))


def sides(result: Plain) -> str:
    """Which side moved: the change of each side on its own, and what that means."""
    moved = result.get("sides") or {}
    if not moved:
        return ""

    def change(side: str) -> str:
        interval = moved[side]
        return say(
            "sides.change",
            change=numbers.change(_exp(interval["coefficient"])),
            range=numbers.change_range(interval["lower_95"], interval["upper_95"]),
        )

    if not {"treated", "comparison"} <= set(moved):
        side = next(iter(moved))
        return say("sides.one", side=words.word("side", side), treated=change(side))
    text = say("sides.both", treated=change("treated"), comparison=change("comparison"))
    return f"{text} {say('sides.meaning.' + _which_side(moved))}"


def _which_side(moved: Plain) -> str:
    """Which side's own change is larger on the log scale; neither if both intervals hold no change."""
    if all(side["lower_95"] <= 1 <= side["upper_95"] for side in moved.values()):
        return "neither"
    treated, comparison = moved["treated"]["coefficient"], moved["comparison"]["coefficient"]
    if treated * comparison > 0 and abs(treated - comparison) < abs(comparison) / 2:
        return "both_alike"
    return "treated" if abs(treated) >= abs(comparison) else "comparison"


def _exp(value: float) -> float:
    from math import exp

    return exp(value)


def other_unit(result: Plain, other: Plain | None) -> str:
    """The same question counted in the other unit, and whether both fall on the same side."""
    if other is None or other["status"] != "estimated" or not other.get("estimate"):
        return say("units.missing")
    mine, theirs = _ratios(result), _ratios(other)
    agree = (median(mine) < 1) == (median(theirs) < 1)
    one = len(theirs) == 1
    lower, upper = other["estimate"]["interval_95"] if one else (min(theirs), max(theirs))
    text = numbers.change_range(lower, upper)
    if one:
        text = say(
            "sides.change",
            change=numbers.change(theirs[0]),
            range=numbers.change_range(lower, upper),
        )
    key = f"units.{'one_' if one else ''}{'agree' if agree else 'disagree'}"
    return say(key, other_things=things(other), range=text)


def _ratios(result: Plain) -> list[float]:
    readings = estimated_readings(result)
    if len(readings) > 1:
        return [reading["rate_ratio"] for reading in readings]
    return [result["estimate"]["rate_ratio"]]


def additive(result: Plain) -> str:
    """The change per month in counts, and whether its sign agrees with the ratio's."""
    change = result.get("additive") or {}
    value = change.get("per_month")
    ratio = (result.get("estimate") or {}).get("rate_ratio")
    if value is None or ratio is None:
        return ""
    key = "additive.opposite" if value * (ratio - 1) < 0 else "additive.same"
    return say(
        key,
        value=numbers.decimal(value, 1),
        things=things(result),
        lower=numbers.decimal(change.get("lower_95"), 1),
        upper=numbers.decimal(change.get("upper_95"), 1),
    )


def per_month(result: Plain) -> str:
    """Counts per month before and during, of both sides; empty where the result has none."""
    change = result.get("additive") or {}
    names = ("treated_per_month_baseline", "treated_per_month_phase")
    if not all(numbers.is_known(change.get(name)) for name in names):
        return ""
    treated = say(
        "per_month.treated",
        treated_before=numbers.decimal(change[names[0]], 1),
        treated_after=numbers.decimal(change[names[1]], 1),
        things=things(result),
    )
    if not numbers.is_known(change.get("comparison_per_month_baseline")):
        return say("per_month.one", treated=treated)
    return say(
        "per_month.both",
        treated=treated,
        comparison_before=numbers.decimal(change["comparison_per_month_baseline"], 1),
        comparison_after=numbers.decimal(change["comparison_per_month_phase"], 1),
    )


def gates_summary(result: Plain) -> str:
    """How many conditions for a conclusion are met."""
    gates = result.get("gates") or ()
    if not gates:
        return say("gates.no_gates")
    if result["status"] != "estimated" and all(gate["status"] == "cannot_run" for gate in gates):
        return say("gates.summary.not_tried", total=len(gates))
    passed = sum(gate["status"] == "passed" for gate in gates)
    form = "all" if passed == len(gates) else "some" if passed else "none"
    return say(f"gates.summary.{form}", passed=passed, total=len(gates))


def gate(entry: Plain) -> str:
    """One gate: its question, the answer, why."""
    return say(
        f"gates.sentence.{entry['status']}",
        question=say(f"gate.{entry['name']}.question"),
        reason=reason(entry),  # a gate has the name of its deciding check, and its reasons
    ).strip()


def gate_would_take(entry: Plain) -> str:
    """What a gate that is not met would have taken."""
    return say("gates.would_take", taken=say(f"gate.{entry['name']}.taken"))


def unmet_gates(result: Plain) -> list[Plain]:
    return [entry for entry in result.get("gates") or () if entry["status"] != "passed"]


def checks_summary(result: Plain) -> str:
    """How many checks passed, failed, could not be run."""
    statuses = [check["status"] for check in result.get("checks") or ()]
    return say(
        "checks.summary", **{name: statuses.count(name) for name in ("passed", "failed", "cannot_run")}
    )


def check_question(entry: Plain) -> str:
    """What a check asks."""
    key = f"check.{entry['name']}.question"
    return (
        say(key)
        if has(key)
        else say("checks.unknown_question", name=sentence_case(words.plain(entry["name"])))
    )


def check(entry: Plain) -> str:
    """One check in one sentence, with its figures; the reason where it did not pass."""
    figures = entry.get("figures") or {}
    key = f"check.{entry['name']}.sentence"
    said = reason(entry) if entry["status"] != "passed" else ""
    # A reason that already gives figures is not followed by the same ones again.
    if not any(character.isdigit() for character in said) and any(map(numbers.is_known, figures.values())):
        said = f"{said} {_fill((key, f'{key}_other'), figures, entry['status'] != 'cannot_run')}"
    return " ".join(f"{said} {_by_outcome(figures)}".split())


def _by_outcome(figures: Plain) -> str:
    """Figures named after outcomes (`robbery_log_rate_ratio`) as changes: Robbery 5% more."""
    suffix = "_log_rate_ratio"
    shown = [
        say("checks.figure", name=words.outcome_name(name.removesuffix(suffix)), value=figure(name, value))
        for name, value in figures.items()
        if name.endswith(suffix) and has(f"outcome.{name.removesuffix(suffix)}.name")
    ]
    return say("checks.by_outcome", figures="; ".join(shown)) if shown else ""


def _fill(keys: Sequence[str], figures: Plain, by_name: bool = True) -> str:
    """The first of the texts all of whose figures are known; else (`by_name`) the known figures by name."""
    known = {name: figure(name, value) for name, value in figures.items() if numbers.is_known(value)}
    for key in keys:
        if has(key) and fields(key) <= set(known):
            return say(key, **known)
    return _plain_figures(figures) if by_name else ""


LOG_RATIOS = ("log_rate_ratio", "drift_that_would_erase")
RATIOS = ("lowest", "highest", "median", "largest", "lower_95", "upper_95", "median_whole_clusters")
SHARES = ("power_at", "share", "wrong_sign", "false_alarm_rate")
MOST_FIGURES = 6


def figure(name: str, value: float | int | None) -> str:
    """A figure of a check in the form its name calls for: counts whole, ratios as change, p as p."""
    if value is None or not numbers.is_known(value):
        return say("numbers.unknown")
    if name.endswith(LOG_RATIOS):
        return numbers.change(_exp(value))
    if name.startswith(SHARES) or name.endswith(("share", "power")):
        return numbers.percent(100 * value)
    if name.startswith("exaggeration"):
        return numbers.decimal(value, 1)
    if "percent" in name:
        return numbers.percent(abs(value))
    if "rate_ratio" in name or name in RATIOS or name.startswith(("lower_95", "upper_95")):
        return numbers.change(value)
    if name in ("p", "smallest_p", "p_value") or name.startswith("p_") or name.endswith("_p"):
        return numbers.probability(value)
    if value >= 1e9:
        return say("numbers.billions")
    if isinstance(value, int) or float(value).is_integer():
        return numbers.count(value)
    return numbers.decimal(value, 2)


def _plain_figures(figures: Plain) -> str:
    shown = [
        say("checks.figure", name=words.word("figure", name), value=figure(name, value))
        for name, value in figures.items()
        if numbers.is_known(value)
    ]
    if not shown or len(shown) > MOST_FIGURES:
        return ""
    return say("checks.figures", figures="; ".join(shown))


def reason(entry: Plain) -> str:
    """Why a check or gate failed or could not be run, with its figures where the sentence has room."""
    code = entry.get("reason")
    if not code:
        return ""
    # A check may say it in its own words; most reasons read alike wherever they come up.
    for key in (f"check.{entry.get('name')}.reason.{code}", f"reason.{code}"):
        if has(key):
            return _fill((key,), entry.get("figures") or {})
    return words.reason(code)


SMALLEST = ("smallest_fall_percent", "smallest_decrease_percent")


def smallest_detectable(result: Plain) -> str:
    """The smallest change that this record could have shown, or nothing where it was not computed."""
    for entry in result.get("checks") or ():
        figures = entry.get("figures") or {}
        for name in SMALLEST:
            if numbers.is_known(figures.get(name)):
                text = say("results.detectable", percent=figure(name, figures[name]), things=things(result))
                power = figures.get("power_at_minus_20_percent", figures.get("power"))
                if numbers.is_known(power):
                    text += " " + say("results.detectable_power", power=figure("power", power))
                return text
    return ""


def data_extent(month: str) -> str:
    """How far counts reach, for the middle of a sentence. month: in words; empty where no counts are loaded."""
    return say("report.data_through", month=month) if month else say("report.no_counts")
