"""What the embeddings of a model's own training clips look like, so that new actions can be told from the trained ones."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError

METADATA_KEY = "skel.embedding-statistics"
DIRECTIONS = 64
_SCHEMA = 1

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class EmbeddingStatistics:
    """One Gaussian a trained class, all of one covariance: Σ = U diag(variances − rest) Uᵀ + rest · I.

    Attributes:
        means: (K, F) of the classes' embeddings; NaN for a class without clips.
        counts: (K,) int64, from how many clips.
        directions: (F, R), U: the orthonormal directions in which embeddings of one class differ most.
        variances: (R,), how much they differ in each.
        rest_variance: in any other direction, on average (probabilistic principal components, Tipping & Bishop, 1999).
    """

    means: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    directions: npt.NDArray[np.float64]
    variances: npt.NDArray[np.float64]
    rest_variance: float

    @classmethod
    def estimate(cls, embeddings: Array, labels: npt.NDArray[np.int64], classes: int) -> Self:
        """From embeddings (N, F) of clips of the classes `labels` (N,).

        `ValueError` where no class has two clips that differ.
        """
        x = embeddings.astype(np.float64)
        counts = np.bincount(labels, minlength=classes)
        means = np.full((classes, x.shape[1]), np.nan)
        for k in np.flatnonzero(counts):
            means[k] = x[labels == k].mean(axis=0)
        within = x - means[labels]
        freedom = len(x) - np.count_nonzero(counts)
        total = float((within**2).sum()) / max(freedom, 1)
        if not total > 0:
            raise ValueError("no class has two clips whose embeddings differ")
        F = x.shape[1]
        variances, directions = np.linalg.eigh(within.T @ within / freedom)  # rising
        kept = min(DIRECTIONS, F)
        variances, directions = np.maximum(variances[-kept:], 0), directions[:, -kept:]
        rest = (total - variances.sum()) / (F - kept) if kept < F else float(variances.min())
        return cls(means, counts, directions, variances, float(max(rest, 1e-6 * total / F)))

    def covariance(self) -> npt.NDArray[np.float64]:
        """Σ (F, F), as above."""
        wide = (self.directions * (self.variances - self.rest_variance)) @ self.directions.T
        return np.asarray(wide + self.rest_variance * np.eye(len(wide)))

    def to_json(self) -> str:
        """One JSON object; arrays in 16 bits, base64."""
        arrays = {name: _packed(getattr(self, name)) for name in ("means", "directions", "variances")}
        counts = self.counts.tolist()
        return json.dumps({"schema": _SCHEMA, "counts": counts, "rest_variance": self.rest_variance, **arrays})

    @classmethod
    def from_json(cls, text: str, source: str) -> Self:
        """Read `to_json`'s text; `UserError` names the file (`source`) where it is damaged or of another version."""
        try:
            fields = json.loads(text)
            if fields["schema"] != _SCHEMA:
                raise ValueError(f"schema {fields['schema']}, this version reads {_SCHEMA}")
            means, directions, variances = (_unpacked(fields[name]) for name in ("means", "directions", "variances"))
            read = cls(means, np.asarray(fields["counts"], np.int64), directions, variances, float(fields["rest_variance"]))
            read._check()
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{source}: its embedding statistics are damaged ({error}): export the model again") from error
        return read

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], source: str, classes: int) -> Self | None:
        """What an ONNX file's metadata holds for a model of so many classes; None where it has no statistics."""
        if METADATA_KEY not in metadata:
            return None
        read = cls.from_json(metadata[METADATA_KEY], source)
        if len(read.means) != classes:
            raise UserError(f"{source}: it has {classes} classes, statistics of {len(read.means)}: export the model again")
        return read

    def _check(self) -> None:
        (K, F), R = self.means.shape, len(self.variances)
        if self.counts.shape != (K,) or self.directions.shape != (F, R):
            raise ValueError(f"{self.counts.size} counts, {self.directions.shape} directions for {K} means of {F} features")
        known = (self.directions, self.variances, self.means[self.counts > 0])
        if not all(np.isfinite(part).all() for part in known) or not self.rest_variance > 0 or (self.variances < 0).any():
            raise ValueError("not finite, or negative")


def _packed(values: Array) -> dict[str, Any]:
    halves = np.ascontiguousarray(values, "<f2")
    return {"shape": list(values.shape), "float16": base64.b64encode(halves.tobytes()).decode()}


def _unpacked(field: dict[str, Any]) -> npt.NDArray[np.float64]:
    halves = np.frombuffer(base64.b64decode(field["float16"], validate=True), "<f2")
    return halves.reshape([int(size) for size in field["shape"]]).astype(np.float64)
