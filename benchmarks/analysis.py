"""Seconds for an analysis of AIGIQA-20K's size: 21 raters, 20,000 stimuli, two dimensions.

Run `python benchmarks/analysis.py`. The naive reference is written below: one NumPy call at a
time, stimulus by stimulus and rater by rater on a dense matrix, as published scripts do it.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.analysis.matrix import FloatArray, IntArray, RatingMatrix, Scale
from app.analysis.opinion_scores import z_mean_opinion_scores
from app.analysis.run import analyse
from app.analysis.screening import BT500, Agreement, Variation
from app.analysis.screening.bt500 import far_ratings
from app.analysis.simulation import SimulatedRater, simulated_matrix

RATERS, STIMULI = 21, 20_000
SCALE = Scale(low=0, step=0.1, level_max=50)


def panel() -> RatingMatrix:
    """420,000 ratings of two dimensions in a random order."""
    generator = np.random.default_rng(1)
    true_scores = np.clip(generator.normal(2.6, 0.9, (STIMULI, 2)), 0, 5)
    raters = [SimulatedRater(bias=float(b)) for b in generator.normal(0, 0.3, RATERS)]
    return simulated_matrix(
        true_scores, raters, SCALE, generator, dimensions=("quality", "alignment")
    )


def naive_bt500_counts(levels: IntArray) -> tuple[IntArray, IntArray]:
    """P and Q of BT.500 in floating point, one stimulus at a time; levels (raters, stimuli)."""
    above, below = np.zeros(len(levels), dtype=np.int64), np.zeros(len(levels), dtype=np.int64)
    for column in levels.T.astype(np.float64):
        centred = column - column.mean()
        sd = column.std()
        if sd == 0:
            continue
        kurtosis = (centred**4).mean() / (centred**2).mean() ** 2
        k = 2 if 2 <= kurtosis <= 4 else np.sqrt(20)
        above += centred >= k * sd
        below += centred <= -k * sd
    return above, below


def naive_z_mos(levels: IntArray) -> FloatArray:
    """z-score MOS, one rater and then one stimulus at a time; levels (raters, stimuli)."""
    z = np.array([(row - row.mean()) / row.std(ddof=1) for row in levels])
    return np.array([(100 * (column + 3) / 6).mean() for column in z.T])


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Least wall-clock seconds of some repeats."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def main() -> None:
    """Print one line per part."""
    matrix = panel()
    ordered = matrix.canonical()
    dense = [ordered.levels[:, d].reshape(RATERS, STIMULI) for d in range(2)]
    print(f"{matrix.ratings:,} ratings x {len(matrix.dimensions)} dimensions")
    pairs = {
        "bt500 counts": (
            seconds(lambda: [far_ratings(ordered, d) for d in range(2)]),
            seconds(lambda: [naive_bt500_counts(levels) for levels in dense], repeats=1),
        ),
        "z-MOS, SOS, n and overall": (
            seconds(lambda: z_mean_opinion_scores(ordered)),
            seconds(lambda: [naive_z_mos(levels) for levels in dense], repeats=1),
        ),
    }
    for what, (ours, naive) in pairs.items():
        print(f"{what:28} {ours:7.3f} s   naive {naive:7.3f} s   {naive / ours:6.1f} x")
    for check in (BT500(), Agreement(), Variation()):
        print(f"{'check ' + check.name:28} {seconds(partial(check.evidence, ordered)):7.3f} s")
    print(f"{'fingerprint':28} {seconds(ordered.fingerprint):7.3f} s")
    print(f"{'analyse, ordered rows':28} {seconds(lambda: analyse(ordered)):7.3f} s")
    print(f"{'analyse, rows as they come':28} {seconds(lambda: analyse(matrix)):7.3f} s")


if __name__ == "__main__":
    main()
