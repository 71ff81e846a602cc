"""Choices that live in the link, checked on the server.

A link may name a choice by its id (`?unit=victims`, as the links of this site do) or by the words on the
screen (as the address bar does after a click). Anything else gives a note and the default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from presentation.escape import markdown
from presentation.language import say
from presentation.program import Program


def choose(
    key: str,
    label: str,
    options: Sequence[str],
    words: Callable[[str], str] = str,
    default: str | None = None,
    help: str | None = None,
) -> str:
    """A select box whose choice is in the link under `key`; returns the id chosen."""
    index = options.index(default) if default in options else 0
    asked = st.query_params.get(key)
    if asked is not None and key not in st.session_state and asked not in [words(item) for item in options]:
        if asked in options:
            st.session_state[key] = asked
        else:
            _note_unknown(label, asked, words(options[index]))
    return st.selectbox(
        label, options, index=index, format_func=words, key=key, bind="query-params", help=help
    )


def _note_unknown(label: str, asked: str, shown: str) -> None:
    st.info(
        say("link.unknown_choice", label=label, asked=markdown(asked[:60]), shown=shown),
        icon=":material/info:",
    )


def choose_program(programs: Sequence[Program]) -> Program:
    """The program that the page is about; the same choice on every page."""
    names = {program.id: program.name for program in programs}
    chosen = choose("program", say("choice.program"), list(names), lambda id: names[id])
    return next(program for program in programs if program.id == chosen)
