"""Codes into words: what is stored as `near_repeat_shooting` is read as `near-repeat shooting incidents`."""

from __future__ import annotations

from presentation.language import count_of, has, say


def plain(code: str) -> str:
    """A code nobody has words for, made readable: `worst_drift` -> worst drift."""
    return code.replace("_", " ").strip()


def word(group: str, code: str | None) -> str:
    """The words of a code, e.g. word("verdict", "cannot_tell"); the code itself where there are none."""
    if not code:
        return ""
    key = f"{group}.{code}"
    return say(key) if has(key) else plain(code)


def things(outcome: str, unit: str, number: float = 2) -> str:
    """What is counted, with its unit: gunshot-wound victims, shooting incidents."""
    key = f"outcome.{outcome}.{unit}"
    return count_of(key, number) if has(f"{key}.other") else plain(outcome)


def outcome_name(outcome: str) -> str:
    """Name of an outcome without its unit, for a select box."""
    key = f"outcome.{outcome}.name"
    return say(key) if has(key) else plain(outcome).capitalize()


def reason(code: str | None, **figures: object) -> str:
    """Why something failed or could not be run, as a sentence."""
    if not code:
        return ""
    key = f"reason.{code}"
    return say(key, **figures) if has(key) else say("reason.unknown", code=plain(code))


def pool(code: str | None) -> str:
    """A comparison pool in words."""
    return (
        say(f"pool.{code}") if code and has(f"pool.{code}") else (plain(code) if code else say("pool.none"))
    )


def baseline(text: str) -> str:
    """A baseline window as stored (`2019-01/2020-05`) in words."""
    from presentation.numbers import months_between

    first, _, last = text.partition("/")
    return months_between(first, last, short=True) if last else plain(text)


def interval_name(code: str) -> str:
    """Name of an interval; `hac:1` has its number of lags."""
    name, _, lags = code.partition(":")
    base = word("interval_name", name)
    return f"{base}, {lags}" if lags else base


def plural_area(geography: str) -> str:
    """Kind of area, several of them, in the middle of a sentence: `neighborhoods`."""
    return word("geography_plural", geography).lower()
