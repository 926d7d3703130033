"""Everything about one metric against the scores."""

from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import FloatArray
from app.analysis.metric_evaluation.correlations import Correlations, comparable, correlations
from app.analysis.metric_evaluation.generators import (
    GeneratorRow,
    generator_rows,
    srcc_between,
    srcc_within,
)
from app.analysis.metric_evaluation.krasula import PairPerformance, Pairs, pair_performance
from app.analysis.metric_evaluation.logistic import Curve, LogisticFit, fit_logistic
from app.analysis.metric_evaluation.outliers import (
    OutlierRatio,
    outliers_by_interval,
    outliers_by_two_se,
)
from app.analysis.metric_evaluation.sorted_study import SortedStudy, prompts_of, srcc_interval
from app.analysis.metric_evaluation.splits import SplitPerformance, split_performance
from app.analysis.metric_evaluation.study import Options, Scores


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


def metric_row(
    name: str,
    prediction: FloatArray,
    declared: bool | None,
    scores: Scores,
    study: SortedStudy,
    panel: Pairs,
    ceiling: float,
    options: Options,
) -> MetricRow:
    """One metric: `prediction` follows the scores as given, `panel` the sorted study."""
    number = study.number[name]
    x = study.predictions[number]
    everywhere = np.ones(len(x), dtype=np.bool_)
    found = correlations(x, study.mos)
    four = fit_logistic(prediction, scores.mos, Curve.FOUR)
    low, high = srcc_interval(number, study, everywhere, found.srcc, options.level)
    generators = generator_rows(number, study, options.level)
    direction = None if np.isnan(found.srcc) or found.srcc == 0 else found.srcc > 0
    turned = x * sign_for(declared, found.srcc)
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
        and _is_clear(x, study, found.srcc, low, high),
        srcc_within_generators=srcc_within(generators),
        srcc_of_generators=srcc_between(x, study),
        share_of_ceiling=four.plcc / ceiling if ceiling > 0 else float("nan"),
        splits=split_performance(x, study.mos, study.prompt, repeats=options.split_repeats),
        generators=generators,
    )


def sign_for(declared: bool | None, found_srcc: float) -> float:
    """What a metric is multiplied with so that high is good."""
    if declared is None:
        return -1.0 if found_srcc < 0 else 1.0
    return 1.0 if declared else -1.0


def _is_clear(x: FloatArray, study: SortedStudy, found: float, low: float, high: float) -> bool:
    """Whether a relation is more than chance."""
    if abs(found) >= 1:
        return prompts_of(comparable(x, study.mos), study) >= 3
    return low > 0 or high < 0
