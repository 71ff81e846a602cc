"""The secrets file of a staff process, as it would stand in .streamlit/secrets.toml."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secrets_toml(issuer: str, app: str, client_id: str, client_secret: str) -> str:
    """Settings for sign-in at `issuer` and for roles by group; the cookie key is new each time."""
    return f"""[auth]
redirect_uri = "{app}/oauth2callback"
cookie_secret = "{secrets.token_urlsafe(32)}"
client_id = "{client_id}"
client_secret = "{client_secret}"
server_metadata_url = "{issuer}/.well-known/openid-configuration"

[access]
issuer = "{issuer}"
claim = "groups"
steward = ["ovp-data-stewards"]
leadership = ["ovp-leadership"]
"""


def write_private(path: Path, text: str) -> Path:
    """Write a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
