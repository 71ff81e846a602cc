"""What all analyses of one program at one geography share: counts, neighbors, levels, clusters."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from evaluation.cube import Cube
from evaluation.program import Program


@dataclass(frozen=True)
class Setting:
    """What all analyses of one program at one geography share.

    levels: an earlier, different outcome by area; clusters: area → the unit that was chosen (community);
    hours: month → worker hours of the program, of the months that its log covers.
    """

    program: Program
    cube: Cube
    neighbors: frozenset[tuple[str, str]]
    levels: pd.Series
    clusters: dict[str, str]
    hours: dict[str, float] = field(default_factory=dict)
    members: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def areas_of(self, catchment: str, geography: str) -> tuple[str, ...]:
        """Areas of a catchment at the geography of the counts, through the membership columns."""
        found = self.program.catchments[catchment]
        if found.geography == geography:
            return found.areas
        return tuple(area for name in found.areas for area in self.members.get((found.geography, name), ()))

    def ever_treated(self, geography: str) -> frozenset[str]:
        return frozenset(
            area for catchment in self.program.catchments for area in self.areas_of(catchment, geography)
        )


def cluster_levels(setting: Setting) -> dict[str, float]:
    """Events of the level outcome by cluster: which of them could have been chosen."""
    labels = [setting.clusters.get(str(area), str(area)) for area in setting.levels.index]
    return {str(name): float(value) for name, value in setting.levels.groupby(labels).sum().items()}


def default_levels(cube: Cube, outcome: str) -> pd.Series:
    """First twelve months of the level outcome by area; empty when the panel does not have it."""
    if not cube.has(outcome, "incidents"):
        return pd.Series(dtype=float)
    return pd.Series(cube.counts[outcome, "incidents"][:, :12].sum(axis=1), index=list(cube.areas))


def clusters_of(areas: pd.DataFrame) -> dict[str, str]:
    """area → community, or → itself where there is no such column."""
    names = areas["area"].astype(str)
    column = "cluster" if "cluster" in areas else "community"
    labels = areas[column].astype(str) if column in areas else names
    return dict(zip(names, labels, strict=True))


def members_of(areas: pd.DataFrame) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for column in areas.columns:
        if column == "area":
            continue
        for name, part in areas.groupby(column)["area"]:
            found[str(column), str(name)] = tuple(part.astype(str))
    return found
