"""Everything about metrics against the scores of one dimension, in one result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import FloatArray
from app.analysis.metric_evaluation.comparison import Comparison, compare_metrics
from app.analysis.metric_evaluation.krasula import Pairs, panel_pairs
from app.analysis.metric_evaluation.metric_row import MetricRow, metric_row, sign_for
from app.analysis.metric_evaluation.sorted_study import SortedStudy, canonical_order
from app.analysis.metric_evaluation.study import Groups, Options, Scores

CHALLENGE_METHOD = "metrics/challenge-score@1"

# A metric that lacks more than this share of the images with a MOS is not compared with others:
# the images that all metrics have would become too few for the rest.
MOST_MISSING = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class MetricEvaluation:
    """All metrics, in the order of their names, and the comparison of those that can be compared.

    images : with a MOS. panel : the pairs of images behind the AUCs. noise_ceiling : the highest
    PLCC that a metric could be expected to reach, √reliability; NaN if not given.
    comparison : None with fewer than two metrics that can be compared. not_compared : the others
    by name, with the reason.
    """

    images: int
    prompts: int
    options: Options
    panel: Pairs
    noise_ceiling: float
    rows: tuple[MetricRow, ...]
    comparison: Comparison | None
    not_compared: Mapping[str, str]


def evaluate_metrics(
    scores: Scores,
    predictions: Mapping[str, FloatArray],
    groups: Groups,
    *,
    higher_is_better: Mapping[str, bool] | None = None,
    reliability: float = float("nan"),
    options: Options | None = None,
) -> MetricEvaluation:
    """Hold every metric against the scores.

    In words: each row uses all images that have a MOS and this metric's prediction, and counts
    those without one. The comparison uses the images that all compared metrics have, so that
    differences are paired; a metric that lacks more than a tenth of the images is left out of it.
    For AUCs and comparison a metric is turned so that high is good, by its declared direction or,
    if none is declared, by the sign found: a metric that goes against its declaration is bad, not
    good.

    Parameters
    ----------
    scores : Scores
        Of one dimension.
    predictions : mapping of name to float, shape (images,)
        NaN (or infinity) where the metric has no value.
    groups : Groups
    higher_is_better : mapping of name to bool, optional
        Declared directions; a metric may be missing.
    reliability : float
        Of the MOS (for example ICC(2,k)), between 0 and 1; NaN if not known.
    options : Options, optional

    Notes
    -----
    Edge cases: no metric, no image with a MOS, a metric without any prediction: rows of NaN with
    n = 0. A result does not depend on the order of images or metrics: what is drawn at random is
    drawn after sorting.

    Raises ValueError if arrays differ in length.
    """
    options = options or Options()
    if any(row.shape != scores.mos.shape for row in (*predictions.values(), groups.prompt)):
        raise ValueError("Every prediction needs one value for each image, NaN where missing.")
    names = sorted(predictions)
    declared = dict(higher_is_better or {})
    order = canonical_order(scores, [predictions[name] for name in names], groups)
    ordered = {name: predictions[name] for name in names}
    study = SortedStudy(scores, groups, ordered, order, options)
    panel = panel_pairs(
        study.mos,
        scores.sos[order],
        scores.n[order],
        prompt=study.prompt if options.within_prompts else None,
        threshold=options.pair_threshold,
    )
    ceiling = float(np.sqrt(reliability)) if 0 <= reliability <= 1 else float("nan")
    rows = tuple(
        metric_row(
            name, predictions[name], declared.get(name), scores, study, panel, ceiling, options
        )
        for name in names
    )
    comparison, not_compared = _compare(rows, study, options)
    rated = np.isfinite(scores.mos)
    return MetricEvaluation(
        images=int(rated.sum()),
        prompts=len(np.unique(groups.prompt[rated])),
        options=options,
        panel=panel,
        noise_ceiling=ceiling,
        rows=rows,
        comparison=comparison,
        not_compared=not_compared,
    )


def _compare(
    rows: Sequence[MetricRow], study: SortedStudy, options: Options
) -> tuple[Comparison | None, dict[str, str]]:
    not_compared = {row.name: reason for row in rows if (reason := _incomparable(row))}
    chosen = [row for row in rows if row.name not in not_compared]
    if len(chosen) < 2:
        return None, not_compared
    numbers = [study.number[row.name] for row in chosen]
    signs = np.array([sign_for(row.higher_is_better, row.correlations.srcc) for row in chosen])
    predictions = study.predictions[numbers]
    common = np.isfinite(predictions).all(axis=0) & np.isfinite(study.mos)
    comparison = compare_metrics(
        [row.name for row in chosen],
        predictions[:, common] * signs[:, None],
        study.mos[common],
        study.prompt[common],
        # A metric that is turned has its ranks turned, and nothing else.
        draws=study.resamples.common(numbers, common) * signs,
        level=options.level,
    )
    return comparison, not_compared


def _incomparable(row: MetricRow) -> str | None:
    images = row.n + row.missing
    if np.isnan(row.correlations.srcc):
        return "Its correlation with the MOS is not defined."
    if row.missing > MOST_MISSING * images:
        return f"It has no value for {row.missing} of {images} images."
    return None
