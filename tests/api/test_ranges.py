"""Byte ranges as RFC 9110 has them, section 14."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ranges import RangeNotSatisfiable, byte_range
from tests.api.conftest import TABLES, Served

PARQUET = f"{TABLES}/out_monthly.parquet"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-499", (0, 499)),
        ("bytes=500-999", (500, 999)),
        ("bytes=-500", (9500, 9999)),
        ("bytes=9500-", (9500, 9999)),
        ("bytes=0-0", (0, 0)),
        ("bytes=-1", (9999, 9999)),
        ("bytes=9500-20000", (9500, 9999)),
        ("bytes=-20000", (0, 9999)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-4", None),
        ("items=0-4", None),
        ("bytes=0-4, 10-14", None),
    ],
)
def test_examples_of_the_standard_for_ten_thousand_bytes(
    header: str, expected: tuple[int, int] | None
) -> None:
    assert byte_range(header, 10_000) == expected


@pytest.mark.parametrize("header", ["bytes=10000-", "bytes=10000-10001", "bytes=-0"])
def test_a_range_beyond_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        byte_range(header, 10_000)


@given(st.text(max_size=40), st.integers(0, 10**6))
def test_no_header_gives_a_range_outside_the_file(header: str, length: int) -> None:
    try:
        part = byte_range("bytes=" + header, length)
    except RangeNotSatisfiable:
        return
    if part is not None:
        assert 0 <= part[0] <= part[1] < length


def test_pieces_put_together_are_the_file(served: Served) -> None:
    whole = served.get(PARQUET).content
    pieces, at = [], 0
    while at < len(whole):
        answer = served.get(PARQUET, headers={"range": f"bytes={at}-{at + 999}"})
        assert answer.status_code == 206
        last = min(at + 999, len(whole) - 1)
        assert answer.headers["content-range"] == f"bytes {at}-{last}/{len(whole)}"
        pieces.append(answer.content)
        at += 1000
    assert b"".join(pieces) == whole


def test_a_head_gives_the_length_and_no_body(served: Served) -> None:
    head = httpx.head(served.url + PARQUET)
    assert head.headers["accept-ranges"] == "bytes"
    assert int(head.headers["content-length"]) == len(served.get(PARQUET).content)
    assert head.content == b""


def test_a_range_past_the_end_says_how_long_the_file_is(served: Served) -> None:
    length = len(served.get(PARQUET).content)
    answer = served.get(PARQUET, headers={"range": f"bytes={length}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{length}"


def test_a_range_of_a_file_that_changed_gives_the_whole_new_file(served: Served) -> None:
    tag = served.get(PARQUET).headers["etag"]
    same = served.get(PARQUET, headers={"range": "bytes=0-3", "if-range": tag})
    other = served.get(PARQUET, headers={"range": "bytes=0-3", "if-range": '"older"'})
    assert (same.status_code, same.content) == (206, b"PAR1")
    assert other.status_code == 200


def test_ranges_are_of_the_plain_file_even_for_clients_that_take_gzip(served: Served) -> None:
    csv = f"{TABLES}/out_monthly.csv"
    answer = served.get(csv, headers={"range": "bytes=0-5", "accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.content == b'"city"'


def test_a_csv_comes_compressed_to_clients_that_take_it_and_is_the_same(served: Served) -> None:
    csv = f"{TABLES}/out_monthly.csv"
    plain = served.get(csv, headers={"accept-encoding": "identity"})
    packed = served.get(csv, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 5
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    again = served.get(csv, headers={"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
