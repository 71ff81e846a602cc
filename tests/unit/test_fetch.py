"""Live fetch against a portal that misbehaves: pages, errors dressed as success, limits, cut answers, resume."""

from __future__ import annotations

import csv
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
import pytest

from etl.__main__ import main
from etl.fetch.client import ATTEMPTS, Client, FetchError
from etl.fetch.run import fetch_city, fetch_layer
from etl.publish.build import Options, build
from etl.settings import load_sources
from etl.source_settings import FetchLayer
from tests.data.conftest import few_sources

ROWS = 53
PAGE = 10
EVENING = 1_591_131_600_000  # 2020-06-02 21:00:00 on the clock that the layer labels UTC


@dataclass
class Portal:
    """What the server holds and how it behaves: a list of faults, each used once, first come first served."""

    rows: int = ROWS
    most_a_page: int = PAGE
    faults: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    claimed: int | None = None
    wait: threading.Event = field(default_factory=threading.Event)

    def row(self, number: int) -> dict[str, Any]:
        return {
            "OBJECTID": number,
            "Case_Number": f"LK-{number:04d}",
            "Occurred_Date": EVENING,
            "Reported_Date": EVENING,
            "Offense": "Robbery",
            "Crime_Count": 1,
            "Neighborhood": "Phillips West",
            "Ward": 6,
            "Precinct": 3,
        }


@pytest.fixture
def portal() -> Iterator[tuple[Portal, str]]:
    held = Portal()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            place = urlparse(self.path)
            asked = {name: values[0] for name, values in parse_qs(place.query).items()}
            held.asked.append(asked)
            fault = held.faults.pop(0) if held.faults else ""
            if fault == "hang up":
                self.connection.close()
                return
            if fault == "silence":
                held.wait.wait(5)
                return
            if fault in ("503", "429", "429 until"):
                self.send_response(int(fault[:3]))
                until = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
                self.send_header("Retry-After", until if fault == "429 until" else "7")
                self.end_headers()
                return
            answer = self.answer(place.path, asked)
            if fault == "error in 200":
                answer = {"error": {"code": 500, "message": "Unable to complete operation."}}
            if fault == "bad query":
                answer = {"error": {"code": 400, "message": "Invalid field"}}
            content = json.dumps(answer).encode()
            if fault == "html":
                content = b"<html><body>Sign in</body></html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if fault == "cut" else content)
            if fault == "cut":
                self.connection.close()

        def answer(self, path: str, asked: dict[str, str]) -> Any:
            if path.endswith("/query"):
                if "returnCountOnly" in asked:
                    return {"count": held.claimed or held.rows}
                first = int(asked["resultOffset"])
                size = min(int(asked["resultRecordCount"]), held.most_a_page)
                numbers = range(first, min(first + size, held.rows))
                features = [
                    {"attributes": held.row(number), "geometry": {"x": -93.2, "y": 44.9}}
                    for number in numbers
                ]
                more = first + size < held.rows
                return {"features": features, **({"exceededTransferLimit": True} if more else {})}
            if path.endswith("/socrata"):
                if "$select" in asked:
                    return [{"rows": str(held.rows)}]
                first, size = int(asked["$offset"]), int(asked["$limit"])
                return [
                    {**held.row(n), "point": {"type": "Point"}}
                    for n in range(first, min(first + size, held.rows))
                ]
            if path.endswith("/sql"):
                first = int(asked["q"].rsplit(" ", 1)[1])
                return {"rows": [held.row(n) for n in range(first, min(first + PAGE, held.rows))]}
            fields = [
                {"name": "Occurred_Date", "type": "esriFieldTypeDate"},
                {"name": "Reported_Date", "type": "esriFieldTypeDate"},
                {"name": "Offense", "type": "x"},
            ]
            return {"objectIdField": "OBJECTID", "maxRecordCount": held.most_a_page, "fields": fields}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield held, f"http://127.0.0.1:{server.server_port}"
    held.wait.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def client() -> Iterator[Client]:
    with httpx.Client(timeout=5) as http:
        yield Client(http, sleep=lambda seconds: None)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("kind", ["arcgis", "socrata", "carto"])
def test_every_row_comes_once(kind: str, portal: tuple[Portal, str], client: Client, tmp_path: Path) -> None:
    _, address = portal
    url = {"arcgis": f"{address}/layer/0", "socrata": f"{address}/socrata", "carto": f"{address}/sql"}[kind]
    made = fetch_layer(
        client,
        FetchLayer(kind, url, PAGE, where="shootings" if kind == "carto" else ""),
        tmp_path,
        "x",
        print,
    )
    assert [row["Case_Number"] for row in rows_of(made)] == [f"LK-{n:04d}" for n in range(ROWS)]


