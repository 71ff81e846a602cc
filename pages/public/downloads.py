"""Downloads: every table with its meaning, part of a table, code to read it, checksums, citation, releases."""

from urllib.parse import urlsplit

import streamlit as st

from api import catalog
from etl import warehouse
from etl.dictionary import load_dictionary
from pages.parts import reading
from pages.parts.choice import choose
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view
from presentation import downloads
from presentation.language import say

release = reading.open_release()
parts = urlsplit(st.context.url or "http://localhost:8501")
base = f"{parts.scheme}://{parts.netloc}"
here = f"{base}{catalog.ROOT}/releases/{release.id}"
tables = reading.kept(
    release,
    ("download_tables",),
    lambda: {table["name"]: table for table in catalog.table_details(release)},
)


def write_tables(page: Content) -> None:
    """All tables in one list."""
    page.fold(
        say("downloads.all", count=len(tables)), Content().table(downloads.overview(list(tables.values())))
    )


def table_box(name: str) -> Content:
    """What a table holds, and its files."""
    table = tables[name]
    inner = Content().heading(name).text(table["description"]).small(downloads.facts_of(table))
    inner.text(downloads.file_links(table, base))
    inner.fold(
        say("downloads.columns", count=len(table["columns"])), Content().table(downloads.columns_of(table))
    )
    inner.fold(say("downloads.checksums"), Content().code(downloads.checksums(table)))
    return inner


def write_part(page: Content) -> None:
    """Addresses and code for a table or part of it."""
    table = tables[name]
    page.text(downloads.part_sentence(chosen))
    for form in table["files"]:
        page.code(downloads.address_of(table, base, form, chosen))
    page.tabs(
        {
            language: Content().code(downloads.snippet(language, table, base, chosen), colors)
            for language, colors in downloads.SNIPPETS.items()
        }
    )


def write_release(page: Content) -> None:
    """The whole release, the interface, how to cite."""
    page.section(say("downloads.package_title"), "package").text(say("downloads.package"))
    page.code(say("downloads.package_command", release=release.id), "bash")
    page.text(say("downloads.interface", here=here, openapi=f"{base}{catalog.ROOT}/openapi.json"))
    page.section(say("downloads.cite_title"), "cite")
    page.code(catalog.release_record(release)["citation"])
    page.code(downloads.bibtex(release.meta, here), "bibtex")


def write_changes(page: Content) -> None:
    """What differs from another release."""
    changes = catalog.changes_record(release, before)
    page.text(downloads.changes_sentence(changes)).table(downloads.changed_tables(changes))


st.title(
    reading.kept(release, ("download_title",), lambda: downloads.title(list(tables.values()), release.id)),
    anchor=False,
)
st.write(say("downloads.intro"))

st.header(say("downloads.tables_title"), anchor="tables")
chosen_tables = st.multiselect(
    say("downloads.choose"),
    list(tables),
    default=[name for name in downloads.FIRST_TABLES if name in tables],
    key="tables",
    bind="query-params",
)
content(release, ("download_list",), write_tables).show(release)
for name in chosen_tables:
    content(release, ("download_table", base, name), lambda page, name=name: page.box(table_box(name))).show(
        release
    )

st.header(say("downloads.code_title"), anchor="code")
name = choose("table", say("downloads.table"), list(tables))
filters = reading.kept(
    release,
    ("download_filters", name),
    lambda: downloads.filters_of(
        tables[name],
        {column.name: list(column.allowed) for column in load_dictionary()[name].columns if column.allowed},
        list(reading.read(release, "cities")["city"]),
    ),
)
chosen = {}
if filters:
    for (column, values), place in zip(filters.items(), st.columns(len(filters)), strict=True):
        with place:
            value = choose(column, column, [downloads.ALL, *values])
        if value != downloads.ALL:
            chosen[column] = value
content(release, ("download_part", base, name, *sorted(chosen.items())), write_part).show(release)
content(release, ("download_release", base), write_release).show(release)

st.header(say("downloads.changes_title"), anchor="changes")
others = [item.id for item in warehouse.releases() if item.id != release.id]
before = reading.open_if_readable(choose("before", say("downloads.before"), others)) if others else None
if before is None:
    st.write(say("downloads.changes.none"))
else:
    content(release, ("download_changes", before.path), write_changes).show(release)

link_to_view(release, table=name, **chosen)
footer(release)
