"""One polite HTTP client: time-outs, retries with growing waits, rate limits, errors dressed as success.

A portal may answer 200 with an error inside (ArcGIS), 429 or 503 with a waiting time, cut an answer
short, or hang. Each is tried again up to `ATTEMPTS` times; what stays wrong is one clear FetchError.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

ATTEMPTS = 6
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
TIMEOUT = httpx.Timeout(60.0, connect=15.0)
AGENT = "outreach-evaluation (open data client)"
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class FetchError(Exception):
    """A portal that does not answer as it should. One line; exit status 1."""


@dataclass
class Client:
    """`waits` and `sleep` are there for tests: no real waiting."""

    http: httpx.Client
    sleep: Callable[[float], None] = time.sleep
    first_wait: float = FIRST_WAIT

    def json(self, url: str, params: dict[str, str]) -> tuple[Any, bytes]:
        """The JSON of an address and its bytes as received. Raises FetchError."""
        wait = self.first_wait
        problem = "no answer"
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(min(wait, LONGEST_WAIT))
                wait *= 2
            try:
                answer = self.http.get(url, params=params)
            except httpx.HTTPError as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if answer.status_code in _TRY_AGAIN:
                problem = f"status {answer.status_code}"
                wait = max(wait, _asked_wait(answer))
                continue
            if answer.status_code != 200:
                raise FetchError(
                    f"{_place(url)} answers status {answer.status_code}: {_first_line(answer.text)}"
                )
            try:
                content = json.loads(answer.content)
            except ValueError:
                problem = f"not JSON: {_first_line(answer.text)}"
                continue
            fault = _error_inside(content)
            if fault is None:
                return content, answer.content
            problem = fault
            if fault.startswith("error 4") and not fault.startswith(
                ("error 408", "error 429", "error 498", "error 499")
            ):
                raise FetchError(f"{_place(url)} refuses: {fault}")
        raise FetchError(
            f"{_place(url)} did not answer after {ATTEMPTS} attempts ({problem}). Try again later."
        )


def make_client() -> httpx.Client:
    """A client that follows redirects within the portal and names this software."""
    return httpx.Client(timeout=TIMEOUT, headers={"User-Agent": AGENT}, follow_redirects=True)


def _asked_wait(answer: httpx.Response) -> float:
    """Seconds to wait as the portal asks: a number, or the date at which to come again (RFC 9110)."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    now = datetime.now(moment.tzinfo)
    return max(0.0, (moment - now).total_seconds())


def _error_inside(content: Any) -> str | None:
    """ArcGIS and Carto put errors into answers that have status 200."""
    fault = content.get("error") if isinstance(content, dict) else None
    if fault is None:
        return None
    if isinstance(fault, dict):
        return f"error {fault.get('code', '?')}: {_first_line(str(fault.get('message', fault)))}"
    return f"error: {_first_line(str(fault))}"


def _place(url: str) -> str:
    return url.split("?")[0]


def _first_line(text: str) -> str:
    return " ".join(text.split())[:120]
