"""Bootstrap over prompts: images of one prompt are drawn together, because they are alike."""

from collections.abc import Sequence

import numpy as np

from app.analysis.matrix import BoolArray, FloatArray, IntArray
from app.analysis.metric_evaluation.correlations import comparable

METHOD = "metrics/prompt-bootstrap@1"

RESAMPLES = 1000
SEED = 20241
# So many resamples are looked at together: enough to be fast, few enough to stay in the cache.
_BLOCK = 16


def resampled_srcc(
    predictions: FloatArray,
    mos: FloatArray,
    prompt: IntArray,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> FloatArray:
    """SRCC of every metric in every resample of the prompts.

    In words: draw as many prompts as there are, with replacement; every image of a prompt comes
    as often as its prompt was drawn; rank anew, with ties at their mean rank, and compute SRCC,
    for all metrics on the same resample. Nothing is approximated: all sums are of multiples of
    1/4 and exact, so that the order of images changes no bit.

    Parameters
    ----------
    predictions : float, shape (metrics, images), without gaps. mos : float, shape (images,).
    prompt : int64, shape (images,), any numbers. seed : of the drawing.

    Returns
    -------
    float, shape (resamples, metrics)
        NaN where a resample has no spread in a metric or in the MOS.
    """
    labels, cluster = np.unique(prompt, return_inverse=True)
    drawn = np.random.default_rng(seed).integers(
        0, len(labels), size=(resamples, len(labels)), dtype=np.int64
    )
    rankers = [_Ranker(row) for row in predictions]
    mos_ranker = _Ranker(mos)
    found = np.full((resamples, len(predictions)), np.nan)
    for start in range(0, resamples if len(mos) else 0, _BLOCK):
        rows = drawn[start : start + _BLOCK]
        counts = np.stack([np.bincount(row, minlength=len(labels)) for row in rows], axis=1)
        weight = counts.astype(np.float64)[cluster]
        ranks, mos_spread = mos_ranker.ranked(weight)
        weighted = weight * mos_ranker.spread_out(ranks)
        for m, ranker in enumerate(rankers):
            ranks, spread = ranker.ranked(weight)
            product = np.einsum("ij,ij->j", ranks, ranker.grouped(weighted))
            found[start : start + len(rows), m] = _ratio(product, np.sqrt(spread * mos_spread))
    return found


class SharedResamples:
    """SRCC in resamples of prompts for many metrics and many sets of images, each made once.

    predictions : float, shape (metrics, images), NaN or infinite where missing.
    mos, prompt : shape (images,), NaN where there is no MOS.
    """

    def __init__(
        self,
        predictions: FloatArray,
        mos: FloatArray,
        prompt: IntArray,
        *,
        resamples: int = RESAMPLES,
        seed: int = SEED,
    ) -> None:
        self._predictions, self._mos, self._prompt = predictions, mos, prompt
        self._resamples, self._seed = resamples, seed
        self._usable = np.array([comparable(row, mos) for row in predictions], dtype=np.bool_)
        self._made: dict[tuple[bytes, int], FloatArray] = {}

    def each(self, metric: int, images: BoolArray) -> FloatArray:
        """SRCC of one metric over those of these images that it can be judged on."""
        usable = self._usable[:, images]
        alike = np.flatnonzero((usable == usable[metric]).all(axis=1))
        return self.common(alike.tolist(), images & self._usable[metric])[
            :, int(np.searchsorted(alike, metric))
        ]

    def common(self, metrics: Sequence[int], images: BoolArray) -> FloatArray:
        """SRCC of metrics over images that all of them have, shape (resamples, metrics)."""
        key = np.packbits(images).tobytes()
        missing = [m for m in metrics if (key, m) not in self._made]
        if missing:
            draws = resampled_srcc(
                self._predictions[missing][:, images],
                self._mos[images],
                self._prompt[images],
                resamples=self._resamples,
                seed=self._seed,
            )
            self._made |= {(key, m): draws[:, k] for k, m in enumerate(missing)}
        return np.stack([self._made[key, m] for m in metrics], axis=1)


class _Ranker:
    """Ranks of one row of values in samples that hold each value several times or not at all.

    Arrays have the shape (values, samples), or (groups, samples) with equal values as a group.
    """

    def __init__(self, values: FloatArray) -> None:
        self._order = np.argsort(values, kind="stable")
        ascending = values[self._order]
        is_start = np.diff(ascending, prepend=np.nan) != 0
        self._starts = np.flatnonzero(is_start)
        self._group = np.empty(len(values), dtype=np.int64)
        self._group[self._order] = np.cumsum(is_start) - 1

    def ranked(self, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Each group's mean rank less the average of all, and the sum of their squares."""
        size = self.grouped(weight)
        # Mean rank of a group of g after b others is b + (g + 1)/2; the average is (N + 1)/2.
        ranks = np.cumsum(size, axis=0)
        size_and_total = size + ranks[-1]
        size_and_total /= 2
        ranks -= size_and_total
        return ranks, np.einsum("ij,ij,ij->j", ranks, ranks, size)

    def grouped(self, weight: FloatArray) -> FloatArray:
        """Sums over each group, in ascending order of the values."""
        # Clipping changes nothing but spares NumPy a copy.
        ascending = np.take(weight, self._order, axis=0, mode="clip")
        if len(self._starts) == len(self._order):
            return ascending
        return np.asarray(np.add.reduceat(ascending, self._starts, axis=0), dtype=np.float64)

    def spread_out(self, of_group: FloatArray) -> FloatArray:
        """What is known of the groups, for each value in its original place."""
        return np.take(of_group, self._group, axis=0, mode="clip")


def _ratio(product: FloatArray, spread: FloatArray) -> FloatArray:
    found = np.full(product.shape, np.nan)
    np.divide(product, spread, out=found, where=spread > 0)
    clipped: FloatArray = np.clip(found, -1.0, 1.0)
    return clipped
