"""Keyed hashes of worker and participant ids. The key stays outside the repository and outside every release.

An unkeyed hash of an id such as a phone number is broken in seconds; without the key this one is not.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


class KeyFault(Exception):
    """The key cannot be used. The message is one line for the data steward."""


def read_or_make_key(home: Path) -> bytes:
    """The key in `home/private/key`, made on first use (mode 0600).

    Raises KeyFault when the file is readable by others or too short: a new key would break the links
    between old and new entries, so nothing is made in its place.
    """
    folder = home / "private"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(secrets.token_bytes(KEY_BYTES))
    if path.stat().st_mode & 0o077:
        raise KeyFault(
            "private/key can be read by others. Run chmod 600 on it and think about who has read it."
        )
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise KeyFault("private/key is too short. Restore it from the backup.")
    return key


def keyed(key: bytes, kind: str, provider: str, given: str) -> str:
    """What stands for an id: 24 hexadecimal digits. Ids of two providers never meet."""
    message = "\x1f".join((kind, provider, " ".join(given.casefold().split()))).encode("utf-8")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:24]
