"""Equally weighted cosine interval of one fitted series (the companion; see `evaluation.numerics.ewc`)."""

from __future__ import annotations

from evaluation.intervals.fitted import Fitted
from evaluation.intervals.sandwich import symmetric_interval
from evaluation.numerics.ewc import ewc
from evaluation.result import Interval


def ewc_fitted(fitted: Fitted, note: str | None = None) -> Interval:
    """EWC interval of the average effect, bias-adjusted, with Satterthwaite degrees of freedom."""
    loading = fitted.X @ (fitted.bread @ fitted.gradient())
    found = ewc(
        (loading * fitted.residual)[None],
        loading[None],
        fitted.X,
        fitted.weight[None],
        fitted.bread[None],
    )
    return symmetric_interval(
        "ewc",
        fitted.average_effect(),
        float(found.standard_error[0]),
        float(found.df[0]),
        fitted.ratio_scale,
        note,
    )
