"""The routes of `/api/v1`: which address gives which answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from api import catalog
from api.answers import IMMUTABLE, REVALIDATE, FileAnswer, JsonAnswer, error_answer
from api.errors import ApiError
from api.estimates import ESTIMATE_FILTERS, estimate_detail, estimate_list
from api.limits import LONGEST_QUERY, WorkLimit
from api.openapi import openapi
from api.table_files import MEDIA_TYPES, table_file
from asgi_guard import GuardSettings
from asgi_guard.addresses import client_address
from etl import warehouse
from etl.dictionary import Table
from etl.publish.export.errors import ExportError
from etl.publish.export.provenance import part_suffix
from etl.publish.export.release_reader import filterable_columns

ROOT = catalog.ROOT
LATEST = "latest"
KEPT_ANSWERS = 1_024
KEPT_BYTES = 96 * 1024 * 1024
ALLOWED_METHODS = "GET, HEAD, OPTIONS"
STATUS_OF = {
    "no_release": 503,
    "broken_release": 503,
    "unknown_release": 404,
    "older_release": 404,
    "unknown_filter": 422,
}


class Answer(Protocol):
    @property
    def size(self) -> int: ...
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Interface:
    """The ASGI application of `/api/v1`. Answers about a release never change and are kept."""

    def __init__(self, limit: WorkLimit | None = None) -> None:
        self._limit = limit or WorkLimit()
        self._proxies = GuardSettings.from_environment().proxies
        self._kept: OrderedDict[tuple[str, bytes], Answer] = OrderedDict()
        self._kept_bytes = 0
        self._router = Router(
            [Route(path, self._endpoint(make)) for path, make in ROUTES],
            redirect_slashes=False,
            default=_nothing_here,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] == "OPTIONS":
                await _preflight(send)
                return
            if scope["method"] not in ("GET", "HEAD"):
                raise ApiError(
                    405,
                    "read_only",
                    "This interface only reads: use GET or HEAD.",
                    {"allow": ALLOWED_METHODS},
                )
            if len(scope["query_string"]) > LONGEST_QUERY:
                raise ApiError(414, "query_too_long", f"Queries end at {LONGEST_QUERY} characters.")
            kept = self._kept.get((scope["path"], scope["query_string"]))
            if kept is not None:
                self._kept.move_to_end((scope["path"], scope["query_string"]))
                await kept(scope, receive, send)
                return
            self._limit.take(client_address(scope, self._proxies))
            await self._router(scope, receive, send)
        except ApiError as error:
            await error_answer(error.status, error.code, str(error), error.headers)(scope, receive, send)
        except (warehouse.ReleaseError, ExportError) as error:
            status = STATUS_OF.get(error.code, 500)
            await error_answer(status, error.code, str(error))(scope, receive, send)

    def _endpoint(self, make: Callable[[Request], Answer]) -> Any:
        async def endpoint(request: Request) -> Any:
            # Answers read files and query DuckDB: never on the event loop.
            answer = await anyio.to_thread.run_sync(make, request)
            if isinstance(answer, FileAnswer) or getattr(answer, "cache_control", "") == IMMUTABLE:
                self._keep((request.scope["path"], request.scope["query_string"]), answer)
            return answer

        return endpoint

    def _keep(self, key: tuple[str, bytes], answer: Answer) -> None:
        if answer.size > KEPT_BYTES // 4:
            return
        if key not in self._kept:
            self._kept_bytes += answer.size
        self._kept[key] = answer
        while len(self._kept) > KEPT_ANSWERS or self._kept_bytes > KEPT_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._kept_bytes -= gone.size


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    raise ApiError(404, "not_found", f"There is nothing here. {ROOT} says what there is.")


async def _preflight(send: Send) -> None:
    headers = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", ALLOWED_METHODS.encode()),
        (b"access-control-allow-headers", b"range, if-range, if-none-match"),
        (b"access-control-max-age", b"86400"),
        (b"allow", ALLOWED_METHODS.encode()),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _query(request: Request, allowed: tuple[str, ...] | list[str]) -> dict[str, str]:
    """The query as a dictionary. Raises ApiError 422 on unknown, repeated or empty parameters."""
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=32,
        )
    except ValueError:
        raise ApiError(422, "bad_query", "The query is not percent-encoded UTF-8.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in allowed:
            raise ApiError(
                422,
                "unknown_filter",
                f"Unknown parameter {name[:40]!r}. Known here: {', '.join(allowed) or 'none'}.",
            )
        if name in found:
            raise ApiError(422, "repeated_filter", f"Parameter {name} is given twice.")
        found[name] = value
    return found


def _release(request: Request) -> warehouse.Release:
    return warehouse.open_release(request.path_params["release"])


def _table(release: warehouse.Release, name: str) -> Table:
    for table in catalog.tables_of(release):
        if table.name == name:
            return table
    raise ApiError(
        404,
        "unknown_table",
        f"Release {release.id} has no such table. {ROOT}/releases/{release.id}/tables lists them.",
    )


def index(request: Request) -> Answer:
    _query(request, [])
    return JsonAnswer(
        {
            "title": "Outreach evaluation: releases, tables, estimates",
            "latest": f"{ROOT}/releases/{LATEST}",
            "releases": f"{ROOT}/releases",
            "openapi": f"{ROOT}/openapi.json",
        },
        cache_control=REVALIDATE,
    )


def releases(request: Request) -> Answer:
    _query(request, [])
    found = [
        {"release": item.id, "file_sha256_starts": item.sha12, "href": f"{ROOT}/releases/{item.id}"}
        for item in warehouse.releases()
    ]
    return JsonAnswer({"latest": warehouse.current_release_id(), "releases": found}, cache_control=REVALIDATE)


def to_latest(request: Request) -> Any:
    """`latest` is sent on to the release it means, so that ranges of one file stay in one release."""
    rest = request.path_params.get("rest", "")
    query = request.scope["query_string"].decode("latin-1")
    address = f"{ROOT}/releases/{warehouse.current_release_id()}" + (f"/{rest}" if rest else "")
    return RedirectResponse(
        address + (f"?{query}" if query else ""),
        307,
        {"cache-control": REVALIDATE, "access-control-allow-origin": "*"},
    )


def release(request: Request) -> Answer:
    _query(request, [])
    found = _release(request)
    here = f"{ROOT}/releases/{found.id}"
    links = {
        "tables": f"{here}/tables",
        "estimates": f"{here}/estimates",
        "dictionary": f"{here}/dictionary",
        "changes": f"{here}/changes",
        "checksums": f"{here}/SHA256SUMS",
    }
    return JsonAnswer({**catalog.release_record(found), "links": links})


def tables(request: Request) -> Answer:
    _query(request, [])
    found = _release(request)
    return JsonAnswer({**catalog.release_record(found), "tables": catalog.table_summaries(found)})


def table(request: Request) -> Answer:
    found = _release(request)
    name = request.path_params["table"]
    stem, dot, form = name.rpartition(".")
    if dot and form in catalog.FORMATS:
        return _table_answer(request, found, _table(found, stem), form)
    _query(request, [])
    return JsonAnswer({**catalog.release_record(found), **catalog.table_detail(found, _table(found, name))})


def _table_answer(request: Request, release: warehouse.Release, table: Table, form: str) -> Answer:
    filters = _query(request, filterable_columns(table))
    made = table_file(release, table.name, form, filters)
    headers = {
        "x-release": release.id,
        "x-rows-chosen-by": part_suffix(filters).lstrip("_") or "whole-table",
        "link": f'<{ROOT}/releases/{release.id}/tables/{table.name}>; rel="describedby"',
    }
    return FileAnswer(made.path, made.sha256, MEDIA_TYPES[form], made.file_name, headers, made.packed)


def estimates(request: Request) -> Answer:
    return JsonAnswer(estimate_list(_release(request), _query(request, ESTIMATE_FILTERS)))


def estimate(request: Request) -> Answer:
    _query(request, [])
    return JsonAnswer(estimate_detail(_release(request), request.path_params["estimate_id"]))


def dictionary(request: Request) -> Answer:
    _query(request, [])
    found = _release(request)
    return JsonAnswer({**catalog.release_record(found), "tables": catalog.dictionary_record(found)})


def changes(request: Request) -> Answer:
    chosen = _query(request, ["from"])
    found = _release(request)
    before = warehouse.open_release(chosen["from"]) if "from" in chosen else None
    return JsonAnswer(
        {**catalog.release_record(found), **catalog.changes_record(found, before)}, cache_control=REVALIDATE
    )


def checksums(request: Request) -> Answer:
    _query(request, [])
    return JsonAnswer(catalog.checksums_text(_release(request)), media_type="text/plain")


def description(request: Request) -> Answer:
    _query(request, [])
    return JsonAnswer(openapi(), cache_control=REVALIDATE)


RELEASE = f"{ROOT}/releases/{{release}}"
ROUTES: list[tuple[str, Callable[[Request], Any]]] = [
    (ROOT, index),
    (f"{ROOT}/openapi.json", description),
    (f"{ROOT}/releases", releases),
    (f"{ROOT}/releases/{LATEST}", to_latest),
    (f"{ROOT}/releases/{LATEST}/{{rest:path}}", to_latest),
    (RELEASE, release),
    (f"{RELEASE}/tables", tables),
    (f"{RELEASE}/tables/{{table}}", table),
    (f"{RELEASE}/estimates", estimates),
    (f"{RELEASE}/estimates/{{estimate_id:path}}", estimate),
    (f"{RELEASE}/dictionary", dictionary),
    (f"{RELEASE}/changes", changes),
    (f"{RELEASE}/SHA256SUMS", checksums),
]
