"""Open the release that a link asks for, and read it. A release never changes, so reads are kept."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from etl import warehouse
from etl.warehouse import Release, ReleaseError
from pages.parts import turn
from pages.parts.choice import asked_for
from presentation.escape import markdown
from presentation.language import language, say
from presentation.program import Program, read_program
from presentation.record import ReadLine, lines_of

RELEASE_KEY = "release"
MOST_KEPT, MOST_KEPT_LARGE = 600, 24
T = TypeVar("T")
FIRST_PROGRAM = "minneapolus"


class _Kept:
    """What was made, by its key; the one that nobody asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._made: OrderedDict[tuple[Hashable, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: tuple[Hashable, ...]) -> bool:
        return key in self._made

    def get(self, key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self._lock:
            self._made[key] = made
            while len(self._made) > self.most:
                self._made.popitem(last=False)
        return made


_kept, _kept_large = _Kept(MOST_KEPT), _Kept(MOST_KEPT_LARGE)


def open_release() -> Release:
    """The release named by `?release=`, else the one in use. Explains itself and stops when there is none."""
    asked = asked_for(RELEASE_KEY)
    try:
        if asked:
            try:
                return warehouse.open_release(asked)
            except ReleaseError as error:
                if error.code != "unknown_release":
                    raise
                st.warning(say("state.unknown_release", release=markdown(asked[:40])), icon=":material/info:")
        return warehouse.open_release()
    except ReleaseError as error:
        explain(error)
        st.stop()


def open_with_programs(page: str) -> tuple[Release, list[Program]]:
    """What a page about a program begins with; a release without a program is said, and the page ends there.

    page: name of the page, whose words in the menu are then its title.
    """
    release = open_release()
    found = programs(release)
    if not found:
        st.title(say(f"{page}.menu"), anchor=False)
        st.info(say("state.no_program"))
        st.stop()
    return release, found


def open_if_readable(release_id: str) -> Release | None:
    """An older release, or None where its file cannot be read."""
    try:
        return warehouse.open_release(release_id)
    except ReleaseError:
        return None


def run(page: st.Page) -> None:
    """Run a page. A release can open and still be unreadable further on: the page then says so."""
    try:
        page.run()
    except ReleaseError as error:
        explain(error)


def explain(error: ReleaseError) -> None:
    """A page for a release that is not there or cannot be read: what happened, the one command to run."""
    st.title(say(f"state.{error.code}.title"))
    st.write(say(f"state.{error.code}.text"))
    st.code(say("state.command"), language="bash", wrap_lines=True)
    st.caption(str(error))


@lru_cache(maxsize=512)
def _read(release: _Held, name: str, params: tuple[tuple[str, object], ...]) -> pd.DataFrame:
    return release.release.query(name, **dict(params))


class _Held:
    """A release as a key of the cache: the same file is the same key."""

    def __init__(self, release: Release) -> None:
        self.release = release

    def __hash__(self) -> int:
        return hash(self.release.path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.release.path == self.release.path


def read(release: Release, name: str, **params: object) -> pd.DataFrame:
    """Rows of a named statement. The frame is shared between visitors: never change it in place."""
    return _read(_Held(release), name, tuple(sorted(params.items())))


def records(release: Release, name: str, **params: object) -> list[dict[str, Any]]:
    """The same rows as plain objects, made once. Shared between visitors: never change them."""
    return kept(
        release,
        ("records", name, *sorted(params.items())),
        lambda: read(release, name, **params).to_dict("records"),
    )


def kept(release: Release, key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
    """What `make` gives for this release and `key`, made once for all visitors. Never change it in place.

    `key` must name everything that `make` depends on besides the release.
    """
    return _kept.get((release.path, language(), *key), make)


def kept_with_progress(release: Release, key: tuple[Hashable, ...], make: Callable[[], T], words: str) -> T:
    """The same for what is large or takes a second to make: whoever waits for it sees that it is being made."""
    whole = (release.path, language(), *key)
    if whole in _kept_large:
        return _kept_large.get(whole, make)
    with turn.long_work(words):
        return _kept_large.get(whole, make)


def tables_of(release: Release) -> frozenset[str]:
    """Tables that a release holds: one made by an earlier version may lack the newest."""
    return kept(release, ("tables",), lambda: frozenset(release.table_names()))


def ledger(release: Release) -> list[ReadLine]:
    """The evidence ledger as far as the release holds it; none in a release of an earlier version."""
    if "out_ledger" not in tables_of(release):
        return []
    return kept(release, ("ledger",), lambda: lines_of(records(release, "record")))


def read_result(release: Release, estimate_id: str) -> dict[str, Any] | None:
    """The whole result object of an estimate, or None where the release has none."""
    return _result(_Held(release), estimate_id)


@lru_cache(maxsize=256)
def _result(release: _Held, estimate_id: str) -> dict[str, Any] | None:
    rows = release.release.query("result", estimate_id=estimate_id)
    return json.loads(rows["result_json"].iloc[0]) if len(rows) else None


def programs(release: Release) -> list[Program]:
    """All programs of the release, the one this dashboard was made for first, simulated ones last."""
    return _programs(_Held(release))


@lru_cache(maxsize=16)
def _programs(release: _Held) -> list[Program]:
    found = [read_program(row) for row in release.release.query("programs").to_dict("records")]
    return sorted(found, key=lambda program: (program.is_simulated, program.id != FIRST_PROGRAM))
