"""What a hostile visitor of the served app may not do: clear, upload, list, frame, pretend, flood."""

from __future__ import annotations

import asyncio
import http.client
import time
from pathlib import Path

import httpx
import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg

from asgi_guard import GuardSettings
from asgi_guard.addresses import client_address, is_allowed
from asgi_guard.limits import TokenBucket
from asgi_guard.websockets import POLICY, TOO_BIG, UNSUPPORTED, verdict
from benchmarks.streamlit_client import StreamlitClient
from tests.trust.serving import Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Served:
    """The real app, as `make run` serves it, without a release."""
    folder = tmp_path_factory.mktemp("public")
    limits = {"OVP_SOCKETS": "30", "OVP_SOCKETS_PER_ADDRESS": "20"}
    with serve(folder, {"OVP_HOME": str(folder), **limits}, module="asgi") as running:
        yield running


def message(kind: str) -> BackMsg:
    back = BackMsg()
    if kind in {
        "clear_cache",
        "set_run_on_save",
        "stop_script",
        "load_git_info",
        "app_heartbeat",
    } or kind.startswith("debug"):
        setattr(back, kind, True)
    elif kind == "file_urls_request":
        back.file_urls_request.request_id = "x"
        back.file_urls_request.file_names.append("a.csv")
    elif kind == "install_skills":
        back.backend_operation_request.request_id = "x"
        back.backend_operation_request.install_skills.SetInParent()
    return back


FORBIDDEN = ["clear_cache", "set_run_on_save", "load_git_info", "debug_disconnect_websocket",
             "debug_shutdown_runtime", "file_urls_request", "install_skills"]  # fmt: skip


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_a_message_only_a_developer_should_send_closes_the_socket(served, kind):
    async def attack() -> int | None:
        async with StreamlitClient(served.url) as client:
            await client.run()
            await client.send(message(kind))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await client.read()
            return closed.value.rcvd.code

    assert asyncio.run(attack()) == POLICY


def test_a_visitor_clears_nobody_elses_cache(served):
    """The other visitor's page still comes from the cache after the attempt."""

    async def attack() -> None:
        async with StreamlitClient(served.url) as victim:
            assert (await victim.run()).elements
            async with StreamlitClient(served.url) as attacker:
                await attacker.run()
                await attacker.send(message("clear_cache"))
                with pytest.raises(websockets.ConnectionClosed):
                    await attacker.read()
            assert (await victim.run()).elements

    asyncio.run(attack())


def test_a_text_frame_and_a_broken_frame_close_the_socket_without_a_trace(served):
    async def attack(frame: str | bytes) -> int | None:
        async with StreamlitClient(served.url) as client:
            await client.socket.send(frame)
            try:
                while True:
                    assert b"Traceback" not in await asyncio.wait_for(client.socket.recv(), 10)
            except websockets.ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None

    assert asyncio.run(attack("rerun")) == UNSUPPORTED
    assert asyncio.run(attack(b"\xff" * 40)) == UNSUPPORTED
    assert asyncio.run(attack(b"\x00" * 300_000)) in {TOO_BIG, UNSUPPORTED}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH", "TRACE"])
