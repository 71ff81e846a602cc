"""The OpenAPI 3.1 description of the interface, with the dictionary's words for its tables."""

from __future__ import annotations

from functools import cache
from typing import Any

from api.estimates import ESTIMATE_FILTERS, FIGURES, TEXTS
from etl.dictionary import load_dictionary
from etl.publish.export.release_reader import filterable_columns
from etl.publish.export.selection import why_held_back

RELEASE_PATTERN = r"^[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,4}$"
NULLABLE_NUMBER = {"type": ["number", "null"]}
NULLABLE_TEXT = {"type": ["string", "null"]}


@cache
def openapi() -> dict[str, Any]:
    """The whole description as a JSON-ready object."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Outreach evaluation",
            "version": "1",
            "summary": "Releases, tables and estimates; reading only.",
            "description": "A release never changes, so everything under its id may be cached for good. "
            "`latest` in place of an id redirects to the release in use. Tables answer byte ranges.",
            "license": {
                "name": "Creative Commons Attribution 4.0 International",
                "identifier": "CC-BY-4.0",
            },
        },
        "servers": [{"url": "/"}],
        "paths": _paths(),
        "components": {"schemas": _schemas()},
    }


def exported_table_names() -> list[str]:
    """Tables that a release of this version may offer."""
    return [name for name, table in load_dictionary().tables.items() if why_held_back(table) is None]


def table_filters() -> dict[str, list[str]]:
    """{filter: [tables that have it]}."""
    found: dict[str, list[str]] = {}
    for name in exported_table_names():
        for column in filterable_columns(load_dictionary()[name]):
            found.setdefault(column, []).append(name)
    return found


def _paths() -> dict[str, Any]:
    release = _path_parameter("release", {"type": "string", "pattern": RELEASE_PATTERN}, "Id of a release")
    table = _path_parameter("table", {"type": "string", "enum": exported_table_names()}, "Name of a table")
    filters = [
        _query_parameter(name, f"Only rows with this {name}. For tables: {', '.join(tables)}.")
        for name, tables in sorted(table_filters().items())
    ]
    estimate_id = _path_parameter("estimate_id", {"type": "string", "minLength": 1}, "program/analysis…")
    one = "/api/v1/releases/{release}"
    return {
        "/api/v1": _get("Where to begin", [], _json("Index")),
        "/api/v1/releases": _get("All releases, newest first", [], _json("Releases")),
        one: _get("What a release is", [release], _json("Release")),
        f"{one}/tables": _get("Its tables, with sizes and checksums", [release], _json("Tables")),
        f"{one}/tables/{{table}}": _get(
            "A table with the meaning of each column", [release, table], _json("Table")
        ),
        f"{one}/tables/{{table}}.parquet": _file(
            "A table, or a part of it, as Parquet",
            [release, table, *filters],
            "application/vnd.apache.parquet",
        ),
        f"{one}/tables/{{table}}.csv": _file(
            "A table, or a part of it, as CSV", [release, table, *filters], "text/csv"
        ),
        f"{one}/estimates": _get(
            "Estimates with the sentence people read",
            [release, *[_query_parameter(name, f"Only this {name}") for name in ESTIMATE_FILTERS]],
            _json("Estimates"),
        ),
        f"{one}/estimates/{{estimate_id}}": _get(
            "One estimate: result object, checks, gates, series", [release, estimate_id], _json("Estimate")
        ),
        f"{one}/dictionary": _get("The meaning of every column", [release], _json("Dictionary")),
        f"{one}/changes": _get(
            "What differs from an earlier release",
            [
                release,
                _query_parameter(
                    "from", "Release to compare with (default: the one before)", {"pattern": RELEASE_PATTERN}
                ),
            ],
            _json("Changes"),
        ),
        f"{one}/SHA256SUMS": _get(
            "Checksums of the files under the names they download as",
            [release],
            {"text/plain": {"schema": {"type": "string"}}},
        ),
    }


def _get(summary: str, parameters: list[dict[str, Any]], content: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {"200": {"description": "Found", "content": content}}
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers | _errors()}}


def _file(summary: str, parameters: list[dict[str, Any]], media_type: str) -> dict[str, Any]:
    body = {media_type: {"schema": {"type": "string", "contentMediaType": media_type}}}
    range_header = {
        "name": "Range",
        "in": "header",
        "description": "One byte range; several are answered with the whole file",
        "schema": {"type": "string"},
        "example": "bytes=0-1023",
    }
    answers: dict[str, Any] = {
        "200": {"description": "The whole file", "content": body},
        "206": {"description": "The bytes asked for", "content": body},
        "416": {"description": "The range begins after the end of the file"},
    }
    return {
        "get": {
            "summary": summary,
            "parameters": [*parameters, range_header],
            "responses": answers | _errors(),
        }
    }


def _errors() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    meanings = {
        "404": "No such release, table or estimate",
        "414": "The query is too long",
        "422": "A parameter is unknown, repeated or malformed",
        "429": "Too many requests from this address: see Retry-After",
        "503": "No release can be read just now",
    }
    return {status: {"description": text, "content": content} for status, text in meanings.items()}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _path_parameter(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": text, "schema": schema}


def _query_parameter(name: str, text: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": text,
        "schema": {"type": "string"} | (schema or {}),
    }


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _schemas() -> dict[str, Any]:
    text, number = {"type": "string"}, {"type": "integer"}
    anything = {"type": "object"}
    provenance = {
        "release": text,
        "snapshot": text,
        "schema_version": number,
        "code_version": text,
        "built_at": {"type": "string", "format": "date-time"},
        "licence": text,
        "citation": text,
    }
    file = _object({"href": text, "file_name": text, "bytes": number, "sha256": text})
    table = {
        "name": text,
        "description": text,
        "grain": text,
        "rows": number,
        "licence": text,
        "filters": {"type": "array", "items": text},
        "files": _object({"parquet": file, "csv": file}),
    }
    column = _object(
        {
            "name": text,
            "type": text,
            "meaning": text,
            "unit": text,
            "caveat": text,
            "allowed": {"type": "array", "items": text},
            "null": {"type": "boolean"},
            "sensitivity": text,
        },
        optional=("unit", "caveat", "allowed"),
    )
    columns = {"type": "array", "items": column}
    estimate = {
        **{name: NULLABLE_TEXT for name in TEXTS},
        **{name: NULLABLE_NUMBER for name in FIGURES},
        "simulated": {"type": "boolean"},
        "sentence": text,
        "href": text,
    }
    rows = {"type": "array", "items": anything}
    release_reference = _object({"release": text, "file_sha256_starts": text, "href": text})
    return {
        "Error": _object({"code": text, "message": text}),
        "Index": _object({"title": text, "latest": text, "releases": text, "openapi": text}),
        "Releases": _object({"latest": text, "releases": {"type": "array", "items": release_reference}}),
        "Release": _object({**provenance, "links": anything}),
        "Tables": _object({**provenance, "tables": {"type": "array", "items": _object(table)}}),
        "Table": _object(
            {**provenance, **table, "key": {"type": "array", "items": text}, "columns": columns}
        ),
        "Estimates": _object(
            {
                **provenance,
                "filters": anything,
                "estimates": {"type": "array", "items": _object(estimate)},
            }
        ),
        "Estimate": _object(
            {**provenance, **estimate, "result": anything, "checks": rows, "gates": rows, "series": rows}
        ),
        "Dictionary": _object({**provenance, "tables": anything}),
        "Changes": _object(
            {
                **provenance,
                "before": NULLABLE_TEXT,
                "after": text,
                "schema_version_before": {"type": ["integer", "null"]},
                "schema_version_after": number,
                "new_tables": {"type": "array", "items": text},
                "gone_tables": {"type": "array", "items": text},
                "tables": rows,
                "estimates": rows,
            }
        ),
    }
