"""A data value is text wherever it goes."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import pytest
import typst as typst_compiler
from hypothesis import given, settings
from hypothesis import strategies as st

from presentation.escape import cell, file_name, html, markdown, plain, typst

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![a](https://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "[click]: https://evil.example",
    "**bold** _it_ ~~s~~ `code` $x^2$ :red[a] :material/home: # head",
    "| a | b |\n|---|---|",
    "https://evil.example/x www.evil.example mail@evil.example",
    "&lt;b&gt; &#60;script&#62;",
    '#eval("1") #read("/etc/passwd") $x$ @ref <label> \\u{41}',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "＝1+1",
    "line\none\r\n\u2028two",
    "a\u202eb\u200bc\x00d\x1b[31m",
    "x" * 10_000,
    "Ward 6 – Ventura Village, 24th St.",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_plain_text_is_one_line_without_control_characters(value):
    text = plain(value)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u200b]", text)
    assert len(text) <= 2000


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=80)))
def test_html_shows_the_text_and_no_element(value):
    parser = _Tags()
    parser.feed(f"<p>{html(value)}</p>")
    parser.close()
    assert parser.tags == ["p"]
    assert parser.text == plain(value)


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=80)))
def test_a_quoted_attribute_cannot_be_left(value):
    parser = _Tags()
    parser.feed(f'<p title="{html(value)}">')
    assert parser.tags == ["p"]


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)))
@settings(max_examples=60, deadline=None)
def test_markdown_shows_the_text_and_no_markup(value):
    """Rendered by markdown-it with everything switched on that Streamlit has: the text comes out as it went in."""
    from markdown_it import MarkdownIt

    renderer = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
    tokens = renderer.parse(markdown(value))
    inline = [child for token in tokens if token.children for child in token.children]
    assert {token.type for token in inline} <= {"text", "text_special"}
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    shown = "".join(token.content for token in inline)
    assert shown.replace("\u2060", "") == plain(value)


@pytest.mark.parametrize("value", HOSTILE)
def test_typst_sets_the_text_and_runs_nothing(value):
    """Compiled by Typst: a query finds one text, equal to the value, and nothing else."""
    import json

    source = f"#metadata(repr([{typst(value)}])) <shown>".encode()
    found = json.loads(typst_compiler.query(source, "<shown>", field="value", one=True))
    assert "equation" not in found and "link" not in found and "raw" not in found
    assert all(word in found for word in re.findall(r"[A-Za-z]{2,}", plain(value)[:500]))


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40)))
def test_no_text_cell_begins_like_a_formula(value):
    safe = cell(value)
    assert not re.match(r"\s*[=+\-@|%＝＋－＠]", safe) or re.fullmatch(
        r"[+-]?\d+(?:[.,]\d+)*%?", safe.strip()
    )
    read_back = next(csv.reader(io.StringIO(_as_csv(safe))))
    assert read_back == [safe]


def _as_csv(value: str) -> str:
    target = io.StringIO()
    csv.writer(target).writerow([value])
    return target.getvalue()


@pytest.mark.parametrize("value", [-14.2, 0, None, True, "-14", "-14.2%", "+5", "1,234"])
def test_numbers_stay_numbers(value):
    assert cell(value) == value


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200)))
def test_a_file_name_is_a_file_name(value):
    name = file_name(value)
    assert re.fullmatch(r"[A-Za-z0-9_][\w.-]*", name, re.ASCII) or name == "file"
    assert len(name) <= 100 and "/" not in name and not name.startswith(".")
