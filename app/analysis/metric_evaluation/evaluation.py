"""Everything about metrics against the scores of one dimension, in one result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from app.analysis.correlation import srcc
from app.analysis.matrix import BoolArray, FloatArray, IntArray
from app.analysis.metric_evaluation.clusters import RESAMPLES, SEED, SharedResamples
from app.analysis.metric_evaluation.comparison import Comparison, compare_metrics
from app.analysis.metric_evaluation.correlations import Correlations, comparable, correlations
from app.analysis.metric_evaluation.krasula import (
    PairPerformance,
    Pairs,
    pair_performance,
    panel_pairs,
)
from app.analysis.metric_evaluation.logistic import Curve, LogisticFit, fit_logistic
from app.analysis.metric_evaluation.outliers import (
    OutlierRatio,
    outliers_by_interval,
    outliers_by_two_se,
)
from app.analysis.metric_evaluation.splits import SplitPerformance, split_performance

CHALLENGE_METHOD = "metrics/challenge-score@1"

# A metric that lacks more than this share of the images with a MOS is not compared with others:
# the images that all metrics have would become too few for the rest.
MOST_MISSING = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of one dimension; all arrays have the shape (images,).

    mos, sos : NaN where not defined (SOS with ddof 1). n : number of ratings.
    low, high : bounds of the MOS, NaN where there are none.
    """

    mos: FloatArray
    sos: FloatArray
    n: IntArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """To which prompt and generator each image belongs.

    prompt : int64, shape (images,), any numbers. generator : int64, shape (images,), indices into
    `generator_names`.
    """

    prompt: IntArray
    generator: IntArray
    generator_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How the evaluation is made; stored with its result."""

    level: float = 0.95
    resamples: int = RESAMPLES
    pair_threshold: float = 1.96
    within_prompts: bool = False
    split_repeats: int = 10
    seed: int = SEED


@dataclass(frozen=True, slots=True)
class GeneratorRow:
    """One metric on the images of one generator, as in `MetricRow`."""

    generator: str
    n: int
    missing: int
    correlations: Correlations
    srcc_low: float
    srcc_high: float


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric on all images that have a MOS and a prediction. NaN where not defined.

    n, missing : images with a MOS that have a prediction, and that have none.
    correlations : with the signs as they are. srcc_low, srcc_high : interval by bootstrap over
        prompts.
    logistic_4, logistic_5 : the fits with PLCC and RMSE; their `fitted` follows the images given.
    outliers, outliers_two_se : after the four-parameter curve, against the interval and 2·SE.
    pairs : Krasula's AUCs, the metric being turned so that high is good.
    challenge_score : (|SRCC| + PLCC) / 2, PLCC after the four-parameter curve.
    higher_is_better : as declared, None if not. found_higher_is_better : the sign of the SRCC,
        None if it is 0 or not defined. is_reversed : both are known and differ, and that is no
        chance: the interval of the SRCC excludes 0, or the SRCC of three prompts or more is -1
        or 1, which has no interval.
    srcc_within_generators : mean over generators, weighted by images, of the SRCC within each: a
        metric may order generators well and pictures of one generator badly.
    srcc_of_generators : between means per generator; NaN with fewer than three generators.
    share_of_ceiling : |PLCC| after the four-parameter curve over the noise ceiling.
    splits : medians over splits by prompt.
    """

    name: str
    n: int
    missing: int
    correlations: Correlations
    srcc_low: float
    srcc_high: float
    logistic_4: LogisticFit
    logistic_5: LogisticFit
    outliers: OutlierRatio
    outliers_two_se: OutlierRatio
    pairs: PairPerformance
    challenge_score: float
    higher_is_better: bool | None
    found_higher_is_better: bool | None
    is_reversed: bool
    srcc_within_generators: float
    srcc_of_generators: float
    share_of_ceiling: float
    splits: SplitPerformance
    generators: tuple[GeneratorRow, ...]


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
    order = _canonical_order(scores, [predictions[name] for name in names], groups)
    place = _Sorted(scores, groups, {name: predictions[name] for name in names}, order, options)
    panel = panel_pairs(
        place.mos,
        scores.sos[order],
        scores.n[order],
        prompt=place.prompt if options.within_prompts else None,
        threshold=options.pair_threshold,
    )
    ceiling = float(np.sqrt(reliability)) if 0 <= reliability <= 1 else float("nan")
    rows = tuple(
        _row(name, predictions[name], declared.get(name), scores, place, panel, ceiling, options)
        for name in names
    )
    comparison, not_compared = _compare(rows, place, options)
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


class _Sorted:
    """Everything in an order of the images that follows from the values alone."""

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


def _canonical_order(scores: Scores, rows: Sequence[FloatArray], groups: Groups) -> IntArray:
    """An order of the images that does not depend on how they came; equal ones are equal."""
    keys = [*reversed(rows), groups.generator, groups.prompt, scores.n, scores.sos, scores.mos]
    return np.lexsort(keys).astype(np.int64)


