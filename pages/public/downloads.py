"""Downloads: every table with its meaning, part of a table, code to read it, checksums, citation, releases."""

from urllib.parse import urlsplit

import streamlit as st

from api import catalog
from etl import warehouse
from etl.dictionary import load_dictionary
from pages.parts import reading
from pages.parts.choice import choose
from pages.parts.frame import footer, link_to_view
from presentation import downloads
from presentation.language import say

release = reading.open_release()
parts = urlsplit(st.context.url or "http://localhost:8501")
base = f"{parts.scheme}://{parts.netloc}"
here = f"{base}{catalog.ROOT}/releases/{release.id}"
tables = {table["name"]: table for table in catalog.table_details(release)}

st.title(downloads.title(list(tables.values()), release.id), anchor=False)
st.write(say("downloads.intro"))

st.header(say("downloads.tables_title"), anchor="tables")
chosen_tables = st.multiselect(
    say("downloads.choose"),
    list(tables),
    default=[name for name in downloads.FIRST_TABLES if name in tables],
    key="tables",
    bind="query-params",
)
with st.expander(say("downloads.all", count=len(tables))):
    st.table(downloads.overview(list(tables.values())), hide_index=True)
for name in chosen_tables:
    table = tables[name]
    with st.container(border=True):
        st.subheader(name, anchor=False)
        st.write(table["description"])
        st.caption(downloads.facts_of(table))
        st.markdown(downloads.file_links(table, base))
        with st.expander(say("downloads.columns", count=len(table["columns"]))):
            st.table(downloads.columns_of(table), hide_index=True)
        with st.expander(say("downloads.checksums")):
            st.code(downloads.checksums(table), language=None, wrap_lines=True)

st.header(say("downloads.code_title"), anchor="code")
name = choose("table", say("downloads.table"), list(tables))
table = tables[name]
closed = {column.name: list(column.allowed) for column in load_dictionary()[name].columns if column.allowed}
if "city" in table["filters"]:
    closed = {"city": list(reading.read(release, "cities")["city"])} | closed
chosen = {}
filters = [column for column in closed if column in table["filters"]]
if filters:
    for column, place in zip(filters, st.columns(len(filters)), strict=True):
        with place:
            value = choose(column, column, [downloads.ALL, *closed[column]])
        if value != downloads.ALL:
            chosen[column] = value
st.write(downloads.part_sentence(chosen))
for form in table["files"]:
    st.code(downloads.address_of(table, base, form, chosen), language=None, wrap_lines=True)
for language, tab in zip(downloads.SNIPPETS, st.tabs(list(downloads.SNIPPETS)), strict=True):
    code = downloads.snippet(language, table, base, chosen)
    tab.code(code, language=downloads.SNIPPETS[language], wrap_lines=True)

st.header(say("downloads.package_title"), anchor="package")
st.write(say("downloads.package"))
st.code(say("downloads.package_command", release=release.id), language="bash", wrap_lines=True)
st.markdown(say("downloads.interface", here=here, openapi=f"{base}{catalog.ROOT}/openapi.json"))

st.header(say("downloads.cite_title"), anchor="cite")
st.code(catalog.release_record(release)["citation"], language=None, wrap_lines=True)
st.code(downloads.bibtex(release.meta, here), language="bibtex", wrap_lines=True)

st.header(say("downloads.changes_title"), anchor="changes")
others = [item.id for item in warehouse.releases() if item.id != release.id]
before = reading.open_if_readable(choose("before", say("downloads.before"), others)) if others else None
if before is None:
    st.write(say("downloads.changes.none"))
else:
    changes = catalog.changes_record(release, before)
    st.write(downloads.changes_sentence(changes))
    rows = downloads.changed_tables(changes)
    if rows:
        st.table(rows, hide_index=True)

link_to_view(release, table=name, **chosen)
footer(release)
