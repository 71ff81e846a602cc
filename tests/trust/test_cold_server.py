"""No staff page is reachable on a fresh server: the first thing it ever hears is the attack."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import httpx
import pytest

import access
from benchmarks.streamlit_client import StreamlitClient
from tests.trust.serving import serve

CANARY = "canary-7f3a91"
STAFF_WORDS = (b"Log intake", b"Upload a log", b"Data quality", b"Provider records", CANARY.encode())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A private store and an inbox that hold a canary."""
    for folder in ("private", "inbox"):
        (tmp_path / "home" / folder).mkdir(parents=True)
        (tmp_path / "home" / folder / "store.json").write_text(json.dumps({"name": CANARY}))
    return tmp_path / "home"


def hashes(name: str) -> list[str]:
    """Every way Streamlit has named a page: by its address, by its file."""
    path = access.STAFF_FOLDER / f"{name}.py"
    texts = (name, f"/{name}", f"staff/{name}", str(path), str(path.resolve()), f"pages/staff/{name}.py")
    return [hashlib.md5(text.encode()).hexdigest() for text in texts]


async def first_words(url: str, page_name: str, page_hash: str, cookies: dict[str, str]) -> bytes:
    async with StreamlitClient(url, cookies=cookies, origin=url if cookies else None) as client:
        run = await client.run(page_name=page_name, page_script_hash=page_hash)
        assert run.elements, "the page answered with nothing at all: the test saw no page"
        return b"".join(run.frames)


ATTACKS = [
    (name, page_hash) for name in access.STAFF_PAGES for page_hash in ("", hashes(name)[0], hashes(name)[3])
]


@pytest.mark.slow
@pytest.mark.parametrize("staff", ["0", "1"])
@pytest.mark.parametrize(("name", "page_hash"), ATTACKS[::4] + ATTACKS[1:2])
def test_the_first_request_of_a_cold_server_gets_no_staff_page(tmp_path, home, name, page_hash, staff):
    """Public process, and a staff process without a provider: by raw websocket, as its very first request."""
    with serve(tmp_path, {"OVP_HOME": str(home), "OVP_STAFF": staff}) as served:
        words = asyncio.run(first_words(served.url, name, page_hash, {}))
    assert not any(word in words for word in STAFF_WORDS)


def test_no_name_or_hash_opens_a_staff_page_with_or_without_a_made_up_cookie(tmp_path, home):
    with serve(tmp_path, {"OVP_HOME": str(home)}) as served:
        made_up = {
            "_streamlit_user": "eyJpc19sb2dnZWRfaW4iOiB0cnVlfQ.forged.signature",
            "_streamlit_xsrf": "2|aaaa|bbbb|1760000000",
        }
        for name in access.STAFF_PAGES:
            for page_name in (
                name,
                f"/{name}",
                f"staff/{name}",
                f"pages/staff/{name}",
                f"../staff/{name}.py",
            ):
                for page_hash in ("", *hashes(name)):
                    for cookies in ({}, made_up):
                        words = asyncio.run(first_words(served.url, page_name, page_hash, cookies))
                        assert not any(word in words for word in STAFF_WORDS), (page_name, page_hash)
        for path in ("/intake", "/staff/intake", "/pages/staff/intake.py", "/app/static/../access.py"):
            answer = httpx.get(served.url + path)
            assert not any(word in answer.content for word in STAFF_WORDS)
        log = served.log.read_bytes()
    assert CANARY.encode() not in log


def test_every_staff_page_stops_at_its_guard_when_run_past_the_registry(monkeypatch):
    """The last door: the page file itself, run directly, shows nothing to the public."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.delenv("OVP_STAFF", raising=False)
    for name in access.STAFF_PAGES:
        page = AppTest.from_file(str(access.STAFF_FOLDER / f"{name}.py")).run(timeout=30)
        assert [message.value for message in page.error] == [
            "This page is for staff who are signed in. Nothing was loaded."
        ]
        assert not page.title and not page.exception
