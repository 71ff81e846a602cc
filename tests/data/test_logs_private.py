"""The private store keeps names, ids and notes in; nothing of them is in what leaves it."""

from __future__ import annotations

import hashlib
import os
import stat

import pandas as pd
import pytest

from disclosure.release import protect_release
from etl.dictionary import load_dictionary
from etl.logs import private_store
from etl.logs.forms import FORMS
from etl.logs.identity import KeyFault, keyed, read_or_make_key
from etl.logs.load import LoadedLogs
from etl.logs.private_store import StoreFault, read_logs, store_path, write_logs
from etl.logs.publish import TABLES, City, tables_from
from etl.simulate.notes import CANARY
from tests.data.simulated_city import areas, loaded, program, shootings_by_month, table, truth

PROGRAM = "simulated-outreach"


@pytest.fixture(scope="module")
def logs() -> LoadedLogs:
    return loaded()


@pytest.fixture(scope="module")
def tables(logs) -> dict[str, pd.DataFrame]:
    counts = shootings_by_month().stack().rename_axis(["area", "month"]).rename("count").reset_index()
    monthly = counts.assign(geography="neighborhood", month=pd.to_datetime(counts["month"]))
    city = City(areas(), table("links.csv"), monthly)
    return tables_from(logs, program(), city, program()["logs"]["exported_on"])


@pytest.fixture(scope="module")
def released(tables) -> dict[str, pd.DataFrame]:
    return protect_release({name: tables[name] for name in TABLES})


def test_the_store_gives_back_what_was_loaded(logs, tmp_path):
    write_logs(tmp_path, PROGRAM, logs)
    again = read_logs(tmp_path, PROGRAM)
    for name, frame in logs.frames.items():
        pd.testing.assert_frame_equal(again[name], frame)
    assert len(again["core_log_finding"]) == len(logs.findings)


def test_the_store_and_the_key_are_for_their_owner_alone(logs, tmp_path):
    os.umask(0o022)
    read_or_make_key(tmp_path)
    path = write_logs(tmp_path, PROGRAM, logs)
    for file in (path, tmp_path / "private" / "key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["key", private_store.STORE]


def test_loading_one_program_leaves_another_as_it_was(logs, tmp_path):
    write_logs(tmp_path, PROGRAM, logs)
    write_logs(
        tmp_path, "other", LoadedLogs({name: frame.iloc[:0] for name, frame in logs.frames.items()}, [])
    )
    write_logs(tmp_path, PROGRAM, logs)
    assert len(read_logs(tmp_path, PROGRAM)["core_shift"]) == len(logs.frames["core_shift"])


def test_a_write_that_fails_leaves_the_store_as_it_was(logs, tmp_path, monkeypatch):
    path = write_logs(tmp_path, PROGRAM, logs)
    before = hashlib.sha256(path.read_bytes()).hexdigest()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_store, "_insert", full)
    with pytest.raises(StoreFault, match="as it was") as caught:
        write_logs(tmp_path, PROGRAM, logs)
    assert "\n" not in str(caught.value)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [entry.name for entry in path.parent.iterdir()] == [private_store.STORE]


@pytest.mark.parametrize("damage", [b"", b"not a database at all"])
def test_no_store_and_a_broken_store_say_what_to_do(tmp_path, damage):
    with pytest.raises(StoreFault, match="Build a release"):
        read_logs(tmp_path, PROGRAM)
    store_path(tmp_path).parent.mkdir()
    store_path(tmp_path).write_bytes(damage or b"\x00" * 20_000)
    with pytest.raises(StoreFault):
        read_logs(tmp_path, PROGRAM)


def test_ids_are_kept_only_as_keyed_hashes(logs, tmp_path):
    raw = set(table("logs/shifts.csv")["worker"]) | set(table("logs/activities.csv")["participant"]) - {""}
    kept = set(logs.frames["core_shift"]["worker"]) | set(
        logs.frames["core_activity"]["participant"].dropna()
    )
    assert not raw & kept
    assert all(len(value) == 24 and set(value) <= set("0123456789abcdef") for value in kept)
    plain = {hashlib.sha256(value.encode()).hexdigest()[:24] for value in raw}
    assert not plain & kept
    content = write_logs(tmp_path, PROGRAM, logs).read_bytes()
    assert [value for value in raw if value and value.encode() in content] == []


def test_the_hash_needs_the_key_and_tells_providers_apart():
    assert keyed(b"a" * 32, "worker", "north", "W1") == keyed(b"a" * 32, "worker", "north", " w1 ")
    different = {
        keyed(key, kind, provider, "W1")
        for key in (b"a" * 32, b"b" * 32)
        for kind in ("worker", "participant")
        for provider in ("north", "south")
    }
    assert len(different) == 8


def test_the_same_worker_keeps_one_hash_in_every_log(logs):
    shifts = set(logs.frames["core_shift"]["worker"])
    activities = set(logs.frames["core_activity"]["worker"])
    assert activities <= shifts and len(shifts) == len(set(table("logs/shifts.csv")["worker"]) - {""})


def test_the_key_is_made_once_and_never_replaced(tmp_path):
    first = read_or_make_key(tmp_path)
    assert read_or_make_key(tmp_path) == first and len(first) >= 32
    path = tmp_path / "private" / "key"
    path.chmod(0o644)
    with pytest.raises(KeyFault, match="chmod 600"):
        read_or_make_key(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(KeyFault, match="too short"):
        read_or_make_key(tmp_path)


def test_notes_stay_in_and_canaries_reach_no_table(logs, tables, released):
    notes = logs.frames["core_activity"]["note"].fillna("")
    assert notes.str.contains(CANARY).sum() > 0.9 * truth()["canaries"]["notes"]
    for name, frame in {**tables, **released}.items():
        text = frame.astype(str).to_csv()
        assert CANARY not in text and "555-01" not in text, name
        hashes = set(logs.frames["core_shift"]["worker"]) | set(
            logs.frames["core_activity"]["participant"].dropna()
        )
        assert not [value for value in hashes if value in text], name


def test_no_column_of_a_release_may_hold_what_never_leaves():
    private = {
        column.name
        for form in FORMS
        for column in form.definition.columns
        if column.sensitivity == "never-exported"
    }
    assert private == {"record", "worker", "participant", "note"}
    for name, described in load_dictionary().tables.items():
        if described.layer == "out":
            # out_quality has a note of another kind: one sentence on how a fault is handled.
            assert not private & (
                set(described.column_names) - ({"note"} if name == "out_quality" else set())
            ), name
            assert {column.sensitivity for column in described.columns} == {"public"}, name
    for form in FORMS:
        if form.name != "funding":
            assert form.definition.store == "private"


def test_no_released_count_of_people_is_under_ten(released):
    for name in ("out_activity", "out_participant", "out_request", "out_request_time"):
        shown = released[name].loc[released[name]["n"].notna(), "n"].astype(int)
        assert len(shown) and ((shown == 0) | (shown >= 10)).all(), name
        assert (shown % 5 == 0).all(), name
