"""How well a metric tells pairs of images apart (Krasula's method), once for each pair."""

from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import BoolArray, FloatArray, IntArray

METHOD = "metrics/krasula-auc@1"

THRESHOLD = 1.96
MOST_PAIRS = 1_000_000
SEED = 20161

# Scores on few levels put z right on a threshold such as 2; rounding must not decide then.
_ROUNDING = 1e-9
# In floating point 0.3 - 0.2 is not 0.2 - 0.1. A difference of decimal numbers is off by no more
# than the precision times the largest of them; what is closer than a few of these is a tie.
_TIE = 16 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of images with what the panel said of them; each array has the shape (pairs,).

    first, second : int64, indices of images; each unordered pair at most once.
    outcome : int8, 1 if the first is significantly better, -1 if worse, 0 if not told apart.
    possible : how many pairs there are. Where it exceeds the length, these are a random sample.
    left_out : images without a MOS or with fewer than two ratings, which are in no pair.
    threshold, within_prompts : as asked for.
    """

    first: IntArray
    second: IntArray
    outcome: IntArray
    possible: int
    left_out: int
    threshold: float
    within_prompts: bool

    @property
    def is_sample(self) -> bool:
        """Whether not every pair is here."""
        return len(self.outcome) < self.possible


@dataclass(frozen=True, slots=True)
class PairPerformance:
    """What a metric makes of the pairs for which it has both values; NaN where not defined.

    different, similar : numbers of pairs that the panel did and did not tell apart.
    auc_different_similar : chance that a pair told apart differs more in the metric than one that
        is not. Half is chance.
    auc_better_worse : among pairs told apart, chance that the metric's difference, better less
        worse, exceeds the same difference taken the other way round.
    correct : CC_0, share of pairs told apart that the metric puts in the right order; a tie of
        the metric is not right.
    threshold_95 : difference of the metric that 95 % of the pairs not told apart stay below.
    """

    different: int
    similar: int
    auc_different_similar: float
    auc_better_worse: float
    correct: float
    threshold_95: float


def panel_pairs(
    mos: FloatArray,
    sos: FloatArray,
    n: IntArray,
    *,
    prompt: IntArray | None = None,
    threshold: float = THRESHOLD,
    most: int = MOST_PAIRS,
    seed: int = SEED,
) -> Pairs:
    """Pair images, and say of each pair whether the panel tells them apart.

    In words: z = (MOS_i - MOS_j) / √(SOS_i²/n_i + SOS_j²/n_j); the pair is different if |z|
    exceeds the threshold, else similar. Every unordered pair is taken once; a public
    implementation takes each twice and adds every image paired with itself, which counts as
    similar with difference 0 and raises the different/similar AUC.

    Parameters
    ----------
    mos, sos, n : shape (images,)
        SOS with ddof 1.
    prompt : int64, shape (images,), optional
        Pair only images of the same prompt.
    threshold : float
        1.96 is a test at 95 %; 2 is also in use. A pair exactly at the limit counts as similar:
        |z| must exceed it by more than rounding (1e-9).
    most : int
        Above so many possible pairs (with 1,000,000: above 1,414 images) a random sample of that
        size is drawn without repetition.
    seed : int
        Of that sample, which depends on the order of the images: put them in a fixed order.

    Notes
    -----
    Edge cases: an image with fewer than two ratings has no standard error and is left out. A
    unanimous image borrows the pooled spread of the others, as in `interval/student-t`: SOS 0 of
    a handful of raters is no certainty. If all are unanimous nothing is known about the spread,
    and there is no pair. Scores of the same raters are paired in truth; the test takes them as
    independent, and errs on the side of "similar".
    """
    usable = np.flatnonzero(np.isfinite(mos) & np.isfinite(sos) & (n >= 2))
    error = _squared_error(sos[usable], n[usable])
    if not (error > 0).all():
        usable = usable[:0]
    group = np.zeros(len(usable), np.int64) if prompt is None else prompt[usable]
    order = np.argsort(group, kind="stable")
    sizes = np.unique(group, return_counts=True)[1]
    a, b, possible = _unordered(sizes, most, seed)
    a, b = order[a], order[b]
    z = (mos[usable[a]] - mos[usable[b]]) / np.sqrt(error[a] + error[b])
    return Pairs(
        first=usable[a],
        second=usable[b],
        outcome=np.where(np.abs(z) > threshold + _ROUNDING, np.sign(z), 0.0).astype(np.int64),
        possible=possible,
        left_out=len(mos) - len(usable),
        threshold=threshold,
        within_prompts=prompt is not None,
    )


def pair_performance(pairs: Pairs, prediction: FloatArray) -> PairPerformance:
    """Both AUCs [1]_ of a metric that is high for good images (give others with opposite sign).

    prediction : float, shape (images,); pairs with a NaN or infinite value are left out.
    AUCs are exact for these pairs; ties count half. Differences of the metric that are equal but
    for rounding are ties: those within 16 times the floating-point precision (2.2e-16) of the
    largest value, so that a metric in tenths and the same metric times ten give the same. No pair
    told apart, or none that is not: the values that need them are NaN.

    References
    ----------
    .. [1] L. Krasula, K. Fliegel, P. Le Callet, M. Klíma, "On the accuracy of objective image and
       video quality models: new methodology for performance evaluation", QoMEX 2016.
    """
    known = np.isfinite(prediction)
    both = known[pairs.first] & known[pairs.second]
    outcome = pairs.outcome[both]
    difference = prediction[pairs.first[both]] - prediction[pairs.second[both]]
    told_apart: BoolArray = outcome != 0
    # In ascending order, all that follows takes a fraction of the time.
    similar = np.sort(np.abs(difference[~told_apart]))
    better = np.sort(difference[told_apart] * outcome[told_apart])
    tie = _TIE * float(np.abs(prediction[known]).max(initial=0.0))
    return PairPerformance(
        different=len(better),
        similar=len(similar),
        auc_different_similar=_auc(np.sort(np.abs(better)), similar, tie),
        auc_better_worse=_auc(better, -better[::-1], tie),
        correct=float((better > tie).mean()) if len(better) else float("nan"),
        threshold_95=float(np.percentile(similar, 95)) if len(similar) else float("nan"),
    )


def _squared_error(sos: FloatArray, n: IntArray) -> FloatArray:
    """SOS²/n, with the pooled variance where all ratings are alike."""
    freedom = n - 1
    varied = sos > 0
    total = int(freedom.sum())
    pooled = float((freedom * sos**2).sum()) / total if total else 0.0
    return np.asarray(np.where(varied, sos**2, pooled) / n, dtype=np.float64)


def _unordered(sizes: IntArray, most: int, seed: int) -> tuple[IntArray, IntArray, int]:
    """Pairs of places within consecutive groups of these sizes: all, or a sample."""
    counts = sizes * (sizes - 1) // 2
    ends = np.cumsum(counts)
    possible = int(ends[-1]) if len(ends) else 0
    if possible > most:
        numbers = np.random.default_rng(seed).choice(possible, most, replace=False, shuffle=False)
        numbers.sort()
    else:
        numbers = np.arange(possible)
    group = np.searchsorted(ends, numbers, side="right")
    number = numbers - (ends - counts)[group]
    # The pair (a, b), a < b, of a group has the number b(b-1)/2 + a.
    b = ((1 + np.sqrt(1 + 8 * number.astype(np.float64))) // 2).astype(np.int64)
    b += (b * (b + 1) // 2 <= number).astype(np.int64)
    b -= (b * (b - 1) // 2 > number).astype(np.int64)
    start = (np.cumsum(sizes) - sizes)[group]
    return start + number - b * (b - 1) // 2, start + b, possible


def _auc(high: FloatArray, low: FloatArray, tie: float) -> float:
    """Chance that a value of the one exceeds a value of the other; ties count half.

    Both in ascending order; values at most `tie` apart are ties.
    """
    if not (len(high) and len(low)):
        return float("nan")
    below = np.searchsorted(low, high - tie, "left").sum(dtype=np.int64)
    up_to = np.searchsorted(low, high + tie, "right").sum(dtype=np.int64)
    return int(below + up_to) / (2 * len(high) * len(low))
