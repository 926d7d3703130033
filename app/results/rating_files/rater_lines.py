"""What the report says of each rater: verdict, every check with its reason, and character."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from app.analysis.estimates import EstimateMethod
from app.analysis.grouping import centred_within, sum_within
from app.analysis.matrix import RatingMatrix
from app.analysis.screening.evidence import Status
from app.analysis.screening.pace import median_dwell_ms
from app.results.rating_files.analysis import GroupAnalysis
from app.results.screening.evidence import CheckEvidence

# What is said of a rater by every model, by the names in files.
_ASKED = {
    "bias": "bias",
    "bias_standard_error": "bias_error",
    "inconsistency": "inconsistency",
    "inconsistency_standard_error": "inconsistency_error",
}


class RaterLine(BaseModel):
    """One rater; numbers by dimension are None where they are not defined.

    mean, sd : of the scores (ddof 1). bias, inconsistency : of the model ``recovery/em``, how much
    higher than the panel the rater scores, and the spread that this leaves; raters kept only.
    models : the same of every model, with standard errors: by model, what, and dimension.
    """

    model_config = ConfigDict(frozen=True)

    rater: str
    n: int
    verdict: str
    is_proposed: bool
    decision: str | None
    checks: tuple[CheckEvidence, ...]
    mean: dict[str, float | None]
    sd: dict[str, float | None]
    bias: dict[str, float | None]
    inconsistency: dict[str, float | None]
    models: dict[str, dict[str, dict[str, float | None]]]
    median_seconds: float | None

    @property
    def failed(self) -> tuple[CheckEvidence, ...]:
        """The checks that failed."""
        return tuple(item for item in self.checks if item.status is Status.FAILED)


def rater_lines(found: GroupAnalysis) -> tuple[RaterLine, ...]:
    """All raters, the rejected first, then those proposed, then by id; none if not known."""
    if not found.group.has_raters:
        return ()
    checks: dict[str, list[CheckEvidence]] = {rater: [] for rater in found.matrix.rater_ids}
    for item in found.analysis.evidence:
        checks[item.rater_id].append(
            CheckEvidence(
                check=item.check,
                dimension=item.dimension,
                status=item.status,
                reason=item.reason,
                numbers=dict(item.numbers),
            )
        )
    mean, sd = _mean_and_sd(found.matrix)
    seconds = median_dwell_ms(found.matrix) / 1000
    rejected, proposed = set(found.analysis.rejected), set(found.analysis.proposed)
    setup = found.setup
    decisions = dict.fromkeys(setup.confirmed or (), "confirmed")
    decisions |= dict.fromkeys(setup.overruled or (), "overruled")
    keys = found.matrix.dimensions
    lines = [
        RaterLine(
            rater=rater,
            n=int(found.matrix.ratings_by_rater[i]),
            verdict="rejected" if rater in rejected else "kept",
            is_proposed=rater in proposed,
            decision=decisions.get(rater),
            checks=tuple(checks[rater]),
            mean={key: _defined(mean[i, d]) for d, key in enumerate(keys)},
            sd={key: _defined(sd[i, d]) for d, key in enumerate(keys)},
            bias=_of_model(found, EstimateMethod.EM, "bias", rater),
            inconsistency=_of_model(found, EstimateMethod.EM, "inconsistency", rater),
            models={
                method.value: {
                    name: _of_model(found, method, what, rater) for name, what in _ASKED.items()
                }
                for method in found.recoveries
            },
            median_seconds=_defined(seconds[i]),
        )
        for i, rater in enumerate(found.matrix.rater_ids)
    ]
    return tuple(sorted(lines, key=lambda x: (x.verdict == "kept", not x.is_proposed, x.rater)))


def _of_model(
    found: GroupAnalysis, method: EstimateMethod, what: str, rater: str
) -> dict[str, float | None]:
    keys = found.matrix.dimensions
    model = found.recoveries[method]
    if model.refused or rater in found.analysis.rejected:
        return dict.fromkeys(keys)
    place = found.kept.rater_ids.index(rater)
    values = getattr(model, what)[place]
    return {key: _defined(values[d]) for d, key in enumerate(keys)}


def _mean_and_sd(
    matrix: RatingMatrix,
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    raters = len(matrix.rater_ids)
    means, sds = [], []
    for d in range(len(matrix.dimensions)):
        values = matrix.levels[:, d].astype(np.float64)
        n, mean, residual = centred_within(values, matrix.rater, raters)
        squares = sum_within(residual * residual, matrix.rater, raters)
        means.append(matrix.scale.scores(mean))
        sd = np.where(n >= 2, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)
        sds.append(matrix.scale.step * sd)
    return np.column_stack(means), np.column_stack(sds)


def _defined(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
