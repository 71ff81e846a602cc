"""Imports run one way: files come in, a release comes out, pages read it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {
    "access", "api", "asgi", "asgi_guard", "benchmarks", "dashboard", "disclosure", "etl", "evaluation",
    "pages", "presentation", "reports", "staff_demo", "tests",
}  # fmt: skip

# What each part may import of ours, beyond itself. The most specific entry wins.
ALLOWED: dict[str, set[str]] = {
    "evaluation": set(),
    "evaluation/__main__.py": {"presentation"},
    "disclosure": set(),
    "presentation": {"evaluation"},
    "etl": set(),
    "etl/__main__.py": {"evaluation"},
    "etl/logs": {"etl", "disclosure"},
    "etl/publish": {"etl", "evaluation", "disclosure", "presentation"},
    "reports": {"presentation", "etl.warehouse", "etl.dictionary"},
    "api": {
        "presentation",
        "etl.checksum",
        "etl.warehouse",
        "etl.dictionary",
        "etl.publish.export",
        "reports",
        "asgi_guard",
    },
    "asgi_guard": {"access"},
    "access": {"presentation.language"},
    "pages": {"presentation", "reports", "access", "api.catalog", "etl.warehouse", "etl.dictionary"},
    "pages/staff": {
        "presentation",
        "access",
        "etl.warehouse",
        "etl.inbox",
        "etl.audit_log",
        "etl.staff_door",
        "etl.next_build",
        "etl.problems",
    },
    "dashboard": {"presentation", "access", "pages.parts"},
    "staff_demo": {"access", "asgi", "etl.warehouse"},
    "asgi": {"presentation", "access", "asgi_guard", "api", "reports", "etl.warehouse"},
}
FORBIDDEN_LIBRARIES = {
    "evaluation": {"streamlit", "duckdb", "plotly", "altair"},
    "disclosure": {"streamlit", "duckdb", "plotly", "altair"},
    "presentation": {"duckdb", "statsmodels"},
    "pages": {"duckdb", "statsmodels"},
    "dashboard": {"duckdb", "statsmodels", "plotly"},
}


def modules() -> list[Path]:
    paths = [*ROOT.glob("*.py")]
    for folder in OURS - {"tests", "benchmarks"}:
        paths += (ROOT / folder).rglob("*.py")
    return sorted(path for path in paths if "__pycache__" not in path.parts)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rule_for(path: Path) -> tuple[str, set[str]]:
    relative = path.relative_to(ROOT).as_posix()
    keys = [k for k in ALLOWED if relative == k or relative.startswith(k + "/") or relative == k + ".py"]
    assert keys, f"{relative}: no import rule; name the part in ALLOWED and docs/architecture.md"
    key = max(keys, key=len)
    return key, ALLOWED[key]


def is_allowed(name: str, own: str, allowed: set[str]) -> bool:
    if name.split(".")[0] == own:
        return True
    # `from etl import warehouse` shows as both "etl" and "etl.warehouse": the longer one is judged.
    return any(name == a or name.startswith(a + ".") or a.startswith(name + ".") for a in allowed)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    key, allowed = rule_for(path)
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    ours = {name for name in imported(path) if name.split(".")[0] in OURS}
    wrong = sorted(name for name in ours if not is_allowed(name, own, allowed))
    # presentation serves etl.publish only for the sentences stored with a release
    assert not wrong, f"{key} may not import {wrong}"


@pytest.mark.parametrize("part", sorted(FORBIDDEN_LIBRARIES))
def test_a_part_stays_free_of_libraries_that_are_not_its_business(part: str) -> None:
    for path in modules():
        relative = path.relative_to(ROOT).as_posix()
        if not (relative.startswith(part + "/") or relative == part + ".py"):
            continue
        found = {name.split(".")[0] for name in imported(path)} & FORBIDDEN_LIBRARIES[part]
        if part == "pages":
            found -= {"plotly"}
        assert not found, f"{relative} imports {sorted(found)}"


def test_no_page_lies_directly_in_pages_where_it_could_be_opened_past_the_gate() -> None:
    assert not list((ROOT / "pages").glob("*.py"))
