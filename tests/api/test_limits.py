"""One client cannot take the server from the others; what is kept costs it nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.door import ApiDoor
from api.errors import ApiError
from api.limits import CLIENTS_REMEMBERED, WorkLimit
from api.routes import Interface
from tests.api.conftest import NEW, Meter, Served, nothing_here, serve
from tests.fixture.release import NEIGHBORHOODS, publish

TABLE = f"/api/v1/releases/{NEW}/tables/out_monthly.csv"


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    publish(tmp_path)
    yield from serve(Meter(ApiDoor(nothing_here, Interface(WorkLimit(rate=0.01, burst=4)))), tmp_path)


def test_a_client_that_asks_for_ever_new_parts_is_told_to_wait(limited: Served) -> None:
    answers = [limited.get(TABLE, params={"area": name}) for name in NEIGHBORHOODS]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 4
    refused = answers[-1]
    assert int(refused.headers["retry-after"]) > 1
    assert refused.json()["code"] == "too_many_requests"
    assert refused.headers["cache-control"] == "no-store"


def test_what_was_made_once_is_given_to_anyone_without_end(limited: Served) -> None:
    first = limited.get(TABLE)
    for _ in range(30):
        assert limited.get(TABLE).content == first.content
    with_range = limited.get(TABLE, headers={"range": "bytes=0-5"})
    assert with_range.status_code == 206


def test_a_refusal_costs_nothing_and_time_gives_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("api.limits.time.monotonic", lambda: now[0])
    limit = WorkLimit(rate=1, burst=2)
    limit.take("a")
    limit.take("a")
    for _ in range(50):
        with pytest.raises(ApiError):
            limit.take("a")
    limit.take("b")
    now[0] = 1.0
    limit.take("a")


def test_the_memory_for_addresses_is_bounded() -> None:
    limit = WorkLimit(rate=1, burst=2)
    for number in range(CLIENTS_REMEMBERED + 500):
        limit.take(f"client {number}")
    assert len(limit._buckets) == CLIENTS_REMEMBERED


def test_answers_kept_in_memory_are_bounded(limited: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.KEPT_ANSWERS", 3)
    interface = limited.meter.app.interface  # type: ignore[attr-defined]
    interface._limit.rate = 0
    for name in NEIGHBORHOODS:
        assert limited.get(TABLE, params={"area": name}).status_code == 200
    assert len(interface._kept) == 3
    assert interface._kept_bytes == sum(answer.size for answer in interface._kept.values())