def test_the_public_process_takes_no_upload_and_no_method_that_writes(served, method):
    for path in ("/_stcore/upload_file/session/file", "/", "/api/v1", "/media/x"):
        answer = httpx.request(method, served.url + path, content=b"x")
        assert answer.status_code in {403, 404, 405}
        assert path not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/agent/interact",
        "/_stcore/agent/openapi.json",
        "/_stcore/script-health-check",
        "/app/static/secrets.toml",
        "/component/x/index.html",
        "/auth/login",
        "/auth/logout",
        "/oauth2callback?code=x",
        "/static/../../access.py",
        "/static/%2e%2e/%2e%2e/access.py",
        "/..%5c..%5caccess.py",
        "/%00",
    ],
)
def test_shut_doors_answer_with_nothing(served, path):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    connection.request("GET", path, headers={"Host": "localhost"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status in {400, 404}
    assert b"access" not in body and b"Traceback" not in body and len(body) < 100


def test_every_answer_carries_the_security_headers(served):
    for path, status in (
        ("/", 200),
        ("/_stcore/health", 200),
        ("/_stcore/metrics", 404),
        ("/nowhere.js", 200),
    ):
        answer = httpx.get(served.url + path)
        assert answer.status_code in {status, 404}
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "img-src 'self' data: blob:" in policy
        assert "unsafe-eval" not in policy and "script-src 'self' 'unsafe-inline'" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not any(sign.isdigit() for sign in answer.headers.get("server", ""))  # no version


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "",
        "localhost:80:80",
        "localhost:x",
        "[::1",
    ],
)
def test_a_foreign_host_name_gets_nothing_by_http_or_websocket(served, host):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    connection.putrequest("GET", "/", skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 400
    assert host.encode() not in answer.read() or not host

    async def attack() -> None:
        async with StreamlitClient(served.url, host=host or "evil.example"):
            pass

    with pytest.raises((websockets.InvalidStatus, websockets.InvalidMessage)):
        asyncio.run(attack())


def test_a_page_elsewhere_cannot_open_a_websocket(served):
    async def attack() -> None:
        async with StreamlitClient(served.url, origin="https://evil.example"):
            pass

    with pytest.raises(websockets.InvalidStatus):
        asyncio.run(attack())


def test_one_address_cannot_take_every_socket_and_a_full_house_says_so(served):
    async def attack() -> list[str]:
        refused, kept = [], []
        for _ in range(25):
            try:
                kept.append(await StreamlitClient(served.url).__aenter__())
            except websockets.InvalidStatus as error:
                refused.append(str(error.response.status_code))
        for client in kept:
            await client.__aexit__()
        return refused

    assert len(asyncio.run(attack())) == 5


def test_a_full_house_shows_a_page_and_leaves_the_data_open(tmp_path):
    with serve(tmp_path, {"OVP_HOME": str(tmp_path), "OVP_SOCKETS": "1"}) as small:

        async def one_inside() -> tuple[httpx.Response, httpx.Response]:
            async with StreamlitClient(small.url), httpx.AsyncClient() as browser:
                page = await browser.get(small.url, headers={"accept": "text/html"})
                health = await browser.get(small.url + "/_stcore/health")
                return page, health

        page, health = asyncio.run(one_inside())
        assert page.status_code == 503 and "Please try again" in page.text
        assert page.headers["retry-after"] == "30"
        assert health.status_code == 200
        assert httpx.get(small.url, headers={"accept": "text/html"}).status_code == 200


def test_too_many_requests_from_one_place_are_turned_away_and_then_let_in_again(tmp_path):
    limits = {"OVP_REQUESTS_PER_SECOND": "1", "OVP_REQUEST_BURST": "50"}
    with serve(tmp_path, {"OVP_HOME": str(tmp_path), **limits}) as slow, httpx.Client() as visitor:
        codes = [visitor.get(slow.url + "/_stcore/health").status_code for _ in range(100)]
        assert codes[:45].count(200) == 45 and codes.count(429) >= 20
        time.sleep(3)
        assert visitor.get(slow.url + "/_stcore/health").status_code == 200


def test_a_long_address_is_refused(served):
    assert httpx.get(served.url + "/?" + "a" * 5000).status_code == 414


@given(data=st.binary(max_size=300))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_pass_the_guard_unless_they_are_what_a_page_sends(data):
    """Fuzz of the message door: whatever passes parses as one of four kinds."""
    if verdict(data, staff=False, largest=1000) is None:
        back = BackMsg()
        back.ParseFromString(data)
        assert back.WhichOneof("type") in {
            "rerun_script", "stop_script", "app_heartbeat", "backend_operation_request",
        }  # fmt: skip


@given(host=st.text(max_size=60))
@settings(max_examples=300)
def test_no_text_is_taken_for_our_host_but_our_host(host):
    allowed = is_allowed(host, ("dash.example.org",))
    name = host.strip().lower().split(":")[0].rstrip(".")
    assert not allowed or name == "dash.example.org"


def test_a_visitor_cannot_pretend_to_come_from_elsewhere():
    """X-Forwarded-For counts only from a proxy we know, and then only its last foreign entry."""
    scope = {
        "type": "http",
        "client": ("203.0.113.9", 1),
        "headers": [(b"x-forwarded-for", b"198.51.100.1, 203.0.113.77")],
    }
    assert client_address(scope, ()) == "203.0.113.9"
    assert client_address(scope, ("203.0.113.9",)) == "203.0.113.77"


def test_the_bucket_gives_a_burst_and_then_the_rate():
    now = [0.0]
    bucket = TokenBucket(rate=2, burst=3, clock=lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [bucket.take(), bucket.take()] == [True, False]


def test_subdomains_are_let_in_by_their_own_sign_only():
    assert is_allowed("a.example.org:443", ("*.example.org",))
    assert not is_allowed("example.org.evil.example", ("*.example.org",))
    assert not is_allowed("aexample.org", ("*.example.org",))


def test_settings_come_from_the_environment_and_are_safe_without():
    assert GuardSettings.from_environment({}).hosts == ("localhost", "127.0.0.1", "[::1]")
    assert not GuardSettings.from_environment({}).staff
    given_settings = GuardSettings.from_environment(
        {"OVP_HOSTS": "A.example.org, b.example.org", "OVP_STAFF": "1"}
    )
    assert given_settings.hosts[-2:] == ("a.example.org", "b.example.org")
    with pytest.raises(ValueError):
        GuardSettings.from_environment({"OVP_SOCKETS": "many"})


def test_the_secrets_file_of_a_staff_process_must_be_private(tmp_path: Path):
    from asgi_guard import staff_secrets

    file = tmp_path / "secrets.toml"
    file.write_text("[auth]\nclient_id = 'x'\n")
    file.chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        staff_secrets({"OVP_STAFF": "1", "OVP_SECRETS": str(file)})
    file.chmod(0o600)
    assert staff_secrets({"OVP_STAFF": "1", "OVP_SECRETS": str(file)}) == {"auth": {"client_id": "x"}}
    assert staff_secrets({"OVP_SECRETS": str(file)}) == {}
