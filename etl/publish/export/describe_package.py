"""Machine-readable descriptions of the package: Frictionless, DCAT-US, schema.org, Citation File."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from etl.dictionary import Column, Table
from etl.publish.export.provenance import (
    DEFAULT_LICENCE,
    LICENCES,
    PACKAGE_NAME,
    TITLE,
    Licence,
    citation,
    column_record,
    licence_of,
    utc_text,
)

KEYWORDS = [
    "violence prevention",
    "street outreach",
    "interrupted time series",
    "program evaluation",
    "shootings",
]
FRICTIONLESS_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
}
MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "dta": "application/x-stata-dta",
}


@dataclass(frozen=True)
class WrittenFile:
    """One data file of the package. `path` is relative with forward slashes."""

    table: Table
    format: str
    path: str
    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True)
class Publication:
    """Who publishes this copy and where it will lie; all may stay empty."""

    publisher: str = "Publisher of this copy"
    contact_email: str = ""
    base_url: str = ""


def data_package(
    meta: dict[str, Any], files: list[WrittenFile], sources: list[dict[str, Any]], publication: Publication
) -> dict[str, Any]:
    """Frictionless Data Package v2 (datapackage.org). `sources` are the rows of out_source."""
    package: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": PACKAGE_NAME,
        "id": f"{PACKAGE_NAME}:{meta['release_id']}:{str(meta['snapshot_id'])[:16]}",
        "title": TITLE,
        "description": "Counts by area and month, and the estimates made from them, of one release.",
        "version": str(meta["release_id"]),
        "created": utc_text(meta["built_at"]),
        "keywords": KEYWORDS,
        "licenses": [_license(LICENCES[DEFAULT_LICENCE])],
        "contributors": [{"title": publication.publisher, "roles": ["publisher"]}],
        "sources": [
            {"title": f"{source['title']}: {source['publisher']}", "path": source["url"]}
            if str(source["url"]).startswith(("http://", "https://"))
            else {"title": f"{source['title']}: {source['publisher']}"}
            for source in sources
        ],
        "resources": _resources(files),
    }
    if not package["sources"]:
        del package["sources"]
    if publication.base_url:
        package["homepage"] = publication.base_url
    return package


def _license(licence: Licence) -> dict[str, str]:
    return {"name": licence.name, "title": licence.title, "path": licence.url}


def _resources(files: list[WrittenFile]) -> list[dict[str, Any]]:
    """One resource a table: its CSV twin, with the other formats named beside it.

    Frictionless can check a CSV against its schema; of Parquet it reads integers with gaps as decimals
    and no byte count, so those files stand under `alternatives` with a checksum of their own.
    """
    by_table: dict[str, list[WrittenFile]] = {}
    for file in files:
        by_table.setdefault(file.table.name, []).append(file)
    resources = []
    for written in by_table.values():
        main = next((file for file in written if file.format == "csv"), written[0])
        resource = _file_properties(main) | {
            "name": main.table.name.replace("_", "-"),
            "title": main.table.name,
            "description": f"{main.table.description} {main.table.grain.capitalize()}.",
            "licenses": [_license(licence_of(main.table))],
        }
        if main.format == "csv":
            resource |= {
                "type": "table",
                "encoding": "utf-8",
                "dialect": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True},
                "schema": table_schema(main.table),
            }
        others = [_file_properties(file) for file in written if file is not main]
        if others:
            resource["alternatives"] = others
        resources.append(resource)
    return resources


def _file_properties(file: WrittenFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "format": file.format,
        "mediatype": MEDIA_TYPES[file.format],
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
    }


def table_schema(table: Table) -> dict[str, Any]:
    """Frictionless Table Schema of the CSV twin."""
    return {
        "fields": [_field(column, column.name in table.key) for column in table.columns],
        "primaryKey": list(table.key),
        "missingValues": [""],
    }


def _field(column: Column, in_key: bool) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": FRICTIONLESS_TYPES[column.type],
        "description": ". ".join(text for text in (column.meaning, column.caveat) if text),
    }
    if column.unit:
        field["unit"] = column.unit
    if column.type == "TIMESTAMP":
        field["format"] = "%Y-%m-%d %H:%M:%S.%f"
    constraints: dict[str, Any] = {}
    # An empty text and a missing one look alike in CSV, so texts outside the key are not required.
    if not column.null and (column.type != "VARCHAR" or in_key):
        constraints["required"] = True
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    if constraints:
        field["constraints"] = constraints
    return field


def dcat_us(meta: dict[str, Any], files: list[WrittenFile], publication: Publication) -> dict[str, Any]:
    """DCAT-US 1.1 catalog (resources.data.gov/resources/dcat-us), one dataset for each table."""
    datasets = []
    by_table: dict[str, list[WrittenFile]] = {}
    for file in files:
        by_table.setdefault(file.table.name, []).append(file)
    for name, written in by_table.items():
        table = written[0].table
        contact = {"@type": "vcard:Contact", "fn": publication.publisher}
        if publication.contact_email:
            contact["hasEmail"] = f"mailto:{publication.contact_email}"
        datasets.append(
            {
                "@type": "dcat:Dataset",
                "identifier": f"{PACKAGE_NAME}/{meta['release_id']}/{name}",
                "title": f"{TITLE}: {name}",
                "description": f"{table.description} {table.grain.capitalize()}.",
                "keyword": KEYWORDS,
                "modified": utc_text(meta["built_at"]),
                "publisher": {"@type": "org:Organization", "name": publication.publisher},
                "contactPoint": contact,
                "accessLevel": "public",
                "license": licence_of(table).url,
                "describedBy": _address(publication, "datapackage.json"),
                "describedByType": "application/json",
                "distribution": [
                    {
                        "@type": "dcat:Distribution",
                        "title": f"{name}.{file.format}",
                        "format": file.format,
                        "mediaType": MEDIA_TYPES[file.format],
                        "downloadURL": _address(publication, file.path),
                    }
                    for file in written
                ],
            }
        )
    return {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
        "dataset": datasets,
    }


def schema_org(meta: dict[str, Any], files: list[WrittenFile], publication: Publication) -> dict[str, Any]:
    """schema.org Dataset, what search engines for data read."""
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": TITLE,
        "description": "Counts by area and month, and the estimates of what street-outreach violence "
        "prevention did to shootings, made from them.",
        "version": str(meta["release_id"]),
        "identifier": f"{PACKAGE_NAME}:{meta['release_id']}",
        "dateModified": utc_text(meta["built_at"]),
        "license": LICENCES[DEFAULT_LICENCE].url,
        "isAccessibleForFree": True,
        "keywords": KEYWORDS,
        "creator": {"@type": "Organization", "name": publication.publisher},
        "variableMeasured": sorted(
            {
                f"{file.table.name}.{column.name}: {column.meaning}"
                for file in files
                for column in file.table.columns
                if column.unit
            }
        ),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.path.rsplit("/", 1)[-1],
                "encodingFormat": MEDIA_TYPES[file.format],
                "contentUrl": _address(publication, file.path),
                "contentSize": f"{file.bytes} B",
                "sha256": file.sha256,
            }
            for file in files
        ],
    }


def _address(publication: Publication, path: str) -> str:
    return f"{publication.base_url.rstrip('/')}/{path}" if publication.base_url else path


def citation_cff(meta: dict[str, Any], publication: Publication) -> str:
    """Citation File Format 1.2.0 (citation-file-format.github.io), as YAML."""
    quoted = json.dumps
    lines = [
        "cff-version: 1.2.0",
        "type: dataset",
        f"message: {quoted('If you use these data, please cite them with the number of the release.')}",
        f"title: {quoted(TITLE + ': counts and estimates for street-outreach violence prevention')}",
        f"version: {quoted(str(meta['release_id']))}",
        f"date-released: {meta['built_at'].date().isoformat()}",
        "authors:",
        f"  - name: {quoted(publication.publisher)}",
        f"license: {DEFAULT_LICENCE}",
        f"abstract: {quoted(citation(meta))}",
        "keywords:",
        *[f"  - {quoted(keyword)}" for keyword in KEYWORDS],
        "identifiers:",
        "  - type: other",
        f"    value: {quoted('sha256:' + str(meta['snapshot_id']))}",
        f"    description: {quoted('Snapshot: hash of the ordered loads this release holds')}",
    ]
    return "\n".join(lines) + "\n"


def dictionary_json(tables: list[Table]) -> dict[str, Any]:
    """The dictionary of the exported tables as JSON-ready values."""
    return {
        table.name: {
            "description": table.description,
            "grain": table.grain,
            "key": list(table.key),
            "columns": [column_record(column) for column in table.columns],
        }
        for table in tables
    }
