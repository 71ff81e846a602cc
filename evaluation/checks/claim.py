"""What a result would claim, and so what the deciding checks must be able to rule out.

A change is erased by a drift as large as its estimate. "Little or no change" is undone by a drift that would
have hidden a change outside the margin, so there the checks work on the distance to the margin's nearer end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evaluation.result import Result
from evaluation.verdict import companion_interval


@dataclass(frozen=True)
class Claim:
    """size: signed log ratio that a rival explanation has to reach; margin: set for "little or no change"."""

    size: float
    margin: float | None = None

    @property
    def is_little(self) -> bool:
        return self.margin is not None


def claim_of(result: Result, margin: float | None) -> Claim | None:
    """The claim of an estimated result; None where there is no rate ratio."""
    effect = result.effect
    if effect is None or effect.rate_ratio is None or not effect.rate_ratio > 0:
        return None
    companion = companion_interval(result)
    if margin is not None and companion is not None:
        ends = (*effect.interval_95, *companion)
        if 1 - margin < min(ends) and max(ends) < 1 + margin:
            up = math.log1p(margin) - effect.coefficient
            down = math.log1p(-margin) - effect.coefficient
            return Claim(up if abs(up) < abs(down) else down, margin)
    return Claim(effect.coefficient)
