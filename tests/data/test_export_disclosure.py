"""What may not leave does not: by allow-list, and by a look into every text."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from etl.dictionary import Column, Dictionary, Table, create_table_sql, load_dictionary
from etl.publish.export import ExportError, export_release
from tests.fixture.release import build_release

CANARY = "canary-7f3a"


def with_table(table: Table) -> Dictionary:
    return Dictionary({**load_dictionary().tables, table.name: table})


def secret_table(sensitivity: str, layer: str = "core", store: str = "release") -> Table:
    return Table(
        name=f"{layer}_secret",
        layer=layer,
        grain="one row",
        description="Planted.",
        columns=(
            Column("id", "INTEGER", "Number", "public"),
            Column("note", "VARCHAR", "Note", sensitivity),
        ),
        key=("id",),
        store=store,
    )


def release_with(table: Table, folder: Path) -> Path:
    path = build_release(folder / "release.duckdb")
    with duckdb.connect(str(path)) as connection:
        for statement in create_table_sql(table):
            connection.execute(statement)
        connection.execute(f"INSERT INTO {table.name} VALUES (1, '{CANARY}')")
    return path


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (secret_table("person-linked"), "neither public nor protected: note"),
        (secret_table("staff"), "neither public nor protected: note"),
        (secret_table("never-exported"), "neither public nor protected: note"),
        (secret_table("a word nobody knows"), "neither public nor protected: note"),
        (secret_table("public", layer="raw"), "layer raw is not exported"),
        (secret_table("public", store="private"), "kept in the private store"),
    ],
)
def test_a_table_that_is_not_allowed_stays_and_the_report_says_why(
    tmp_path: Path, table: Table, why: str
) -> None:
    release = release_with(table, tmp_path)
    export_release(release, tmp_path / "out", formats=["csv"], dictionary=with_table(table))
    assert CANARY.encode() not in all_bytes(tmp_path / "out")
    report = json.loads((tmp_path / "out/disclosure.json").read_text())
    assert why in report["held_back"][table.name]


def test_protected_aggregates_leave_and_are_named_as_such(tmp_path: Path) -> None:
    table = secret_table("protected")
    release = release_with(table, tmp_path)
    export_release(release, tmp_path / "out", formats=["csv"], dictionary=with_table(table))
    assert CANARY in (tmp_path / "out/data/csv/core_secret.csv").read_text()
    assert "| core_secret | 1 | 2 | note |" in (tmp_path / "out/DISCLOSURE.md").read_text()


def test_the_report_counts_the_protected_cells_and_names_the_rules(tmp_path: Path) -> None:
    table = Table(
        name="out_secret",
        layer="out",
        grain="one row",
        description="Planted.",
        columns=(
            Column("id", "INTEGER", "Number", "public"),
            Column("n", "INTEGER", "Count", "public", null=True),
            Column("n_flag", "VARCHAR", "How far it can be used", "public"),
        ),
        key=("id",),
    )
    release = build_release(tmp_path / "release.duckdb")
    with duckdb.connect(str(release)) as connection:
        for statement in create_table_sql(table):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO out_secret VALUES (1, 25, 'published'), (2, NULL, 'protected'), (3, NULL, 'protected')"
        )
    export_release(release, tmp_path / "out", formats=["csv"], dictionary=with_table(table))
    assert json.loads((tmp_path / "out/disclosure.json").read_text())["flags"]["out_secret"] == {
        "published": 1,
        "protected": 2,
    }
    text = (tmp_path / "out/DISCLOSURE.md").read_text()
    assert "No count of 1 to 9 of person-linked records is shown" in text and "| out_secret | 2 | 1 |" in text


def test_a_table_nobody_described_stays(tmp_path: Path) -> None:
    release = release_with(secret_table("public"), tmp_path)
    export_release(release, tmp_path / "out", formats=["csv"])
    assert CANARY.encode() not in all_bytes(tmp_path / "out")
    report = json.loads((tmp_path / "out/disclosure.json").read_text())
    assert report["held_back"]["core_secret"] == "not in the dictionary"


def test_a_column_nobody_described_stops_the_export(tmp_path: Path) -> None:
    release = build_release(tmp_path / "release.duckdb")
    with duckdb.connect(str(release)) as connection:
        connection.execute(f"ALTER TABLE out_quality ADD COLUMN person VARCHAR DEFAULT '{CANARY}'")
    with pytest.raises(ExportError, match=r"out_quality holds columns .* does not describe: person"):
        export_release(release, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_table_of_an_older_layout_stays_with_the_reason(tmp_path: Path) -> None:
    release = build_release(tmp_path / "release.duckdb")
    with duckdb.connect(str(release)) as connection:
        connection.execute("ALTER TABLE out_weekday_hour DROP COLUMN hour")
    export_release(release, tmp_path / "out", formats=["csv"])
    report = json.loads((tmp_path / "out/disclosure.json").read_text())
    assert report["held_back"]["out_weekday_hour"] == "made by an older version without: hour"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Call Ann at 612-555-0143", "a phone number"),
        ("ask ann@example.org", "an e-mail address"),
        ("see case 21-123456", "a case number"),
    ],
)
def test_a_personal_detail_in_any_text_stops_the_export_without_repeating_it(
    tmp_path: Path, text: str, kind: str
) -> None:
    release = build_release(tmp_path / "release.duckdb")
    with duckdb.connect(str(release)) as connection:
        connection.execute("UPDATE out_quality SET note = ? WHERE figure = 'plain_note'", [text])
    with pytest.raises(ExportError, match=f"out_quality.note holds what looks like {kind}") as caught:
        export_release(release, tmp_path / "out")
    assert text not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_every_sensitivity_of_the_dictionary_is_one_the_export_knows() -> None:
    known = {"public", "protected", "person-linked", "staff", "never-exported"}
    used = {c.sensitivity for table in load_dictionary().tables.values() for c in table.columns}
    assert used <= known


def test_no_exported_table_has_a_column_for_a_person_or_a_place_of_a_case() -> None:
    from etl.publish.export.selection import why_held_back

    forbidden = {"case_number", "address", "latitude", "longitude", "name_of_person", "phone", "birth_date"}
    for table in load_dictionary().tables.values():
        if why_held_back(table) is None:
            assert not forbidden & set(table.column_names), table.name
