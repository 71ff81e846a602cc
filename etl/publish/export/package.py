"""The data package: every exported table in every format, what describes them, what recomputes them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from etl.checksum import file_sha256
from etl.dictionary import Dictionary, Table
from etl.publish.export import engine, replication
from etl.publish.export.changes import changes_csv, changes_markdown, compare
from etl.publish.export.codebook import codebook_csv, codebook_markdown
from etl.publish.export.describe_package import (
    Publication,
    WrittenFile,
    citation_cff,
    data_package,
    dcat_us,
    schema_org,
)
from etl.publish.export.disclosure_report import TextScan, disclosure_json, disclosure_markdown
from etl.publish.export.errors import ExportError
from etl.publish.export.provenance import citation, provenance
from etl.publish.export.readme import licences_markdown, readme
from etl.publish.export.release_reader import ReleaseReader
from etl.publish.export.specifications import (
    RUN_ROLES,
    RunnableSpec,
    published_csv,
    registered_specs,
    runnable_specs,
)
from etl.publish.export.write_csv import CsvTable
from etl.publish.export.write_parquet import ParquetTable, described_schema
from etl.publish.export.write_stata import write_stata

FORMATS = ("parquet", "csv", "stata")
EXTENSION = {"parquet": "parquet", "csv": "csv", "stata": "dta"}
CHECKSUMS = "SHA256SUMS"


def export_release(
    release: Path,
    out: Path,
    previous: Path | None = None,
    formats: Iterable[str] = FORMATS,
    publication: Publication | None = None,
    dictionary: Dictionary | None = None,
) -> list[Path]:
    """Write the data package of a release file into the folder `out`; returns the files written.

    The folder appears whole or not at all. Raises ExportError (codes "out_not_empty", "unknown_format",
    "broken_release", "not_in_dictionary", "forbidden_text").
    """
    formats = list(formats)
    for name in formats:
        if name not in FORMATS:
            raise ExportError("unknown_format", f"Unknown format {name!r}. Formats: {', '.join(FORMATS)}.")
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError("out_not_empty", f"{out} exists and is not an empty folder. Name a new one.")
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = out.parent / f".{out.name}.{os.getpid()}.part"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        _write(Path(release), staging, previous, formats, publication or Publication(), dictionary)
        if out.exists():
            out.rmdir()
        staging.rename(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return sorted(path for path in out.rglob("*") if path.is_file())


def _write(
    release: Path,
    folder: Path,
    previous: Path | None,
    formats: list[str],
    publication: Publication,
    dictionary: Dictionary | None,
) -> None:
    scan = TextScan()
    files: list[WrittenFile] = []
    rows: dict[str, int] = {}
    disarmed = 0
    with ReleaseReader(release, dictionary) as reader:
        for table in reader.selection.tables:
            rows[table.name] = reader.count(table)
            written, changed = write_table(reader, table, folder / "data", formats, scan)
            disarmed += changed
            files += [_written(table, path, folder, rows[table.name]) for path in written]
        scan.raise_if_found()
        meta, selection = reader.meta, reader.selection
        sources = reader.rows_of("out_source") if reader.has("out_source") else []
        programs = reader.rows_of("core_program") if reader.has("core_program") else []
        runs = _runnable_specs(reader, programs)
    tables = list(selection.tables)
    counted = [(table, rows[table.name]) for table in tables]
    changes = compare(previous, release)
    texts = {
        "README.md": readme(meta, files, sources),
        "LICENSES.md": licences_markdown(tables, sources),
        "CODEBOOK.md": codebook_markdown(counted, reader.id),
        "codebook.csv": codebook_csv(counted),
        "CHANGES.md": changes_markdown(changes),
        "changes.csv": changes_csv(changes),
        "DISCLOSURE.md": disclosure_markdown(reader.id, selection, rows, scan, disarmed),
        "disclosure.json": disclosure_json(reader.id, selection, rows, scan),
        "CITATION.cff": citation_cff(meta, publication),
        "datapackage.json": _json(data_package(meta, files, sources, publication)),
        "dcat-us.jsonld": _json(dcat_us(meta, files, publication)),
        "schema-org.jsonld": _json(schema_org(meta, files, publication)),
    }
    texts |= {f"specs/registered/{spec.name}": spec.text for spec in registered_specs(programs)}
    texts |= {f"specs/run/{spec.name}": spec.text for spec in runs}
    if runs:
        texts["specs/run/published.csv"] = published_csv(runs)
    texts |= replication.files(meta) | engine.files()
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    for spec in runs:
        (folder / "specs/run" / spec.rows_name).write_bytes(spec.rows_bytes)
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8", newline="\n")


def _runnable_specs(reader: ReleaseReader, programs: list[dict[str, Any]]) -> list[RunnableSpec]:
    if not reader.has("out_estimate") or not reader.has("out_monthly"):
        return []
    estimates = [row for row in reader.rows_of("out_estimate") if row["role"] in RUN_ROLES]
    if not estimates:
        return []
    links = reader.frame("core_area_link") if reader.has("core_area_link") else pd.DataFrame()
    return runnable_specs(programs, estimates, lambda chosen: reader.frame("out_monthly", chosen), links)


def write_table(
    reader: ReleaseReader,
    table: Table,
    folder: Path,
    formats: list[str],
    scan: TextScan,
    filters: dict[str, str] | None = None,
    name: str | None = None,
) -> tuple[list[Path], int]:
    """Write one table, or the part that `filters` chooses, in one pass over its rows.

    Files go to `folder/<format>/<name>.<extension>`. Returns the paths and the number of texts disarmed
    in CSV.
    """
    about = provenance(reader.meta, table, reader.count(table, filters), filters)
    paths = {form: folder / form / f"{name or table.name}.{EXTENSION[form]}" for form in formats}
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    kept: list[pa.RecordBatch] = []
    disarmed = 0
    with ExitStack() as stack:
        schema, batches = stack.enter_context(reader.batches(table, filters))
        described = described_schema(schema, table, about, citation(reader.meta))
        parquet = csv = None
        if "parquet" in paths:
            parquet = stack.enter_context(ParquetTable(paths["parquet"], described))
        if "csv" in paths:
            csv = stack.enter_context(CsvTable(paths["csv"], schema))
        for batch in batches:
            scan.look(table, batch)
            if parquet is not None:
                parquet.write(batch)
            if csv is not None:
                csv.write(batch)
            if "stata" in paths:
                kept.append(batch)
        disarmed = csv.disarmed if csv is not None else 0
    if "stata" in paths:
        whole = pa.Table.from_batches(kept, schema=schema)
        write_stata(whole, table, paths["stata"], reader.meta["built_at"], reader.id)
    return list(paths.values()), disarmed


def _written(table: Table, path: Path, folder: Path, rows: int) -> WrittenFile:
    return WrittenFile(
        table=table,
        format=path.suffix.removeprefix("."),
        path=path.relative_to(folder).as_posix(),
        bytes=path.stat().st_size,
        sha256=file_sha256(path),
        rows=rows,
    )


def checksums(folder: Path) -> str:
    """Lines that `sha256sum --check` reads, for every file of the folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    return "".join(f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in paths)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
