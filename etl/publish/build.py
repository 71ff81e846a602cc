"""`python -m etl build`: source files in, a proven release out."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from etl import warehouse
from etl.load.ledger import snapshot_id
from etl.load.loading import Loading, Options, Progress, load_everything
from etl.load.revisions import remember
from etl.load.rows_source import insert_counts
from etl.load.tables import PROJECT
from etl.load.work_database import work_database
from etl.publish import release as publishing
from etl.publish.evidence_ledger import Entry, LedgerError
from etl.publish.findings import write_findings
from etl.publish.forecast import keep_forecast
from etl.publish.kept_files import keep_files
from etl.publish.ledger_entries import ledger_of, publication_of
from etl.publish.ledger_in_release import write_ledger
from etl.publish.outreach import publish_outreach
from etl.publish.version import code_version
from etl.settings import load_sources
from etl.sources.files import check_folders

__all__ = ("Loading", "Options", "build", "insert_counts", "load_everything", "work_database")


def build(options: Options, progress: Progress) -> warehouse.ReleaseFile:
    """Build and publish a release. The last release stays as it was unless everything succeeds.

    Raises BadInput (exit status 2) for the input, BuildError (exit status 1) for anything else.
    """
    started = time.monotonic()
    home = options.home or warehouse.home()
    options = replace(options, home=home)
    check_folders(options.data)
    with publishing.one_loader(home):
        removed = publishing.sweep(home)
        if removed:
            progress(f"tidied {len(removed)} left-over or old files")
        with _workplace(home) as workplace, work_database(workplace) as connection:
            loading = Loading(connection, options, workplace, progress, load_sources(options.sources))
            load_everything(loading)
            publish_outreach(connection, home, loading.programs, progress, options.data)
            evaluate_everything(loading)
            target = publishing.build_file(home)
            release_id = publishing.next_release_id(home, datetime.now(UTC).date())
            if options.keep_files:
                _keep(loading, home, release_id)
            snapshot = snapshot_id(loading.ledger)
            lines = _ledger_lines(loading, home, release_id, snapshot)
            sums = publishing.write_release(connection, target, release_id, snapshot, code_version(PROJECT))
            progress("data tests passed")
            # Before the release is in use: an answer that anyone has seen is in the ledger.
            ledger_of(home).write(lines or [])
            made = publishing.publish(target, home, release_id, sums)
            remember(connection, home, loading.loaded, release_id)
            if keep_forecast(connection, home, release_id) is None:
                progress("the forecast of the staff page could not be written; the one before stays")
            if lines is not None:
                ledger = ledger_of(home)
                release = warehouse.open_file(made.path)
                ledger.append(publication_of(release, made.sha12, ledger.entries()))
                progress(f"evidence ledger: {len(lines) + 1} entries added")
    progress(f"release {made.id} is in use ({made.path.name}, {time.monotonic() - started:.0f} s)")
    return made


def _keep(loading: Loading, home: Path, release_id: str) -> None:
    """Keep what was read, so that the release can be made again when the data folders hold something else."""
    options = loading.options
    read: dict[str, set[str]] = {}
    for source, entry in loading.ledger:
        read.setdefault(source, set()).add(entry.sha256)
    given = {"set_aside_share": options.set_aside_share, "folders": len(options.data)}
    today = datetime.now(UTC).date()
    new, size = keep_files(
        home, release_id, loading.sources, options.data, options.shipped, read, given, today
    )
    loading.progress(f"files kept to rebuild it: {new} new ({size / 1e6:.1f} MB on the disk)")


def _ledger_lines(loading: Loading, home: Path, release_id: str, snapshot: str) -> list[Entry] | None:
    """Lines that this build adds to the evidence ledger; None for a damaged one, which is named and left as it is."""
    try:
        return write_ledger(loading.connection, home, release_id, snapshot)
    except LedgerError as error:
        loading.progress(f"evidence ledger: {error}; nothing is added to it")
        return None


def _known(home: Path) -> list[Entry]:
    """The evidence ledger as it stands; a damaged one supports no claim."""
    ledger = ledger_of(home)
    return [] if ledger.check() else ledger.entries()


@contextmanager
def _workplace(home: Path) -> Iterator[Path]:
    """A folder for this build alone, inside the private store, removed at its end."""
    private = home / "private"
    private.mkdir(parents=True, exist_ok=True)
    private.chmod(0o700)
    with tempfile.TemporaryDirectory(prefix=".work-", dir=private) as folder:
        yield Path(folder)


def evaluate_everything(loading: Loading) -> None:
    """Estimates of the fixed analyses, where the evaluation package offers them."""
    from etl.publish.estimate_store import SHIPPED, EstimateStore
    from etl.publish.evaluate import evaluate_programs

    home = loading.options.home or warehouse.home()
    store = EstimateStore(home / "estimates", SHIPPED)
    evaluate_programs(
        loading.connection, loading.programs, loading.progress, loading.options.quick, store, _known(home)
    )
    write_findings(loading.connection, loading.progress)
