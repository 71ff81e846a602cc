"""What a server installs is what was tested, file by file."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ \\\n]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {found.lower().replace("_", "-"): version for found, version in PIN.findall(text)}


def test_the_lock_holds_every_pin_at_its_version():
    locked = pins("requirements.lock")
    assert pins("requirements.txt").items() <= locked.items()


def test_every_locked_package_names_the_hash_of_its_files():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=[A-Za-z0-9])", text) if "==" in entry.split("\n")[0]]
    assert len(entries) == len(pins("requirements.lock")) >= 30
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_lock_says_nothing_about_where_it_was_made():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|^--|file:|/opt|/tmp", text, re.MULTILINE)
