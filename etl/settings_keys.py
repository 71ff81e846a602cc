"""A table of settings that knows which of its keys have been read."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from etl.problems import SettingsError


class Keys:
    """A table of settings that knows which keys have not been read yet."""

    def __init__(self, path: Path, entries: dict[str, Any], prefix: str = "") -> None:
        self.path = path
        self.left = dict(entries)
        self.prefix = prefix

    def wrong(self, key: str, reason: str) -> SettingsError:
        return SettingsError(
            self.path.name, reason, "docs/new-city.md lists every setting.", self.prefix + key
        )

    def take(self, key: str, *default: Any) -> Any:
        if key not in self.left and not default:
            raise self.wrong(key, "the setting is missing")
        return self.left.pop(key, *default)

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "the setting is not a text")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in allowed:
            raise self.wrong(key, f"{value!r} is none of {', '.join(allowed)}")
        return value

    def month(self, key: str) -> date:
        value = self.text(key)
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
            raise self.wrong(key, f"{value!r} is not a month such as 2019-01")
        return date(int(value[:4]), int(value[5:]), 1)

    def table(self, key: str, required: bool = True) -> Keys:
        value = self.take(key) if required else self.take(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "is not a table")
        return Keys(self.path, value, f"{self.prefix}{key}.")

    def tables(self, key: str) -> list[Keys]:
        return [Keys(self.path, entry, f"{key}.") for entry in self.take(key, [])]

    def finish(self) -> None:
        if self.left:
            raise self.wrong(sorted(self.left)[0], "there is no such setting")
