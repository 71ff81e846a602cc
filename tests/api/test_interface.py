"""The interface over HTTP: what is there, what it says of itself, what it refuses."""

from __future__ import annotations

import hashlib
import io

import httpx
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.api.conftest import CITY, NEW, OLD, TABLES, Served
from tests.fixture.release import PROGRAM, monthly_counts

ONE = f"/api/v1/releases/{NEW}"


def test_the_index_leads_to_everything(served: Served) -> None:
    index = served.get("/api/v1").json()
    assert served.get(index["releases"]).json()["latest"] == NEW
    assert served.get(index["openapi"]).json()["openapi"].startswith("3.1")
    release = served.get(index["latest"], follow_redirects=True).json()
    assert release["release"] == NEW
    for link in release["links"].values():
        assert served.get(link).status_code == 200, link


def test_releases_are_listed_newest_first_and_old_ones_stay(served: Served) -> None:
    listed = served.get("/api/v1/releases").json()["releases"]
    assert [item["release"] for item in listed] == [NEW, OLD]
    assert served.get(f"/api/v1/releases/{OLD}/tables/out_monthly.csv").status_code == 200


def test_latest_redirects_so_that_one_file_never_mixes_two_releases(served: Served) -> None:
    answer = served.get("/api/v1/releases/latest/tables/out_monthly.parquet?geography=city")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{TABLES}/out_monthly.parquet?geography=city"
    assert answer.headers["cache-control"] == "no-cache"


def test_a_table_holds_the_planted_counts_in_both_formats(served: Served) -> None:
    planted = monthly_counts()
    parquet = pd.read_parquet(io.BytesIO(served.get(f"{TABLES}/out_monthly.parquet").content))
    text = pd.read_csv(io.BytesIO(served.get(f"{TABLES}/out_monthly.csv").content))
    for frame in (parquet, text):
        areas = frame[frame["geography"] == "neighborhood"]
        assert len(areas) == len(planted)
        assert areas["count"].sum() == planted["count"].sum()


def test_listed_size_and_checksum_are_those_of_the_download(served: Served) -> None:
    for table in served.get(TABLES).json()["tables"]:
        for file in table["files"].values():
            content = served.get(file["href"]).content
            assert len(content) == file["bytes"]
            assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_a_part_says_so_in_its_name_and_inside(served: Served) -> None:
    answer = served.get(f"{TABLES}/out_monthly.parquet", params={"geography": "city", "city": CITY})
    name = f"out_monthly_{NEW}_city-simulated-city_geography-city.parquet"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    schema = pq.read_schema(io.BytesIO(answer.content))
    assert b'"filters":{"city":"simulated-city","geography":"city"}' in schema.metadata[b"provenance"]
    assert b"PART of the table" in schema.metadata[b"provenance"]
    frame = pd.read_parquet(io.BytesIO(answer.content))
    assert set(frame["geography"]) == {"city"}
    assert len(frame) == 72


