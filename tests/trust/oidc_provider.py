"""The demo's sign-in provider, run in a thread, with people whose tokens must be refused."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.streamlit_client import StreamlitClient
from staff_demo.provider import DEMO_PEOPLE, Person, Provider
from staff_demo.settings import secrets_toml, write_private
from tests.trust.serving import free_port

STEWARDS = ("ovp-data-stewards",)
FAULTY = tuple(
    Person(f"steward-{fault}", f"Steward, {fault}", STEWARDS, fault)
    for fault in ("expired", "forged", "wrong_audience", "wrong_issuer", "wrong_nonce")
)


@dataclass(frozen=True)
class SignIn:
    """A running provider, the app's address it knows, and the environment of a staff process."""

    provider: Provider
    app_port: int
    environment: dict[str, str]

    @property
    def app(self) -> str:
        return f"http://localhost:{self.app_port}"


@contextmanager
def provider(folder: Path) -> Iterator[SignIn]:
    port, app_port = free_port(), free_port()
    app = f"http://localhost:{app_port}"
    made = Provider(
        f"http://localhost:{port}", "ovp-dashboard", "s3cret", f"{app}/oauth2callback", DEMO_PEOPLE + FAULTY
    )
    server = uvicorn.Server(uvicorn.Config(made.app(), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    settings = write_private(
        folder / "secrets.toml", secrets_toml(made.issuer, app, "ovp-dashboard", "s3cret")
    )
    try:
        yield SignIn(made, app_port, {"OVP_STAFF": "1", "OVP_SECRETS": str(settings)})
    finally:
        server.should_exit = True
        thread.join(10)


async def login_address(app: str) -> str:
    """Click "Staff sign-in": the address that the server then sends the browser to."""
    async with StreamlitClient(app, origin=app) as client:
        first = await client.run()
        button = next(
            element.button
            for element in first.elements
            if element.WhichOneof("type") == "button" and element.button.label == "Staff sign-in"
        )
        clicked = await client.run(widget=(button.id, "trigger_value", True))
    for frame in clicked.frames:
        message = ForwardMsg()
        message.ParseFromString(frame)
        if message.WhichOneof("type") == "auth_redirect":
            return message.auth_redirect.url
    raise AssertionError("the button did not lead to a sign-in")


def sign_in(at: SignIn, person: str) -> dict[str, str]:
    """Follow the real redirects as a browser would; the cookies that come of it."""
    login = asyncio.run(login_address(at.app))
    with httpx.Client(base_url=at.app, follow_redirects=False, timeout=30) as browser:
        browser.get("/_stcore/health")
        step = browser.get(login)
        while step.is_redirect:
            target = step.headers["location"]
            if target.startswith(at.provider.issuer):
                chosen = httpx.get(f"{target}&person={person}")
                target = chosen.headers["location"]
            step = browser.get(target)
        return dict(browser.cookies)