def test_times_keep_the_clock_they_are_labelled_with(
    portal: tuple[Portal, str], client: Client, tmp_path: Path
) -> None:
    made = fetch_layer(client, FetchLayer("arcgis", f"{portal[1]}/layer/0", PAGE), tmp_path, "x", print)
    row = rows_of(made)[0]
    assert row["Occurred_Date"] == "2020/06/02 21:00:00+00"
    assert (row["X"], row["Y"]) == ("-93.2", "44.9")


@pytest.mark.parametrize("fault", ["error in 200", "503", "429", "cut", "hang up", "html"])
def test_a_fault_is_tried_again(
    fault: str, portal: tuple[Portal, str], client: Client, tmp_path: Path
) -> None:
    held, address = portal
    held.faults = ["", fault, "", "", fault, fault]
    made = fetch_layer(client, FetchLayer("arcgis", f"{address}/layer/0", PAGE), tmp_path, "x", print)
    assert len(rows_of(made)) == ROWS


def test_a_rate_limit_is_waited_out_as_asked(portal: tuple[Portal, str], tmp_path: Path) -> None:
    held, address = portal
    held.faults = ["429", "429"]
    waits: list[float] = []
    with httpx.Client() as http:
        fetch_layer(
            Client(http, sleep=waits.append),
            FetchLayer("arcgis", f"{address}/l/0", PAGE),
            tmp_path,
            "x",
            print,
        )
    assert waits[0] >= 7
    assert waits[1] >= 7


def test_a_rate_limit_may_name_a_moment(portal: tuple[Portal, str], tmp_path: Path) -> None:
    held, address = portal
    held.faults = ["429 until"]
    waits: list[float] = []
    with httpx.Client() as http:
        layer = FetchLayer("arcgis", f"{address}/l/0", PAGE)
        fetch_layer(Client(http, sleep=waits.append), layer, tmp_path, "x", print)
    assert waits == [pytest.approx(19, abs=2)]


def test_a_portal_that_falls_silent_is_asked_again(portal: tuple[Portal, str], tmp_path: Path) -> None:
    held, address = portal
    held.faults = ["", "", "silence", "", "silence"]
    with httpx.Client(timeout=0.2) as http:
        layer = FetchLayer("arcgis", f"{address}/layer/0", PAGE)
        made = fetch_layer(Client(http, sleep=lambda _: None), layer, tmp_path, "x", print)
    assert len(rows_of(made)) == ROWS
    held.faults = ["silence"] * ATTEMPTS
    with httpx.Client(timeout=0.05) as http, pytest.raises(FetchError, match="ReadTimeout"):
        fetch_layer(Client(http, sleep=lambda _: None), layer, tmp_path / "again", "x", print)


