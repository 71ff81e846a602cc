"""Short answers of the guard. None of them repeats what was asked: no path, no query, no trace."""

from __future__ import annotations

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

BUSY_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Busy</title></head>
<body><h1>Many people are reading this right now</h1>
<p>The interactive pages are full. Please try again in a minute.
The <a href="/briefs">briefs</a> and the <a href="/api/v1">data</a> are open meanwhile.</p></body></html>"""


def not_found() -> Response:
    return PlainTextResponse("Not found", status_code=404)


def wrong_host() -> Response:
    return PlainTextResponse("This server does not answer to that name", status_code=400)


def refused() -> Response:
    return PlainTextResponse("Not allowed", status_code=403)


def too_long() -> Response:
    return PlainTextResponse("The address is too long", status_code=414)


def too_many() -> Response:
    return PlainTextResponse(
        "Too many requests from one place; please wait a few seconds",
        status_code=429,
        headers={"retry-after": "5"},
    )


def busy() -> Response:
    return HTMLResponse(
        BUSY_PAGE, status_code=503, headers={"retry-after": "30", "cache-control": "no-store"}
    )


async def answer(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    """Send the response; a websocket is turned away before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await response(scope, receive, send)