def test_the_whole_table_says_it_is_whole(served: Served) -> None:
    answer = served.get(f"{TABLES}/out_monthly.parquet")
    assert answer.headers["content-disposition"] == f'attachment; filename="out_monthly_{NEW}.parquet"'
    assert b'"part":"whole table"' in pq.read_schema(io.BytesIO(answer.content)).metadata[b"provenance"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("neighbourhood=Alder", "unknown_filter"),
        ("count=3", "unknown_filter"),
        ("city=a&city=b", "repeated_filter"),
        ("city=%ff%fe", "bad_query"),
        ("result_json=x", "unknown_filter"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused_and_never_ignored(
    served: Served, query: str, code: str
) -> None:
    answer = served.get(f"{TABLES}/out_monthly.csv?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == code


@pytest.mark.parametrize("value", ["' OR 1=1 --", "../../../etc/passwd", "Ω", "a" * 500, ""])
def test_a_value_that_no_row_has_gives_an_empty_part_with_a_safe_name(served: Served, value: str) -> None:
    answer = served.get(f"{TABLES}/out_monthly.csv", params={"area": value})
    assert answer.status_code == 200
    assert answer.text.count("\n") == 1
    name = answer.headers["content-disposition"]
    assert all(letter.isalnum() or letter in '_.-"; =' for letter in name)


def test_estimates_carry_their_sentence_and_provenance(served: Served) -> None:
    answer = served.get(
        f"{ONE}/estimates", params={"program": PROGRAM, "design": "pooled", "role": "headline"}
    ).json()
    assert answer["release"] == NEW
    assert answer["citation"].startswith("Outreach evaluation")
    (estimate,) = answer["estimates"]
    assert estimate["analysis"] == "incidents_waves"
    assert 0 < estimate["lower_95"] < estimate["rate_ratio"] < estimate["upper_95"]
    assert "than expected" in estimate["sentence"] or "cannot" in estimate["sentence"].lower()
    detail = served.get(estimate["href"]).json()
    assert detail["result"]["card"]["areas"] == ["Alder", "Birch", "Cedar"]
    assert detail["sentence"] == estimate["sentence"]


def test_the_dictionary_is_that_of_the_exported_tables(served: Served) -> None:
    tables = served.get(f"{ONE}/dictionary").json()["tables"]
    meanings = {column["name"]: column["meaning"] for column in tables["out_monthly"]["columns"]}
    assert meanings["month"] == "First day of the calendar month, local clock"


def test_two_releases_are_compared(served: Served) -> None:
    changes = served.get(f"{ONE}/changes").json()
    assert changes["before"] == OLD
    monthly = next(item for item in changes["tables"] if item["table"] == "out_monthly")
    # One count of one neighborhood was one higher, and with it the city's.
    assert (monthly["changed"], monthly["added"], monthly["removed"]) == (2, 0, 0)
    assert monthly["changed_columns"] == {"count": 2}
    assert served.get(f"/api/v1/releases/{OLD}/changes").json()["before"] is None
    assert served.get(f"{ONE}/changes", params={"from": NEW}).json()["tables"][0]["changed"] == 0


def test_checksums_are_for_sha256sum_under_the_names_of_the_downloads(served: Served) -> None:
    lines = dict(reversed(line.split("  ")) for line in served.get(f"{ONE}/SHA256SUMS").text.splitlines())
    content = served.get(f"{TABLES}/out_estimate.parquet").content
    assert lines[f"out_estimate_{NEW}.parquet"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/releases/2020.1.0",
        "/api/v1/releases/%2e%2e/%2e%2e/etc",
        f"{TABLES}/core_secret.csv",
        f"{TABLES}/out_monthly.exe",
        f"{TABLES}/%2e%2e%2fmeta_release.csv",
        f"{ONE}/estimates/none/such",
        "/api/v1/nothing",
        "/api/v1/releases/" + "9" * 200,
    ],
)
def test_what_is_not_there_is_answered_in_one_line_of_json(served: Served, path: str) -> None:
    answer = served.get(path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "message"}
    assert "\n" not in answer.json()["message"]
    assert str(served.home) not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(served: Served, method: str) -> None:
    answer = httpx.request(method, f"{served.url}{TABLES}/out_monthly.csv", content=b"x")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_query_without_end_is_refused(served: Served) -> None:
    assert served.get(f"{TABLES}/out_monthly.csv?city=" + "x" * 3000).status_code == 414


def test_answers_about_a_release_may_be_kept_for_good_and_are_confirmed_by_tag(served: Served) -> None:
    for path in (f"{ONE}/estimates", f"{TABLES}/out_monthly.parquet", f"{TABLES}/out_monthly.csv"):
        first = served.get(path)
        assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = served.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        other = served.get(path, headers={"if-none-match": '"something-else"'})
        assert other.status_code == 200


def test_what_may_change_is_asked_for_again(served: Served) -> None:
    assert served.get("/api/v1/releases").headers["cache-control"] == "no-cache"


def test_json_is_compressed_for_clients_that_take_it_under_a_tag_of_its_own(served: Served) -> None:
    plain = served.get(f"{ONE}/dictionary", headers={"accept-encoding": "identity"})
    packed = served.get(f"{ONE}/dictionary", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.json() == plain.json()


def test_a_page_of_another_origin_may_read(served: Served) -> None:
    preflight = httpx.options(
        f"{served.url}{TABLES}/out_monthly.parquet",
        headers={"origin": "https://example.org", "access-control-request-headers": "range"},
    )
    assert preflight.status_code == 204
    assert "range" in preflight.headers["access-control-allow-headers"]
    answer = served.get(f"{TABLES}/out_monthly.parquet", headers={"range": "bytes=0-3"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "content-range" in answer.headers["access-control-expose-headers"]
