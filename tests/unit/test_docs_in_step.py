"""Docs that lag behind the code fail here."""

import io
import re
import subprocess
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from presentation.language import load

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = {path: path.read_text(encoding="utf-8") for path in DOCS}
ALL = "\n".join(TEXT.values())


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_and_picture_in_the_docs_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", TEXT[path]):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{path.name} links to {target}, which is not there"


@cache
def subcommands(module: str) -> list[str]:
    """What `python -m MODULE --help` lists, asked in this process: a new one takes seconds to import everything."""
    shown = io.StringIO()
    with redirect_stdout(shown), pytest.raises(SystemExit):
        import_module(f"{module}.__main__").main(["--help"])
    return re.findall(r"^    ([a-z][a-z-]+) ", shown.getvalue(), flags=re.MULTILINE)


@pytest.mark.parametrize("module", ["etl", "evaluation", "reports"])
def test_every_command_is_documented(module: str) -> None:
    found = subcommands(module)
    assert found
    for command in found:
        assert re.search(rf"python -m {module} {command}\b", ALL), (
            f"python -m {module} {command} is in no doc"
        )


def test_every_command_in_the_docs_exists() -> None:
    for module in ("etl", "evaluation", "reports"):
        known = set(subcommands(module))
        for command in set(re.findall(rf"python -m {module} ([a-z][a-z-]+)", ALL)):
            assert command in known, f"docs name `python -m {module} {command}`, which does not exist"


def test_every_page_is_named_for_its_readers() -> None:
    words = load("en-US")
    for page in sorted((ROOT / "pages/public").glob("*.py")):
        menu = str(words[f"{page.stem}.menu"])
        assert menu in TEXT[ROOT / "README.md"], f"the page {menu} is not in the README"


def test_every_make_target_explains_itself() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    assert phony
    for target in phony.group(1).split():
        assert re.search(rf"^{target}:.*## \w", makefile, flags=re.MULTILINE), (
            f"make {target} has no description"
        )


def test_every_part_of_the_project_has_its_place_in_the_architecture_page() -> None:
    text = TEXT[ROOT / "docs/architecture.md"]
    for folder in sorted(path.parent.name for path in ROOT.glob("*/__init__.py")):
        assert f"`{folder}/`" in text, f"{folder}/ is not in docs/architecture.md"


def test_nothing_tracked_names_a_machine_or_a_workplace() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".md", ".py", ".toml", ".sql", ".typ", ".yml", ".cfg", ".txt"} and path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "/wo" + "rk/" not in text and "/ro" + "ot/" not in text, (
                f"{name} names a path of a machine"
            )
