"""The words people read: complete, and never claiming more than the project may."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from evaluation.result import GATE_NAMES
from presentation import language

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = (r"\bsignificant\w*", r"\bproves?\b", r"\bproven\b", r"\beffective\w*\b", r"\bsuccess\w*\b")
# "work" is what teams do; that a program works is what nobody here may say.
CLAIMS = (
    r"\b(program|outreach|it|this|which|that)\s+works\b",
    r"\bworks\s*[.!,:]",
    r"\bdoes(n't| not) work\b",
)


def texts() -> list[tuple[str, str]]:
    return [
        (f"{name}:{key}", text)
        for name in language.available()
        for key, value in language.load(name).items()
        for text in ([value] if isinstance(value, str) else value)
    ]


@pytest.mark.parametrize("pattern", [*FORBIDDEN, *CLAIMS])
def test_no_sentence_claims_what_the_data_cannot_carry(pattern: str) -> None:
    found = [f"{key}: {text}" for key, text in texts() if re.search(pattern, text, re.IGNORECASE)]
    assert not found


def test_every_language_has_the_same_keys_and_asks_for_the_same_figures() -> None:
    reference = language.load(language.DEFAULT)
    for name in language.available():
        other = language.load(name)
        assert set(other) == set(reference)
        for key, text in reference.items():
            if isinstance(text, str):
                assert fields(str(other[key])) == fields(text), key


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_a_language_that_is_not_there_is_named_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVP_LANGUAGE", "xx")
    with pytest.raises(LookupError, match="en-US"):
        language.language()


def test_pages_hold_no_sentences_of_their_own() -> None:
    for path in [*(ROOT / "pages").rglob("*.py"), ROOT / "dashboard.py"]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documentation
            ):
                assert not re.search(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", node.value), (
                    f"{path.name}: {node.value!r}"
                )


def test_every_text_a_page_asks_for_is_there() -> None:
    known = language.load(language.DEFAULT)
    for folder in ("pages", "presentation"):
        for path in [*(ROOT / folder).rglob("*.py"), ROOT / "dashboard.py"]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and getattr(node.func, "id", "") in {"say", "listed"}
                    and node.args
                    and isinstance(node.args[0], ast.Constant)
                ):
                    assert node.args[0].value in known, f"{path.name}: {node.args[0].value}"


# Where the reason stands among the arguments of the calls that make a check or stop an estimate.
REASON_PLACE = {"Check": 3, "Gate": 2, "NotEstimable": 0, "outcome_of": 2, "cannot_run": 1, "_range_check": 3}


def engine_codes() -> tuple[set[str], set[str]]:
    """(check names, reasons) that the evaluation writes into results, read from its source."""
    names, reasons = set(), set()
    for path in (ROOT / "evaluation").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_name = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "name"
            if is_name and isinstance(node.value, ast.Constant) and "checks" in path.parts:
                names.add(node.value.value)
            # A function may hand a reason back beside its rows: return "phase_too_short", ()
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and node.value.elts:
                first = node.value.elts[0]
                if isinstance(first, ast.Constant) and re.fullmatch(r"[a-z]+(_[a-z]+)+", str(first.value)):
                    reasons.add(first.value)
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", "")
            is_check = called in ("Check", "outcome_of", "cannot_run", "_range_check")
            if is_check and node.args and isinstance(node.args[0], ast.Constant):
                names.add(node.args[0].value)
            place = REASON_PLACE.get(called)
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                reasons.add(node.args[place].value)
            for keyword in node.keywords:
                if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant):
                    reasons.add(keyword.value.value)
    return names - {None}, reasons - {None}


def test_every_check_of_the_evaluation_is_asked_as_a_question() -> None:
    names, _ = engine_codes()
    assert names, "no checks found in evaluation/"
    missing = sorted(name for name in names if not language.has(f"check.{name}.question"))
    assert not missing


def test_every_reason_of_the_evaluation_is_said_in_words() -> None:
    names, reasons = engine_codes()
    missing = sorted(
        code
        for code in reasons
        if not language.has(f"reason.{code}")
        and not any(language.has(f"check.{n}.reason.{code}") for n in names)
    )
    assert not missing


@pytest.mark.parametrize("name", GATE_NAMES.values())
def test_every_gate_has_its_question_and_what_it_would_have_taken(name: str) -> None:
    assert language.has(f"gate.{name}.question")
    assert language.has(f"gate.{name}.taken")
