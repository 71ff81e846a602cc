"""One door to all designs: a spec and its rows in, a Result with gates and verdict out."""

from __future__ import annotations

import pandas as pd

from evaluation.result import Result
from evaluation.spec import Spec


def evaluate(spec: Spec, frame: pd.DataFrame) -> Result:
    """Evaluate one spec on a frame that holds the columns the spec names.

    Returns a Result, "not_estimable" with a reason code where the data cannot answer. Raises SpecError
    or DataError (both ValueError, one line each) for a spec or rows that cannot be read.
    """
    from evaluation.ratings import with_ratings
    from evaluation.verdict import with_verdict

    result = _fit(spec, frame)
    return with_ratings(result if result.gates else with_verdict(result, spec.margin))


def _fit(spec: Spec, frame: pd.DataFrame) -> Result:
    if spec.design == "pooled":
        from evaluation.designs.pooled import fit_pooled

        return fit_pooled(spec, frame)
    if spec.design == "controlled" and spec.family in ("gaussian", "log-gaussian"):
        from evaluation.designs.multiple_group import fit_multiple_group

        return fit_multiple_group(spec, frame)
    if spec.design == "controlled":
        from evaluation.designs.controlled import fit_controlled

        return fit_controlled(spec, frame)
    from evaluation.designs.single import fit_single

    return fit_single(spec, frame)
