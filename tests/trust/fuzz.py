"""`python -m tests.trust.fuzz --minutes 60`: throws changed inputs at each door and keeps what breaks one.

Doors: uploaded bytes, rows of logs, websocket messages, addresses of the served app. A door is broken when it raises
anything but its own refusal, answers 500, repeats a path or shows a trace. What broke one is written to
tests/trust/found/, from where `test_found_by_fuzzing.py` tries it again for good.
"""

from __future__ import annotations

import argparse
import http.client
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from streamlit.proto.BackMsg_pb2 import BackMsg

from asgi_guard.websockets import verdict
from etl.logs.load import load_logs
from etl.problems import BadInput
from etl.upload_content import kind_of
from tests.trust.hostile_files import GOOD_CSV, REFUSED, workbook
from tests.trust.serving import ROOT, serve

FOUND = Path(__file__).parent / "found"
PROGRAM = {"program": "p", "city": "c", "simulated": False, "phase": []}
AREAS = pd.DataFrame({"geography": ["neighborhood"], "area": ["Harbor"], "name": ["Harbor"]})
TRICKS = (b"\x00", b"\xff\xfe", b'"', b"''", b"\r", b"=1+1", b"\xf0\x9f\x92\xa9", b"24:00", b"NaN", b"-1", b"9" * 40,
          b"../", b"%2e%2e/", b"<svg>", b"${7*7}", b"\x1b[31m", b"\xe2\x80\xae")  # fmt: skip


def changed(data: bytes, chance: random.Random) -> bytes:
    """A few bytes flipped, cut, doubled, or replaced by something known to annoy."""
    result = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(result) + 1)
        kind = chance.randrange(5)
        if kind == 0 and result:
            result[place % len(result)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            result[place:place] = chance.choice(TRICKS)
        elif kind == 2:
            del result[place : place + chance.randrange(20)]
        elif kind == 3:
            result[place:place] = result[place : place + chance.randrange(200)]
        else:
            result[place : place + 4] = chance.randbytes(4)
    return bytes(result)


def upload(data: bytes) -> None:
    """The bytes of an upload: refused in one line, or recognized."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shifts.bin"
        path.write_bytes(data)
        for name in ("shifts.csv", "shifts.xlsx"):
            try:
                kind_of(path, name)
            except BadInput as error:
                assert "\n" not in str(error) and folder not in str(error)


def log_rows(data: bytes) -> None:
    """The rows of a log: every one accepted or set aside, whatever stands in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("shifts.xlsx" if data.startswith(b"PK") else "shifts.csv")
        path.write_bytes(data)
        try:
            kind_of(path, path.name)
        except BadInput:
            return
        loaded = load_logs(path, PROGRAM, AREAS, [("Northlight", "Northlight")], key=b"k" * 32)
        assert loaded.rows == loaded.accepted + loaded.quarantined


def socket_message(data: bytes) -> None:
    """A websocket message: closed, or one that a page sends."""
    if verdict(data, staff=False, largest=10_000) is None:
        message = BackMsg()
        message.ParseFromString(data)
        assert message.WhichOneof("type") in {
            "rerun_script", "stop_script", "app_heartbeat", "backend_operation_request",
        }  # fmt: skip


def address(port: int) -> Callable[[bytes], None]:
    """An address of the served app: an answer below 500 that repeats nothing and shows no trace."""

    def ask(data: bytes) -> None:
        path = "/" + quote(data[:2000], safe="/?&=%.;:@!$'()*+,~-_\\")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", path, headers={"Host": "localhost", "Accept": "text/html"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status < 500, answer.status
        assert b"Traceback" not in body and str(ROOT).encode() not in body

    return ask


def seeds() -> dict[str, list[bytes]]:
    message = BackMsg()
    message.rerun_script.page_name = "results"
    message.rerun_script.widget_states.widgets.add(id="x", string_value="y")
    files = [GOOD_CSV, workbook(), *(data for _, data, _ in REFUSED.values() if len(data) < 20_000)]
    addresses = [b"", b"results?program=minneapolus&release=2026.1.0", b"api/v1/tables/out_monthly?limit=5",
                 b"_stcore/health", b"static/js/index.js", b"media/x.png", b"api/v1/estimates"]  # fmt: skip
    return {
        "upload": files,
        "log_rows": [GOOD_CSV * 1, GOOD_CSV + GOOD_CSV[55:], workbook()],
        "socket_message": [message.SerializeToString(), b""],
        "address": addresses,
    }


def fuzz(doors: dict[str, Callable[[bytes], None]], minutes: float, seed: int) -> tuple[int, list[Path]]:
    """Try until time is up; number of tries and files with what broke a door."""
    chance, until = random.Random(seed), time.monotonic() + 60 * minutes
    known, tries, found = seeds(), 0, []
    while time.monotonic() < until:
        name = chance.choice(list(doors))
        data = changed(chance.choice(known[name]), chance)
        tries += 1
        try:
            doors[name](data)
        except Exception as error:  # noqa: BLE001 - anything at all is a finding
            FOUND.mkdir(exist_ok=True)
            path = FOUND / f"{name}-{len(found)}-{type(error).__name__}.bin"
            path.write_bytes(data)
            found.append(path)
            if len(found) >= 20:
                break
    return tries, found


def main(given: list[str] | None = None) -> int:
    """Exit status 1 when a door was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        limits = {"OVP_HOME": folder, "OVP_REQUESTS_PER_SECOND": "100000", "OVP_REQUEST_BURST": "100000"}
        with serve(home, limits, module="asgi") as served:
            doors = {"upload": upload, "log_rows": log_rows, "socket_message": socket_message}
            tries, found = fuzz({**doors, "address": address(served.port)}, options.minutes, options.seed)
            is_alive = served.process.poll() is None
    print(
        f"{tries:,} tries (seed {options.seed}), {len(found)} findings, the server {'lives' if is_alive else 'died'}"
    )
    for path in found:
        print(f"  {path.name}")
    return 1 if found or not is_alive else 0


if __name__ == "__main__":
    sys.exit(main())
