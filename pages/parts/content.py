"""What a page shows under its boxes: made once for a release and a choice, then only shown.

    def write(page: Content) -> None: ...
    content(release, ("claims", verdict), write).show(release)

Sentences, charts and tables of a release never change, so a rerun has nothing to work out. Words that follow each
other become one element: each element costs the server and the wire about as much as a page of text.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Self

import pandas as pd
import streamlit as st

from etl.warehouse import Release
from pages.parts import figure
from pages.parts.reading import kept
from pages.parts.text import bullets, headed, small, with_dollars
from presentation import tables
from presentation.charts.description import ChartDescription


class Content:
    """Parts of a page in order. Shared between visitors: never changed once it is finished."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._parts: list[Callable[[Release], object]] = []

    def title(self, title: str) -> Self:
        """The title of the page: what it says in one sentence."""
        plain = with_dollars(title)
        return self.part(lambda _: st.title(plain, anchor=False))

    def section(self, title: str, anchor: str) -> Self:
        """A heading of the second level that a link can name."""
        return self.part(lambda _: st.header(title, anchor=anchor))

    def heading(self, title: str) -> Self:
        """A heading of the third level, under the title of the page (first) and its sections (second)."""
        return self.text(headed(title))

    def text(self, *paragraphs: str) -> Self:
        """Markdown paragraphs; empty ones are left out."""
        self._words += [paragraph for paragraph in paragraphs if paragraph]
        return self

    def small(self, text: str) -> Self:
        """Small print."""
        return self.text(small(text))

    def bullets(self, lines: Iterable[str]) -> Self:
        """A list with a dot for each line."""
        return self.text(bullets(lines))

    def chart(self, chart: ChartDescription | None) -> Self:
        """A Plotly chart with all that stands under it; nothing for None."""
        return self if chart is None else self.part(lambda release: figure.show(chart, release))

    def table(self, rows: pd.DataFrame | Sequence[dict[str, Any]]) -> Self:
        """A short table, shown whole, its columns named for people; nothing without rows."""
        frame = rows if isinstance(rows, pd.DataFrame) else tables.frame_of(rows)
        if frame.empty:
            return self
        shown = figure.for_browser(tables.labelled(frame))
        return self.part(lambda _: st.table(shown, hide_index=True))

    def rows(
        self,
        frame: pd.DataFrame,
        name: str,
        shown: pd.DataFrame | None = None,
        links: Sequence[str] = (),
        height: int | None = None,
    ) -> Self:
        """A long table that scrolls within itself, and its file.

        `shown` is how people read it, if not as the file has it; `links` are those of its columns that hold
        addresses; `height` is in pixels.
        """
        table = figure.for_browser(
            tables.labelled((frame if shown is None else shown).head(figure.MOST_ROWS))
        )
        return self.part(lambda release: figure.table_and_file(frame, table, name, release, links, height))

    def folded_rows(self, label: str, frame: pd.DataFrame, name: str) -> Self:
        """The same under a fold, made when it is opened: what scrolls a table weighs 200 KB on a first visit."""
        table = figure.for_browser(tables.labelled(frame.head(figure.MOST_ROWS)))

        def show(release: Release) -> None:
            inside = st.expander(label, key=f"open_{name}", on_change="rerun")
            if inside.open:
                with inside:
                    figure.table_and_file(frame, table, name, release)

        return self.part(show)

    def file(self, frame: pd.DataFrame, name: str) -> Self:
        """A button for a file with all rows."""
        return self.part(lambda release: figure.download_csv(frame, name, release))

    def beside(self, *columns: str) -> Self:
        """Markdown texts side by side."""

        def show(_: Release) -> None:
            for column, text in zip(st.columns(len(columns), gap="large"), columns, strict=True):
                column.markdown(with_dollars(text))

        return self.part(show)

    def html(self, text: str) -> Self:
        """HTML whose values are escaped (`presentation.escape.html`): many framed texts at the price of one."""
        return self.part(lambda _: st.html(text))

    def note(self, text: str) -> Self:
        """A box that says what is missing."""
        return self.part(lambda _: st.info(text))

    def code(self, text: str, language: str | None = None) -> Self:
        """Text to copy: a command, a citation, a program."""
        return self.part(lambda _: st.code(text, language=language, wrap_lines=True))

    def box(self, inner: Content) -> Self:
        """Parts in a frame."""
        inner.finish()

        def show(release: Release) -> None:
            with st.container(border=True):
                inner.show(release)

        return self.part(show)

    def fold(self, label: str, inner: Content) -> Self:
        """Parts under a fold."""
        inner.finish()

        def show(release: Release) -> None:
            with st.expander(label):
                inner.show(release)

        return self.part(show)

    def tabs(self, inner: dict[str, Content]) -> Self:
        """Parts behind tabs, by the words on them."""
        for each in inner.values():
            each.finish()

        def show(release: Release) -> None:
            for tab, each in zip(st.tabs(list(inner)), inner.values(), strict=True):
                with tab:
                    each.show(release)

        return self.part(show)

    def part(self, show: Callable[[Release], object]) -> Self:
        """Anything else, shown by a function that works nothing out.

        The function is kept: one of a module, since one of a page's script would keep all that the script held.
        """
        self.finish()
        self._parts.append(show)
        return self

    def show(self, release: Release) -> None:
        """Show all parts in order, where the script is now."""
        for show in self._parts:
            show(release)

    def finish(self) -> None:
        """The words so far become one element."""
        if self._words:
            words = with_dollars("\n\n".join(self._words))
            self._words = []
            self._parts.append(lambda _: st.markdown(words, anchors=False))


def content(release: Release, key: tuple[Hashable, ...], write: Callable[[Content], object]) -> Content:
    """What `write` puts on a page for this release and `key`, made once for all visitors.

    `key` begins with the name of the page and names everything else that `write` depends on.
    """

    def make() -> Content:
        page = Content()
        write(page)
        page.finish()
        return page

    return kept(release, ("content", *key), make)
