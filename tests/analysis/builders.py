"""Small matrices for tests."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.analysis.matrix import ControlRatings, IntArray, RatingMatrix, Repeats, Scale

ACR5 = Scale(low=1, step=1, level_max=4)

DATASETS = (
    "NFLX_public",
    "NFLX_public_last4outliers",
    "AVT_AI_APPEAL",
    "AVT_AI_PROMPT_MATCHING",
    "PNATS_LONG_3",
)


def dense(levels: npt.ArrayLike, *, scale: Scale = ACR5) -> RatingMatrix:
    """Levels of shape (raters, stimuli) or (raters, stimuli, dimensions); -1 means no rating."""
    table = np.asarray(levels)
    if table.ndim == 2:
        table = table[:, :, None]
    rater, stimulus = np.nonzero(table[:, :, 0] >= 0)
    return RatingMatrix(
        rater=rater,
        stimulus=stimulus,
        levels=table[rater, stimulus],
        rater_ids=tuple(f"r{i:03d}" for i in range(table.shape[0])),
        stimulus_ids=tuple(f"s{j:03d}" for j in range(table.shape[1])),
        dimensions=("quality", "alignment", "realism")[: table.shape[2]],
        scale=scale,
    )


def of_scores(scores: Sequence[Sequence[float | None]]) -> RatingMatrix:
    """ACR-5 scores of the vectors, scores[rater][stimulus], None where missing."""
    return dense([[-1 if x is None else int(x) - 1 for x in row] for row in scores])


def dataset(vectors: dict[str, Any], name: str) -> RatingMatrix:
    """One of the five published subjective tests, as a matrix of one dimension."""
    return of_scores(vectors["datasets"][name]["scores"])


def shuffled(matrix: RatingMatrix, seed: int) -> RatingMatrix:
    """The same content with rows, rater ids and stimulus ids in another order."""
    generator = np.random.default_rng(seed)
    rows = generator.permutation(matrix.ratings)
    raters = generator.permutation(len(matrix.rater_ids))
    stimuli = generator.permutation(len(matrix.stimulus_ids))
    rater_place, stimulus_place = np.argsort(raters), np.argsort(stimuli)
    return replace(
        matrix,
        rater=rater_place[matrix.rater[rows]],
        stimulus=stimulus_place[matrix.stimulus[rows]],
        levels=matrix.levels[rows],
        rater_ids=tuple(matrix.rater_ids[i] for i in raters),
        stimulus_ids=tuple(matrix.stimulus_ids[j] for j in stimuli),
        repeats=_shuffled_repeats(matrix.repeats, generator, rater_place, stimulus_place),
        controls=_shuffled_controls(matrix.controls, generator, rater_place),
        position=None if matrix.position is None else matrix.position[rows],
        dwell_ms=None if matrix.dwell_ms is None else matrix.dwell_ms[rows],
        sitting=None if matrix.sitting is None else matrix.sitting[rows],
    )


def _shuffled_repeats(
    repeats: Repeats | None,
    generator: np.random.Generator,
    rater_place: IntArray,
    stimulus_place: IntArray,
) -> Repeats | None:
    if repeats is None:
        return None
    rows = generator.permutation(len(repeats.rater))
    return Repeats(
        rater_place[repeats.rater[rows]],
        stimulus_place[repeats.stimulus[rows]],
        repeats.levels[rows],
    )


def _shuffled_controls(
    controls: ControlRatings | None, generator: np.random.Generator, rater_place: IntArray
) -> ControlRatings | None:
    if controls is None:
        return None
    rows = generator.permutation(len(controls.rater))
    return ControlRatings(
        rater_place[controls.rater[rows]],
        controls.kind[rows],
        controls.levels[rows],
        controls.low[rows],
        controls.high[rows],
    )
