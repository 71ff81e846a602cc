"""A published number can be rebuilt: from the files as they were read, whatever lies in the folder now."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from etl import warehouse
from etl.__main__ import main
from etl.checksum import file_sha256
from etl.problems import BadInput
from etl.publish.build import Options, build
from etl.publish.kept_files import kept_of, landing
from etl.publish.release import move_pointer
from etl.publish.verify import verify
from tests.data.conftest import few_sources, silent

PROJECT = Path(__file__).resolve().parents[2]
FILE = Path("data/simulated-city/incidents/shootings.csv")


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory, no_programs: Path) -> Options:
    """A release of half the shootings; then the folder holds all of them."""
    place = tmp_path_factory.mktemp("rebuild")
    sources = few_sources(place / "sources", "simulated_city_areas.toml", "simulated_city_shootings.toml")
    given = Options(
        data=[place / "data"], home=place / "home", sources=sources, programs=no_programs, take_smaller=True
    )
    lines = (PROJECT / FILE).read_text().splitlines(keepends=True)
    path = place / "data" / FILE
    path.parent.mkdir(parents=True)
    path.write_text("".join(lines[: len(lines) // 2]))
    build(given, silent)
    path.write_text("".join(lines))
    return given


@pytest.fixture
def home(tmp_path: Path, options: Options, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert options.home is not None
    place = tmp_path / "home"
    shutil.copytree(options.home, place)
    monkeypatch.setenv("OVP_HOME", str(place))
    monkeypatch.setattr(warehouse, "_POINTER_SECONDS", 0.0)
    return place


def older() -> str:
    return warehouse.releases()[-1].id


def altered(home: Path, statement: str, release_id: str) -> str:
    """The release with one figure changed by hand, under a name that fits its new bytes."""
    item = next(item for item in warehouse.releases() if item.id == release_id)
    copy = item.path.with_name("copy")
    shutil.copyfile(item.path, copy)
    item.path.unlink()
    with duckdb.connect(str(copy)) as connection:
        connection.execute(statement)
    target = copy.with_name(f"{release_id}-{file_sha256(copy)[:12]}.duckdb")
    copy.rename(target)
    move_pointer(home / "releases", target.name)
    return release_id


def test_a_release_is_rebuilt_although_folder_and_settings_have_changed(
    home: Path, options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = kept_of(home, older())
    assert kept is not None
    (read,) = [file for file in kept.files if file.path == FILE.as_posix() and file.folder == "0"]
    assert read.sha256 != file_sha256(options.data[0] / FILE)
    assert {file.path for file in kept.files if file.folder == "settings"} == {
        path.name for path in options.sources.glob("*.toml")
    }
    for name in ("out_monthly", "out_daily"):
        assert len(warehouse.open_release().table(name))
    assert main(["verify"]) == 0
    said = capsys.readouterr().out
    assert "counts made again from" in said
    assert "no difference" in said


def test_a_changed_count_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Where no sum of the data tests shows it.
    change = (
        "UPDATE out_weekday_hour SET count = count + 1 WHERE weekday = 3 AND hour = 14 AND unit = 'victims'"
    )
    release = altered(home, change, older())
    assert main(["verify", "--release", release]) == 1
    said = capsys.readouterr().err
    assert "out_weekday_hour simulated-city/gunshot/victims/3/14 count: " in said
    assert "\n1 of" in said


@pytest.mark.slow
def test_each_content_is_kept_once(home: Path, options: Options) -> None:
    build(replace(options, home=home), silent)
    old, new = (kept_of(home, item.id) for item in reversed(warehouse.releases()))
    assert old is not None and new is not None
    shots = [
        next(file for file in kept.files if file.path == FILE.as_posix() and file.folder == "0")
        for kept in (old, new)
    ]
    assert shots[0].sha256 != shots[1].sha256
    rest = [
        {file.kept for file in kept.files} - {shot.kept} for kept, shot in zip((old, new), shots, strict=True)
    ]
    assert rest[0] - {shots[1].kept} == rest[1]
    kept = list(landing(home).glob("*/*/*.zst"))
    assert len(kept) == len({file.kept for file in (*old.files, *new.files)})
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o400}
    assert landing(home).parent.stat().st_mode & 0o077 == 0
    counts = []
    for item in warehouse.releases():
        assert verify(None, item.id, silent).differences == ()
        table = warehouse.open_release(item.id).table("out_monthly")
        counts.append(int(table.query("geography == 'city' and unit == 'incidents'")["count"].sum()))
    assert counts[0] > 1.3 * counts[1]


def test_a_damaged_copy_is_noticed(home: Path) -> None:
    kept = kept_of(home, older())
    assert kept is not None
    path = landing(home) / next(file.kept for file in kept.files if file.folder == "0")
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(BadInput, match=r"missing or damaged.*Restore private/landing"):
        verify(None, older(), silent)
    path.unlink()
    with pytest.raises(BadInput, match="missing or damaged"):
        verify(None, older(), silent)


@pytest.mark.slow
def test_a_feed_of_changes_is_verified_against_the_memory_of_its_loads(
    tmp_path: Path, no_programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVP_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(warehouse, "_POINTER_SECONDS", 0.0)
    sources = few_sources(tmp_path / "sources", "simulated_city_areas.toml", "simulated_city_shootings.toml")
    settings = sources / "simulated_city_shootings.toml"
    settings.write_text(settings.read_text().replace("[rows]\n", '[rows]\nexports = "changes"\n'))
    header, *lines = (PROJECT / FILE).read_text().splitlines(keepends=True)
    path = tmp_path / "data" / FILE
    path.parent.mkdir(parents=True)
    for part in (lines[:6000], lines[6000:]):
        path.write_text(header + "".join(part))
        build(
            Options(data=[tmp_path / "data"], home=tmp_path / "home", sources=sources, programs=no_programs),
            silent,
        )
    said: list[str] = []
    for item in warehouse.releases():
        found = verify(None, item.id, said.append)
        assert found.differences == ()
    assert any("compared with the memory of loads" in line for line in said)
    # A case that came with the second load is not in what the first release counts.
    new, old = (
        warehouse.open_release(item.id).table("out_monthly").query("geography == 'city'")["count"].sum()
        for item in warehouse.releases()
    )
    assert new > 1.5 * old
    release = altered(
        tmp_path / "home",
        "UPDATE out_monthly SET count = count + 1 WHERE geography = 'city' AND month_basis = 'occurred' "
        "AND outcome = 'near_repeat_shooting' AND unit = 'incidents' AND month = '2019-05-01'; "
        "UPDATE out_daily SET count = count + 1 WHERE geography = 'city' AND date_basis = 'occurred' "
        "AND outcome = 'near_repeat_shooting' AND unit = 'incidents' AND date = '2019-05-01'",
        older(),
    )
    (line,) = verify(None, release, silent).differences
    assert line.startswith("out_monthly simulated-city/near_repeat_shooting/incidents/2019-05 count: ")


@pytest.mark.slow
def test_no_copies_when_not_wanted(tmp_path: Path, no_programs: Path) -> None:
    sources = few_sources(tmp_path / "sources", "simulated_city_areas.toml", "simulated_city_counts.toml")
    home = tmp_path / "home"
    made = build(Options(home=home, sources=sources, programs=no_programs, keep_files=False), silent)
    assert kept_of(home, made.id) is None
    assert not landing(home).exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_number_of_the_default_release_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts exactly, estimates to 1e-9; then one estimate is changed in its tenth digit, and named."""
    home = tmp_path / "home"
    monkeypatch.setenv("OVP_HOME", str(home))
    monkeypatch.setattr(warehouse, "_POINTER_SECONDS", 0.0)
    made = build(Options(home=home), silent)
    found = verify(None, made.id, silent)
    assert found.differences == ()
    assert found.compared > 200_000
    statement = "UPDATE out_estimate SET rate_ratio = rate_ratio * (1 + 1e-8) WHERE estimate_id = '{}'"
    name = "cure-violence-new-york/" + str(
        warehouse.open_release(made.id)
        .query("estimates", program="cure-violence-new-york")["analysis"]
        .iloc[0]
    )
    altered(home, statement.format(name), made.id)
    assert main(["verify", name]) == 1
    assert f"out_estimate {name} rate_ratio: " in capsys.readouterr().err
