"""Choices that live in the link, by their ids (`?unit=victims`), checked on the server.

Streamlit can bind a select box to the link by itself, but it writes the words of the screen into the address
(`?unit=Victims`), so that a link breaks with the language or a new wording, and it forgets a choice that a link
named by its id. Here the link holds ids; old links with words still open.

Within a session the link says what is chosen on the first run of a page and after back and forward; the boxes
say it in all other runs, and the link follows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from presentation import words
from presentation.escape import markdown
from presentation.language import say
from presentation.program import Program
from presentation.results import distinct

# What stays chosen when a visitor goes to another page by the menu, whose links carry nothing.
KEPT = ("release", "program", "outcome", "unit", "phase")
_PAGE, _CHOSEN, _FILLED, _FROM_LINK, _LINK, _SCRIPT = (
    "_page",
    "_chosen",
    "_filled",
    "_from_link",
    "_link",
    "_script",
)


def carry_over() -> None:
    """Called once a run, before the menu is made: a page opened by the menu gets what stays chosen into its address
    at once, if the address before held nothing else.

    Otherwise `leave` puts it there, and Back needs one more press: Streamlit 1.67 adds an address to the history
    whenever a script changes it, on purpose (streamlit/streamlit pull request 16831), and its menu cannot carry
    choices. Only an address that does not change while the page before is still in the bar adds none.
    """
    context = get_script_run_ctx()
    state = st.session_state
    link: dict[str, str] = state.get(_LINK, {})
    if context is None or context.is_history_navigation:
        return
    is_new = state.get(_SCRIPT, context.page_script_hash) != context.page_script_hash
    state[_SCRIPT] = context.page_script_hash
    if is_new and link and set(link) <= set(KEPT) and not len(st.query_params):
        st.query_params.update(link)


def arrive(page: str) -> None:
    """Called once a run, before the page: whether the link or the boxes say what is chosen.

    A page opened by the menu takes over what stays chosen.
    """
    context = get_script_run_ctx()
    is_back_or_forward = context is not None and context.is_history_navigation
    state = st.session_state
    is_new = state.get(_PAGE) != page
    link = {key: st.query_params[key] for key in st.query_params}
    filled: dict[str, dict[str, str]] = state.setdefault(_FILLED, {})
    if is_new:
        for key in state.get(_CHOSEN, ()):
            state.pop(key, None)
        state[_CHOSEN] = set()
        if _PAGE in state and not is_back_or_forward:
            filled[page] = {key: value for key, value in state[_LINK].items() if key in KEPT}
    # The menu leaves an address without choices in the history: going back to it shows what it showed.
    is_bare = not any(key in link for key in KEPT)
    if (is_new and not is_back_or_forward) or (is_back_or_forward and is_bare):
        link = filled.get(page, {}) | link
    state[_LINK] = link
    state[_PAGE] = page
    state[_FROM_LINK] = is_new or is_back_or_forward


def leave() -> None:
    """Called once a run, after the page: the address bar gets what was chosen.

    Not earlier: until the page has begun, the browser still has the address of the page before.
    """
    link: dict[str, str] = st.session_state.get(_LINK, {})
    managed = {*KEPT, *st.session_state.get(_CHOSEN, ())}
    changed = {key: link[key] for key in managed if key in link and st.query_params.get(key) != link[key]}
    if changed:
        st.query_params.update(changed)
    for key in managed:
        if key not in link and key in st.query_params:
            del st.query_params[key]


def asked_for(key: str) -> str | None:
    """What the link asks for under `key`, as it came: never trust it, never show it as markup."""
    link = st.session_state.get(_LINK)
    return st.query_params.get(key) if link is None else link.get(key)


def choose(
    key: str,
    label: str,
    options: Sequence[str],
    words: Callable[[str], str] = str,
    default: str | None = None,
    help: str | None = None,
) -> str:
    """A select box whose choice is in the link under `key`; returns the id chosen."""
    first = default if default is not None and default in options else options[0]
    state = st.session_state
    asked = asked_for(key)
    meant = _meant(asked, options, words)
    is_from_link = state.get(_FROM_LINK, True)
    if key not in state or state[key] not in options or is_from_link:
        state[key] = meant or first
    is_unknown = asked is not None and meant is None
    is_kept = asked == state.get(_FILLED, {}).get(state.get(_PAGE), {}).get(key)
    if is_unknown and is_from_link and not is_kept:
        _note_unknown(label, str(asked), words(first))
        is_unknown = False  # stays in the link as long as the note stands
    value = st.selectbox(label, options, format_func=words, key=key, help=help)
    if is_unknown or (meant or first) != value:
        _put(key, value, value == first)
    state.setdefault(_CHOSEN, set()).add(key)
    return value


def _meant(asked: str | None, options: Sequence[str], words: Callable[[str], str]) -> str | None:
    """The option that a link names by its id or by its words; None where it names none."""
    if asked is None or asked in options:
        return asked
    return next((option for option in options if words(option) == asked), None)


def _put(key: str, value: str, is_first: bool) -> None:
    state = st.session_state
    link = state.setdefault(_LINK, {})
    if is_first and not state.get(_FILLED, {}).get(state.get(_PAGE)):
        link.pop(key, None)  # what is chosen anyway needs no place in the link
    else:
        link[key] = value


def _note_unknown(label: str, asked: str, shown: str) -> None:
    st.info(
        say("link.unknown_choice", label=label, asked=markdown(asked[:60]), shown=shown),
        icon=":material/info:",
    )


def choose_outcome(outcomes: Iterable[str]) -> str:
    """What is counted, in the order given."""
    return choose("outcome", say("choice.outcome"), distinct(outcomes), words.outcome_name)


def gunshot_first(outcomes: Iterable[str]) -> list[str]:
    """Outcomes by name, but first what the programs are for."""
    return sorted(outcomes, key=lambda code: (code != "gunshot", code))


def choose_unit(units: Iterable[str]) -> str:
    """Incidents or victims, in the order given."""
    return choose("unit", say("choice.unit"), distinct(units), lambda code: words.word("unit", code))


def choose_program(programs: Sequence[Program]) -> Program:
    """The program that the page is about; it stays chosen on the other pages."""
    names = {program.id: program.name for program in programs}
    chosen = choose("program", say("choice.program"), list(names), lambda id: names[id])
    return next(program for program in programs if program.id == chosen)
