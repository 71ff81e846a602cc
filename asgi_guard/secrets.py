"""Where a staff process finds its sign-in settings: the file named by OVP_SECRETS, readable by its owner only."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def staff_secrets(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The tables `[auth]` and `[access]` for `streamlit.starlette.App(secrets=…)`; empty in a public process.

    Raises PermissionError if others may read the file, FileNotFoundError if it is named but not there, and
    tomllib.TOMLDecodeError if it is not TOML.
    """
    given = os.environ if environment is None else environment
    name = given.get("OVP_SECRETS")
    if given.get("OVP_STAFF") != "1" or not name:
        return {}
    path = Path(name)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError(f"{path.name} may be read by others; run: chmod 600 {path.name}")
    return tomllib.loads(path.read_text(encoding="utf-8"))
