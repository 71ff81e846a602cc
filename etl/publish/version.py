"""Which version of this software makes a release."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def code_version(project: Path) -> str:
    """Version of pyproject.toml, with the first 12 characters of the commit where there is a checkout."""
    version = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    commit = _commit(project)
    return f"{version}+{commit[:12]}" if commit else str(version)


def _commit(project: Path) -> str | None:
    git = project / ".git"
    if git.is_file():
        git = (project / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
    head = git / "HEAD"
    if not head.is_file():
        return None
    text = head.read_text(encoding="utf-8").strip()
    if not text.startswith("ref:"):
        return text
    name = text.removeprefix("ref:").strip()
    common = git / "commondir"
    shared = (git / common.read_text(encoding="utf-8").strip()).resolve() if common.is_file() else git
    for folder in (git, shared):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8").strip()
    packed = shared / "packed-refs"
    if packed.is_file():
        found = re.search(
            rf"^([0-9a-f]{{40}}) {re.escape(name)}$", packed.read_text(encoding="utf-8"), re.MULTILINE
        )
        return found[1] if found else None
    return None
