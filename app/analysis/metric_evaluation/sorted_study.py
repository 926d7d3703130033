"""A study in an order that follows from its values, and the interval of an SRCC in it."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from app.analysis.matrix import BoolArray, FloatArray, IntArray
from app.analysis.metric_evaluation.clusters import SharedResamples
from app.analysis.metric_evaluation.correlations import comparable
from app.analysis.metric_evaluation.study import Groups, Options, Scores


class SortedStudy:
    """Everything in an order of the images that follows from the values alone.

    order : indices of the images as they came. mos, prompt, generator : shape (images,).
    predictions : float, shape (metrics, images). number : row of each metric, by name.
    resamples : of prompts, shared by all metrics.
    """

    def __init__(
        self,
        scores: Scores,
        groups: Groups,
        predictions: Mapping[str, FloatArray],
        order: IntArray,
        options: Options,
    ) -> None:
        self.order = order
        self.mos = scores.mos[order]
        self.prompt = groups.prompt[order]
        self.generator = groups.generator[order]
        self.generator_names = groups.generator_names
        self.number = {name: m for m, name in enumerate(predictions)}
        self.predictions = np.empty((len(predictions), len(order)))
        for m, row in enumerate(predictions.values()):
            self.predictions[m] = row[order]
        self.resamples = SharedResamples(
            self.predictions,
            self.mos,
            self.prompt,
            resamples=options.resamples,
            seed=options.seed,
        )


def prompts_of(images: BoolArray, study: SortedStudy) -> int:
    """How many prompts these images have."""
    return len(np.unique(study.prompt[images]))


def srcc_interval(
    metric: int, study: SortedStudy, images: BoolArray, found: float, level: float
) -> tuple[float, float]:
    """tanh(atanh r ± t·SE), SE over resamples of prompts; NaN where there is none.

    None with fewer than three prompts, a perfect correlation or one that is not defined.
    """
    both = images & comparable(study.predictions[metric], study.mos)
    prompts = prompts_of(both, study)
    if prompts < 3 or np.isnan(found) or abs(found) >= 1:
        return float("nan"), float("nan")
    draws = study.resamples.each(metric, images)
    draws = draws[~np.isnan(draws)]
    # A resample may be perfect by chance; beyond this, atanh says no more.
    error = float(np.arctanh(np.clip(draws, -0.999999, 0.999999)).std(ddof=1))
    half = float(special.stdtrit(prompts - 1, (1 + level) / 2)) * error
    middle = float(np.arctanh(found))
    return float(np.tanh(middle - half)), float(np.tanh(middle + half))


def canonical_order(scores: Scores, rows: Sequence[FloatArray], groups: Groups) -> IntArray:
    """An order of the images that does not depend on how they came; equal ones are equal."""
    keys = [*reversed(rows), groups.generator, groups.prompt, scores.n, scores.sos, scores.mos]
    return np.lexsort(keys).astype(np.int64)
