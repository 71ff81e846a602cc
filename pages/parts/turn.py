"""Visitors take turns: the scripts of one process run one after another.

Python runs one of them at a time whatever is done. Side by side they would only share that time, so that all of a
crowd wait until the last one is through, and each message to a browser waits for all of them: with 200 people on one
page, 19 of 20 clicks then take up to 2 s; in turns, a third of that (`python -m benchmarks.load --page results`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

# A page takes 10 to 30 ms, and under a second when it is made for the first time. Nobody waits longer for one that
# hangs, on a disk that does not answer for example.
LONGEST_WAIT = 2.0


class Turns:
    """One turn at a time, in the order of asking; `longest_wait` seconds at most."""

    def __init__(self, longest_wait: float) -> None:
        self._longest_wait = longest_wait
        self._free = threading.Semaphore()
        self._own = threading.local()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and keep it until the block ends. Who waited too long goes ahead without one."""
        self._take()
        try:
            yield
        finally:
            self._give_back()

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Let others go on during the block, which takes seconds; then wait for the next turn."""
        had = self._give_back()
        try:
            yield
        finally:
            if had:
                self._take()

    def _take(self) -> None:
        self._own.turn = self._free.acquire(timeout=self._longest_wait)

    def _give_back(self) -> bool:
        """Whether there was a turn to give back."""
        had: bool = getattr(self._own, "turn", False)
        self._own.turn = False
        if had:
            self._free.release()
        return had


_turns = Turns(LONGEST_WAIT)
taken, set_aside = _turns.taken, _turns.set_aside


@contextmanager
def long_work(words: str) -> Iterator[None]:
    """What takes seconds: the visitor sees what is going on, the others go on."""
    with st.spinner(words), set_aside():
        yield
