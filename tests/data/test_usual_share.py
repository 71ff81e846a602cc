"""More unusable rows than a source usually has: refused, though each file keeps under 2 %."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from etl.problems import BadInput
from tests.data.conftest import few_sources, load_and_remember

FILE = Path("data/simulated-city/incidents/shootings.csv")
HEADER = "case_number,occurred_at,reported_at,neighborhood,ward,precinct,victims,fatal_victims,simulated"
ROWS = 2000


class Feed:
    """Loads of one source, one after the other, each with so many rows of an unknown neighborhood."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.sources = few_sources(
            folder / "sources", "simulated_city_areas.toml", "simulated_city_shootings.toml"
        )
        self.loads = 0

    def load(self, faulty: int, **options: object) -> int:
        """Load; how many rows were set aside."""
        self.loads += 1
        data = self.folder / f"data{self.loads}"
        path = data / FILE
        path.parent.mkdir(parents=True)
        lines = [
            f"LK{n:06d},2019-0{n % 6 + 1}-{n % 28 + 1:02d} 01:45,2019-0{n % 6 + 1}-{n % 28 + 1:02d} 02:25,"
            f"{'Nowhere' if n < faulty else 'Rushlantern'},3,2,1,0,true"
            for n in range(ROWS)
        ]
        path.write_text("\n".join([HEADER, *lines]) + "\n")
        given = {"data": [data], "sources": self.sources, "programs": self.programs, "set_aside_share": 0.02}
        found = load_and_remember(
            self.folder / "home", f"2026.1.{self.loads}", take_smaller=True, **given, **options
        )
        loads = found["meta_load"]
        return int(loads.loc[loads["file"] == FILE.name, "rows_rejected"].iloc[0])


@pytest.fixture
def feed(tmp_path: Path, no_programs: Path) -> Feed:
    return Feed(tmp_path, no_programs)


@pytest.mark.slow
def test_five_times_the_usual_share_is_the_limit(feed: Feed) -> None:
    for faulty in (3, 4, 6):
        assert feed.load(faulty) == faulty  # median 4 of 2,000: 0.2 %
    with pytest.raises(BadInput) as refused:
        feed.load(21)
    (line,) = [str(problem) for problem in refused.value.problems]
    for part in ("shootings.csv", "21 of 2,000 rows", "1.05%", "median of 3 loads 0.20%", "unknown neighborhood (21 rows)", "--set-aside-unusual"):  # fmt: skip
        assert part in line
    assert feed.load(20) == 20
    assert feed.load(30, set_aside_unusual=True) == 30


@pytest.mark.slow
def test_a_source_that_never_had_one_may_have_ten(feed: Feed) -> None:
    for _ in range(2):
        assert feed.load(0) == 0
    assert feed.load(12) == 12  # two loads are no habit
    with pytest.raises(BadInput, match="11 of 2,000 rows"):
        feed.load(11)
    assert feed.load(10) == 10


def test_a_memory_from_before_the_rule_is_no_habit(feed: Feed) -> None:
    feed.load(0)
    with duckdb.connect(str(feed.folder / "home" / "private" / "store.duckdb")) as store:
        store.execute("ALTER TABLE load_history DROP COLUMN rows_read")
        store.execute("ALTER TABLE load_history DROP COLUMN rows_rejected")
    assert feed.load(15) == 15