def _row(
    name: str,
    prediction: FloatArray,
    declared: bool | None,
    scores: Scores,
    place: _Sorted,
    panel: Pairs,
    ceiling: float,
    options: Options,
) -> MetricRow:
    number = place.number[name]
    x = place.predictions[number]
    everywhere = np.ones(len(x), dtype=np.bool_)
    found = correlations(x, place.mos)
    four = fit_logistic(prediction, scores.mos, Curve.FOUR)
    low, high = _srcc_interval(number, place, everywhere, found.srcc, options.level)
    generators = _generator_rows(number, place, options.level)
    direction = None if np.isnan(found.srcc) or found.srcc == 0 else found.srcc > 0
    turned = x * _sign(declared, found.srcc)
    return MetricRow(
        name=name,
        n=found.n,
        missing=int(np.isfinite(scores.mos).sum()) - found.n,
        correlations=found,
        srcc_low=low,
        srcc_high=high,
        logistic_4=four,
        logistic_5=fit_logistic(prediction, scores.mos, Curve.FIVE),
        outliers=outliers_by_interval(four.fitted, scores.low, scores.high),
        outliers_two_se=outliers_by_two_se(four.fitted, scores.mos, scores.sos, scores.n),
        pairs=pair_performance(panel, turned),
        challenge_score=(abs(found.srcc) + four.plcc) / 2,
        higher_is_better=declared,
        found_higher_is_better=direction,
        is_reversed=None not in (declared, direction)
        and declared is not direction
        and _is_clear(x, place, found.srcc, low, high),
        srcc_within_generators=_within(generators),
        srcc_of_generators=_between(x, place),
        share_of_ceiling=four.plcc / ceiling if ceiling > 0 else float("nan"),
        splits=split_performance(x, place.mos, place.prompt, repeats=options.split_repeats),
        generators=generators,
    )


def _sign(declared: bool | None, found_srcc: float) -> float:
    """What a metric is multiplied with so that high is good."""
    if declared is None:
        return -1.0 if found_srcc < 0 else 1.0
    return 1.0 if declared else -1.0


def _is_clear(x: FloatArray, place: _Sorted, found: float, low: float, high: float) -> bool:
    """Whether a relation is more than chance."""
    if abs(found) >= 1:
        return _prompts(comparable(x, place.mos), place) >= 3
    return low > 0 or high < 0


def _prompts(images: BoolArray, place: _Sorted) -> int:
    return len(np.unique(place.prompt[images]))


def _srcc_interval(
    metric: int, place: _Sorted, images: BoolArray, found: float, level: float
) -> tuple[float, float]:
    """tanh(atanh r ± t·SE), SE over resamples of prompts; NaN where there is none.

    None with fewer than three prompts, a perfect correlation or one that is not defined.
    """
    both = images & comparable(place.predictions[metric], place.mos)
    prompts = _prompts(both, place)
    if prompts < 3 or np.isnan(found) or abs(found) >= 1:
        return float("nan"), float("nan")
    draws = place.resamples.each(metric, images)
    draws = draws[~np.isnan(draws)]
    # A resample may be perfect by chance; beyond this, atanh says no more.
    error = float(np.arctanh(np.clip(draws, -0.999999, 0.999999)).std(ddof=1))
    half = float(special.stdtrit(prompts - 1, (1 + level) / 2)) * error
    middle = float(np.arctanh(found))
    return float(np.tanh(middle - half)), float(np.tanh(middle + half))


def _generator_rows(metric: int, place: _Sorted, level: float) -> tuple[GeneratorRow, ...]:
    return tuple(
        _generator_row(name, metric, place, place.generator == index, level)
        for index, name in enumerate(place.generator_names)
    )


def _generator_row(
    name: str, metric: int, place: _Sorted, images: BoolArray, level: float
) -> GeneratorRow:
    mos = place.mos[images]
    found = correlations(place.predictions[metric, images], mos)
    low, high = _srcc_interval(metric, place, images, found.srcc, level)
    missing = int(np.isfinite(mos).sum()) - found.n
    return GeneratorRow(name, found.n, missing, found, low, high)


def _within(rows: Sequence[GeneratorRow]) -> float:
    known = [row for row in rows if not np.isnan(row.correlations.srcc)]
    images = sum(row.n for row in known)
    return sum(row.n * row.correlations.srcc for row in known) / images if images else float("nan")


def _between(x: FloatArray, place: _Sorted) -> float:
    both = comparable(x, place.mos)
    present = [
        rows
        for g in range(len(place.generator_names))
        if (rows := both & (place.generator == g)).any()
    ]
    if len(present) < 3:
        return float("nan")
    return srcc([x[rows].mean() for rows in present], [place.mos[rows].mean() for rows in present])


def _compare(
    rows: Sequence[MetricRow], place: _Sorted, options: Options
) -> tuple[Comparison | None, dict[str, str]]:
    not_compared = {row.name: reason for row in rows if (reason := _incomparable(row))}
    chosen = [row for row in rows if row.name not in not_compared]
    if len(chosen) < 2:
        return None, not_compared
    numbers = [place.number[row.name] for row in chosen]
    signs = np.array([_sign(row.higher_is_better, row.correlations.srcc) for row in chosen])
    predictions = place.predictions[numbers]
    common = np.isfinite(predictions).all(axis=0) & np.isfinite(place.mos)
    comparison = compare_metrics(
        [row.name for row in chosen],
        predictions[:, common] * signs[:, None],
        place.mos[common],
        place.prompt[common],
        # A metric that is turned has its ranks turned, and nothing else.
        draws=place.resamples.common(numbers, common) * signs,
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
