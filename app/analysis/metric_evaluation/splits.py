"""Splits into training and test images that keep every prompt on one side."""

from dataclasses import dataclass

import numpy as np

from app.analysis.correlation import srcc
from app.analysis.matrix import BoolArray, FloatArray, IntArray
from app.analysis.metric_evaluation.correlations import comparable, pearson
from app.analysis.metric_evaluation.logistic import Curve, fit_logistic

METHOD = "metrics/prompt-splits@1"

REPEATS, TRAIN_SHARE, SEED = 10, 0.8, 20242


@dataclass(frozen=True, slots=True)
class SplitPerformance:
    """Medians over repeated splits, on the test images; NaN where not defined.

    srcc : needs no training. plcc, rmse : after the four-parameter curve that was fitted to the
    training images. repeats : how many splits were made.
    """

    srcc: float
    plcc: float
    rmse: float
    repeats: int


def grouped_split(
    prompt: IntArray, *, train_share: float = TRAIN_SHARE, seed: int = SEED
) -> BoolArray:
    """True for training images, shape (images,): whole prompts, drawn at random.

    In words: shuffle the prompts, take them one after the other until the training part holds at
    least the given share of the images; one prompt at least is left for testing. Images of one
    prompt resemble each other: with one of them in training, another in the test is no test.
    Depends on the prompts' numbers and the seed, not on the order of images.

    Raises ValueError with fewer than two prompts, or a share that is not between 0 and 1.
    """
    labels, group, size = np.unique(prompt, return_inverse=True, return_counts=True)
    if len(labels) < 2:
        raise ValueError("A split needs at least two prompts.")
    if not 0 < train_share < 1:
        raise ValueError("The share of training images lies between 0 and 1.")
    order = np.random.default_rng(seed).permutation(len(labels))
    enough = np.cumsum(size[order]) >= train_share * len(prompt)
    taken = min(int(np.argmax(enough)) + 1, len(labels) - 1)
    in_training = np.zeros(len(labels), dtype=np.bool_)
    in_training[order[:taken]] = True
    return in_training[group]


def split_performance(
    prediction: FloatArray,
    mos: FloatArray,
    prompt: IntArray,
    *,
    repeats: int = REPEATS,
    train_share: float = TRAIN_SHARE,
    seed: int = SEED,
) -> SplitPerformance:
    """Test performance over repeated splits by prompt.

    Images without prediction or MOS are left out first. With fewer than two prompts there is no
    split: `repeats` is 0 and the medians are NaN. A split in which a value is not defined does
    not enter its median.
    """
    both = comparable(prediction, mos)
    x, y, group = prediction[both], mos[both], prompt[both]
    nan = float("nan")
    if len(np.unique(group)) < 2:
        return SplitPerformance(nan, nan, nan, 0)
    tests = []
    for repeat in range(repeats):
        train = grouped_split(group, train_share=train_share, seed=seed + repeat)
        fit = fit_logistic(x[train], y[train], Curve.FOUR)
        mapped, held_back = fit.predict(x[~train]), y[~train]
        miss = np.sqrt(np.mean((mapped - held_back) ** 2))
        tests.append((srcc(x[~train], held_back), _plcc(mapped, held_back), float(miss)))
    medians = [_median(values) for values in np.array(tests).T]
    return SplitPerformance(srcc=medians[0], plcc=medians[1], rmse=medians[2], repeats=repeats)


def _plcc(mapped: FloatArray, mos: FloatArray) -> float:
    return float("nan") if np.isnan(mapped).any() else pearson(mapped, mos)


def _median(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
