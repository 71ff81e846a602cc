"""Many small symmetric systems at once.

Matrices lie as (p, p, S), series last, so that every operation of the elimination runs over contiguous
memory; for p up to about ten this is several times faster than calling LAPACK for each matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Floating point array; double precision unless a function says otherwise."""
Flags = NDArray[np.bool_]

SINGULAR = 1e-11
SINGULAR_SINGLE = 1e-5
"""A pivot this small, in a matrix scaled to unit diagonal, counts as zero (double and single precision)."""


class Factored:
    """LDL' factors of S symmetric positive definite matrices (p, p, S), each scaled to unit diagonal.

    regular (S,) is False for a matrix that is singular or not finite; its solutions are zero.
    """

    def __init__(self, matrix: Array) -> None:
        terms = matrix.shape[0]
        diagonal = np.einsum("iis->is", matrix)
        positive = diagonal > 0
        self.scale = 1.0 / np.sqrt(np.where(positive, diagonal, 1.0))
        regular = positive.all(axis=0)
        singular = SINGULAR if matrix.dtype == np.float64 else SINGULAR_SINGLE
        self.lower = np.empty_like(matrix)
        self.pivot = np.empty_like(self.scale)
        for column in range(terms):
            scaled = matrix[column:, column] * self.scale[column:]
            scaled *= self.scale[column]
            if column:
                weight = self.lower[column, :column] * self.pivot[:column]
                scaled -= np.einsum("rks,ks->rs", self.lower[column:, :column], weight)
            fine = scaled[0] > singular
            regular = regular & fine
            self.pivot[column] = np.where(fine, scaled[0], 1.0)
            np.divide(scaled, self.pivot[column], out=self.lower[column:, column])
        self.regular: Flags = np.asarray(regular)

    def of(self, chosen: NDArray[np.intp], leading: int) -> Factored:
        """The factors of some series, and of the leading `leading` rows and columns alone."""
        part = object.__new__(Factored)
        part.scale, part.pivot = self.scale[:leading, chosen], self.pivot[:leading, chosen]
        part.lower, part.regular = self.lower[:leading, :leading, chosen], self.regular[chosen]
        return part

    def regression(self) -> tuple[Array, Array, Array]:
        """Least squares from cross-products of [X, z]: coefficients (p − 1, S), log determinant of X'X and
        residual sum of squares, (S,) each."""
        terms = len(self.pivot) - 1
        value = self.lower[terms, :terms].copy()
        for column in range(terms - 1, 0, -1):
            value[:column] -= self.lower[column, :column] * value[column]
        value *= self.scale[:terms] / self.scale[terms]
        log_determinant = np.log(self.pivot[:terms] / self.scale[:terms] ** 2).sum(axis=0)
        return value, log_determinant, self.pivot[terms] / self.scale[terms] ** 2

    def solve(self, right: Array) -> Array:
        """Solutions for right-hand sides (p, S) or (p, R, S)."""
        terms = len(self.pivot)
        wide = right.ndim == 3
        scale = self.scale[:, None] if wide else self.scale
        pivot = self.pivot[:, None] if wide else self.pivot
        lower = self.lower[:, :, None] if wide else self.lower
        value = right * scale
        for column in range(terms - 1):
            value[column + 1 :] -= lower[column + 1 :, column] * value[column]
        value /= pivot
        for column in range(terms - 1, 0, -1):
            value[:column] -= lower[column, :column] * value[column]
        value *= scale
        return np.where(self.regular, value, 0.0)

    def inverse(self) -> Array:
        """Inverses (p, p, S); NaN for a singular matrix."""
        terms, series = self.pivot.shape
        unit = np.zeros((terms, terms, series), dtype=self.pivot.dtype)
        unit[range(terms), range(terms)] = 1.0
        return np.where(self.regular, self.solve(unit), np.nan)


def solve(matrix: Array, right: Array) -> tuple[Array, Flags]:
    """Solve (S, p, p) x = (S, p); series with a singular matrix get zeros and False."""
    factored = Factored(np.ascontiguousarray(matrix.transpose(1, 2, 0)))
    return np.ascontiguousarray(factored.solve(right.T.copy()).T), factored.regular