def test_the_command_fetches_and_a_build_loads_what_came(
    portal: tuple[Portal, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`python -m etl fetch minneapolis` with the City's own settings, at an address that misbehaves."""
    held, address = portal
    held.faults = ["", "", "error in 200", "", "cut"]
    sources = few_sources(tmp_path / "sources", "minneapolis_areas.toml", "minneapolis_police_incidents.toml")
    settings = sources / "minneapolis_police_incidents.toml"
    text = settings.read_text()
    url = re.search(r'url = "(.*)"\npage_size', text)
    assert url
    settings.write_text(text.replace(url.group(1), f"{address}/layer/0"))
    monkeypatch.setattr("etl.settings.load_sources", lambda: load_sources(sources))
    monkeypatch.setattr("etl.fetch.run.Client", partial(Client, sleep=lambda _: None))
    assert main(["fetch", "minneapolis", "--out", str(tmp_path / "home")]) == 0
    said = capsys.readouterr().out
    assert f"53 of {ROWS} rows" in said
    folder = Path(said.strip().splitlines()[-1].rpartition("--data ")[2])
    (tmp_path / "programs").mkdir()
    given = {"sources": sources, "programs": tmp_path / "programs", "home": tmp_path / "home"}
    lines: list[str] = []
    build(Options(data=[folder], **given), lines.append)  # type: ignore[arg-type]
    assert any(f"minneapolis_police_incidents: {ROWS} rows of 1 file," in line for line in lines)


def test_a_portal_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("etl.fetch.run.Client", partial(Client, sleep=lambda _: None))
    monkeypatch.setattr(
        "etl.fetch.run.make_client", lambda: httpx.Client(transport=httpx.MockTransport(_nobody))
    )
    assert main(["fetch", "minneapolis", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "did not answer after 6 attempts (ConnectError" in said
    assert main(["fetch", "atlantis", "--out", str(tmp_path)]) == 2
    assert "No source of 'atlantis'" in capsys.readouterr().err


def _nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no such host", request=request)


def test_a_portal_that_stays_down_is_one_line(
    portal: tuple[Portal, str], client: Client, tmp_path: Path
) -> None:
    held, address = portal
    held.faults = ["503"] * ATTEMPTS
    with pytest.raises(FetchError, match="did not answer after 6 attempts") as caught:
        fetch_layer(client, FetchLayer("arcgis", f"{address}/layer/0", PAGE), tmp_path, "x", print)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.csv"))


def test_a_refused_question_is_not_asked_again(
    portal: tuple[Portal, str], client: Client, tmp_path: Path
) -> None:
    held, address = portal
    held.faults = ["bad query"]
    with pytest.raises(FetchError, match="error 400: Invalid field"):
        fetch_layer(client, FetchLayer("arcgis", f"{address}/layer/0", PAGE), tmp_path, "x", print)
    assert len(held.asked) == 1


def test_a_fetch_is_taken_up_where_it_broke_off(
    portal: tuple[Portal, str], client: Client, tmp_path: Path
) -> None:
    held, address = portal
    layer = FetchLayer("arcgis", f"{address}/layer/0", PAGE)
    held.faults = ["", "", "", "", ""] + ["503"] * ATTEMPTS  # count, layer, three pages, then down
    with pytest.raises(FetchError):
        fetch_layer(client, layer, tmp_path, "x", print)
    assert not (tmp_path / "x.csv").exists()
    held.asked.clear()
    made = fetch_layer(client, layer, tmp_path, "x", print)
    assert len(rows_of(made)) == ROWS
    assert [asked["resultOffset"] for asked in held.asked if "resultOffset" in asked] == ["30", "40", "50"]


def test_a_damaged_page_is_fetched_again(portal: tuple[Portal, str], client: Client, tmp_path: Path) -> None:
    held, address = portal
    layer = FetchLayer("arcgis", f"{address}/layer/0", PAGE)
    fetch_layer(client, layer, tmp_path, "x", print)
    (tmp_path / "x.csv").unlink()
    page = tmp_path / "page-00002.json"
    page.write_bytes(page.read_bytes()[:-5])
    held.asked.clear()
    made = fetch_layer(client, layer, tmp_path, "x", print)
    assert len(rows_of(made)) == ROWS
    assert next(asked["resultOffset"] for asked in held.asked if "resultOffset" in asked) == "20"


def test_a_complete_fetch_is_not_repeated_the_same_day(
    portal: tuple[Portal, str], client: Client, tmp_path: Path
) -> None:
    held, address = portal
    layer = FetchLayer("arcgis", f"{address}/layer/0", PAGE)
    fetch_layer(client, layer, tmp_path, "x", print)
    held.asked.clear()
    fetch_layer(client, layer, tmp_path, "x", print)
    assert held.asked == []


def test_rows_that_got_lost_are_noticed(portal: tuple[Portal, str], client: Client, tmp_path: Path) -> None:
    held, address = portal
    held.claimed = 500
    with pytest.raises(FetchError, match="has 500 rows, but 53 came"):
        fetch_layer(client, FetchLayer("arcgis", f"{address}/layer/0", PAGE), tmp_path, "x", print)
    assert not (tmp_path / "x.csv").exists()


def test_the_raw_answers_are_kept_with_their_checksums(
    portal: tuple[Portal, str], client: Client, tmp_path: Path
) -> None:
    fetch_layer(client, FetchLayer("arcgis", f"{portal[1]}/layer/0", PAGE), tmp_path, "x", print)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["complete"]
    assert manifest["rows"] == ROWS
    assert len(manifest["pages"]) == 6
    assert all(json.loads((tmp_path / f"page-{n:05d}.json").read_text())["features"] for n in range(6))


def test_a_city_without_a_portal_says_which_have_one(client: Client, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="minneapolis, new-york"):
        fetch_city("madison", load_sources(), tmp_path, print, client, date(2026, 1, 1))
