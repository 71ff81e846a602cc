"""Every word that people read comes from one file of a language: `presentation/languages/en-US.toml`, and those
of the staff pages from the folder of its name.

A second language is one more file with the same keys. `OVP_LANGUAGE` names the file that is used.
Values are templates for `str.format`; numbers arrive already formatted (`presentation.numbers`).
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from string import Formatter

FOLDER = Path(__file__).resolve().parent / "languages"
DEFAULT = "en-US"


def language() -> str:
    """Name of the language in use. Raises LookupError if `OVP_LANGUAGE` names a file that is not there."""
    name = os.environ.get("OVP_LANGUAGE", DEFAULT)
    if name not in available():
        raise LookupError(f"OVP_LANGUAGE={name}: no such language; there is {', '.join(available())}.")
    return name


@cache
def available() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def load(name: str) -> dict[str, str | list[str]]:
    """All texts of a language by dotted key, e.g. `overview.title`."""
    entries: dict[str, str | list[str]] = {}

    def collect(prefix: str, value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                collect(f"{prefix}.{key}" if prefix else key, inner)
        elif isinstance(value, str):
            entries[prefix] = value
        elif isinstance(value, list):
            entries[prefix] = [str(item) for item in value]

    for path in (FOLDER / f"{name}.toml", *sorted((FOLDER / name).glob("*.toml"))):
        collect("", tomllib.loads(path.read_text(encoding="utf-8")))
    return entries


def has(key: str) -> bool:
    return key in load(language())


def say(key: str, **values: object) -> str:
    """The text of `key`, filled in. Raises KeyError for a key or a value that is missing."""
    text = load(language())[key]
    if not isinstance(text, str):
        raise KeyError(f"{key} is a list: use listed()")
    return text.format(**values)


def fields(key: str) -> set[str]:
    """Names of what is filled into the text of `key`."""
    return {name for _, name, _, _ in Formatter().parse(str(load(language())[key])) if name}


def listed(key: str) -> list[str]:
    """A list of words, e.g. the names of the months."""
    items = load(language())[key]
    if isinstance(items, str):
        raise KeyError(f"{key} is a text: use say()")
    return items


def count_of(key: str, number: float, **values: object) -> str:
    """The `one` or `other` form of `key`."""
    return say(f"{key}.{'one' if number == 1 else 'other'}", **values)


def enumerate_words(items: list[str]) -> str:
    """`a`, `a and b`, `a, b, and c`."""
    if len(items) < 2:
        return "".join(items)
    if len(items) == 2:
        return say("list.two", first=items[0], second=items[1])
    return say("list.many", start=say("list.separator").join(items[:-1]), last=items[-1])


def sentence_case(text: str) -> str:
    """First letter upper, the rest as it is (names keep their capitals)."""
    return text[:1].upper() + text[1:]
