"""Signing in at a real provider, by real redirects and tokens; and tokens that must not work."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.streamlit_client import StreamlitClient
from tests.trust.oidc_provider import FAULTY, SignIn, provider, sign_in
from tests.trust.serving import serve


@pytest.fixture(scope="module")
def staff_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("staff")
    with provider(folder) as at, serve(folder, at.environment | {"OVP_HOME": str(folder)}, at.app_port):
        yield at


async def navigation(at: SignIn, cookies: dict[str, str], page: str = "") -> bytes:
    async with StreamlitClient(at.app, cookies=cookies, origin=at.app) as client:
        return b"".join((await client.run(page_name=page)).frames)


def test_a_steward_signs_in_and_sees_the_staff_pages(staff_server):
    cookies = sign_in(staff_server, "demo-steward")
    words = asyncio.run(navigation(staff_server, cookies))
    assert b"Log intake" in words and b"Providers" in words


def test_a_steward_opens_a_staff_page_by_its_address(staff_server):
    cookies = sign_in(staff_server, "demo-steward")
    words = asyncio.run(navigation(staff_server, cookies, "intake"))
    assert b"staff who are signed in" not in words and b"Log intake" in words


@pytest.mark.parametrize("person", ["demo-visitor", *(one.subject for one in FAULTY)])
def test_a_token_that_is_amiss_or_without_a_role_opens_nothing(staff_server, person):
    cookies = sign_in(staff_server, person)
    words = asyncio.run(navigation(staff_server, cookies, "intake"))
    assert b"Public page" in words
    assert b"Log intake" not in words and b"Providers" not in words


def test_without_a_cookie_a_staff_process_shows_the_public_pages_only(staff_server):
    words = asyncio.run(navigation(staff_server, {}, "intake"))
    assert b"Public page" in words and b"Log intake" not in words
    assert b"Staff sign-in" in words


def test_a_cookie_changed_by_one_character_opens_nothing(staff_server):
    cookies = sign_in(staff_server, "demo-steward")
    kept = cookies["_streamlit_user"]
    # Not the last one: in base64 it may hold bits that stand for nothing.
    place = len(kept) // 2
    cookies["_streamlit_user"] = kept[:place] + ("A" if kept[place] != "A" else "B") + kept[place + 1 :]
    assert b"Log intake" not in asyncio.run(navigation(staff_server, cookies))


def test_another_site_cannot_ride_on_the_cookie(staff_server):
    """A websocket opened by a page elsewhere is refused, cookie or not."""
    import websockets

    cookies = sign_in(staff_server, "demo-steward")

    async def ride() -> None:
        async with StreamlitClient(staff_server.app, cookies=cookies, origin="https://evil.example"):
            pass

    with pytest.raises(websockets.InvalidStatus):
        asyncio.run(ride())
