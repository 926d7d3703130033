"""BT.500 on z-scores, and the ties of values that are no whole numbers."""

from typing import Any

import numpy as np
import pytest

from app.analysis.matrix import IntArray, RatingMatrix, Scale
from app.analysis.screening import BT500, BT500OnZ, Deviation, Status
from app.analysis.screening.bt500_on_z import far_z_scores, rater_standing
from app.analysis.screening.evidence import Evidence, method_id

from .builders import DATASETS, dataset, dense, shuffled

HUNDRED = Scale(low=0, step=1, level_max=100)
ALL_DATASETS = pytest.mark.parametrize("name", DATASETS)


def failed(matrix: RatingMatrix, check: BT500OnZ | None = None) -> list[int]:
    found = (check or BT500OnZ()).evidence(matrix)
    return [i for i, item in enumerate(found) if item.status is Status.FAILED]


def far(
    matrix: RatingMatrix, deviation: Deviation = Deviation.POPULATION
) -> tuple[list[int], list[int]]:
    found = far_z_scores(matrix, 0, rater_standing(matrix, 0), deviation)
    return found.above.tolist(), found.below.tolist()


def numbers_and_status(evidence: tuple[Evidence, ...]) -> dict[str, tuple[object, ...]]:
    return {x.rater_id: (x.status, x.numbers["above"], x.numbers["below"]) for x in evidence}


@pytest.mark.data
@ALL_DATASETS
def test_rejects_whom_the_reference_rejects(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["sureal"]["ZS_SR_MOS"]["rejected_subject_indices"]
    assert failed(dataset(vectors, name)) == expected


@pytest.mark.data
@ALL_DATASETS
def test_its_numbers_are_those_of_the_reference(vectors: dict[str, Any], name: str) -> None:
    reference = vectors["datasets"][name]["sureal"]["ZS_SR_MOS"]
    matrix = dataset(vectors, name)
    for item, share, imbalance in zip(
        BT500OnZ().evidence(matrix),
        reference["observer_rejected_1st_stats"],
        reference["observer_rejected_2nd_stats"],
        strict=True,
    ):
        own, rated = item.numbers["share"], item.numbers["rated"]
        assert own is not None
        assert rated is not None
        # The reference divides by all stimuli, also where a rater has gaps.
        assert own * rated / len(matrix.stimulus_ids) == pytest.approx(share, abs=1e-9)
        assert item.numbers["imbalance"] == (
            None if imbalance is None else pytest.approx(imbalance)
        )


def test_it_has_a_name_of_its_own() -> None:
    assert method_id(BT500OnZ()) == "screening/bt500-on-z@1"


@pytest.mark.parametrize("deviation", list(Deviation))
@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_plain_calculation(seed: int, deviation: Deviation) -> None:
    luck = np.random.default_rng(seed)
    table = np.clip(luck.normal(50, 20, (12, 80)).round(), 0, 100).astype(np.int64)
    table[luck.uniform(size=table.shape) < 0.3] = -1
    assert far(dense(table, scale=HUNDRED), deviation) == plainly(table, deviation)


def plainly(table: IntArray, deviation: Deviation) -> tuple[list[int], list[int]]:
    scores = np.where(table < 0, np.nan, table)
    z = (scores - np.nanmean(scores, axis=1, keepdims=True)) / np.nanstd(
        scores, axis=1, ddof=1, keepdims=True
    )
    e = z - np.nanmean(z, axis=0)
    beta = np.nanmean(e**4, axis=0) / np.nanmean(e**2, axis=0) ** 2
    k = np.where((beta >= 2) & (beta <= 4), 2, np.sqrt(20))
    s = np.nanstd(z, axis=0, ddof=1 if deviation is Deviation.SAMPLE else 0)
    return (e >= k * s).sum(axis=1).tolist(), (e <= -k * s).sum(axis=1).tolist()


def with_ties() -> IntArray:
    """21 raters who all say the same, apart from one dissenter each way at two stimuli each.

    At each stimulus one z stands exactly √20 deviations from the mean, but it is a root.
    """
    table = np.full((21, 42), 10)
    for i in range(21):
        table[i, i], table[i, 21 + i] = 11, 9
    return table


def test_a_tie_counts_whatever_part_of_the_scale_a_rater_uses() -> None:
    table = with_ties()
    # Every rater stretched and shifted in another way: the same z, from other numbers.
    for i in range(21):
        table[i] = (1 + i % 4) * (table[i] - 10) + 40 + i
    once_each = [1] * 21
    assert far(dense(with_ties(), scale=HUNDRED)) == (once_each, once_each)
    assert far(dense(table, scale=HUNDRED)) == (once_each, once_each)
    # With the sample deviation the dissenter stays below √20 deviations.
    assert far(dense(table, scale=HUNDRED), Deviation.SAMPLE) == ([0] * 21, [0] * 21)


def test_a_block_of_5_in_25_is_exactly_two_deviations_away() -> None:
    table = np.full((25, 25), 20)
    for j in range(25):
        table[(j + np.arange(5)) % 25, j] = 5
    table = np.array([row * (1 + i % 3) + i for i, row in enumerate(table)])
    assert far(dense(table, scale=HUNDRED)) == ([0] * 25, [5] * 25)


def test_equal_z_are_skipped_like_unanimous_scores() -> None:
    pattern = np.random.default_rng(0).integers(0, 8, 40)
    table = [pattern * (1 + i) + 5 * i for i in range(8)]
    assert far(dense(table, scale=HUNDRED)) == ([0] * 8, [0] * 8)
    assert failed(dense(table, scale=HUNDRED)) == []


def test_bias_and_range_of_a_rater_change_nothing() -> None:
    table = np.random.default_rng(7).integers(0, 5, (15, 60))
    changed = np.array([row * (1 + i % 3) + 5 * i for i, row in enumerate(table)])
    assert far(dense(changed, scale=HUNDRED)) == far(dense(table, scale=HUNDRED))


def test_a_constant_rater_is_judged_by_nobody_and_judges_nobody() -> None:
    table = np.random.default_rng(3).integers(0, 5, (9, 40))
    matrix = dense(np.vstack([table, np.full(40, 4)]))
    found = BT500OnZ().evidence(matrix)
    assert found[9].status is Status.NOT_APPLICABLE
    assert found[9].reason == "Gave one score only, so there are no z-scores to look at."
    assert found[9].numbers == {
        **{"above": 0, "below": 0, "rated": 40, "share": 0, "imbalance": None},
        **{"mean": 5, "sd": 0},
    }
    without = BT500OnZ().evidence(dense(table))
    assert [x.numbers for x in found[:9]] == [x.numbers for x in without]


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        (0, "Rated 0 stimuli; this check needs at least 1."),
        (1, "Gave one score only, so there are no z-scores to look at."),
    ],
)
def test_a_rater_with_one_rating_or_none_has_no_z(ratings: int, reason: str) -> None:
    table = np.random.default_rng(3).integers(0, 5, (9, 40))
    table[0, ratings:] = -1
    item = BT500OnZ(min_stimuli=1).evidence(dense(table))[0]
    assert (item.status, item.reason) == (Status.NOT_APPLICABLE, reason)
    assert item.numbers["sd"] is None


def test_nothing_fails_without_ratings() -> None:
    assert failed(dense(np.full((3, 30), -1))) == []
    assert failed(dense(np.full((3, 30), 2))) == []
    assert failed(dense([np.arange(30) % 5])) == []


def test_evidence_says_what_was_done_to_the_scores() -> None:
    honest = np.random.default_rng(1).integers(1, 4, 40)
    table = [np.clip(honest + np.random.default_rng(i).integers(0, 2, 40), 0, 4) for i in range(20)]
    bad = honest.copy()
    bad[:4], bad[4:8] = 4 * (honest[:4] < 2), 4 * (honest[4:8] < 2)
    found = BT500OnZ().evidence(dense([*table, 4 - np.asarray(bad)]))
    assert all(x.reason.startswith("With everybody's mean and spread made equal, ") for x in found)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_depends_on_the_order_of_raters_or_stimuli(seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 3, (11, 50))
    table[np.random.default_rng(seed + 9).uniform(size=table.shape) < 0.4] = -1
    matrix = dense(table)
    expected = numbers_and_status(BT500OnZ().evidence(matrix))
    assert numbers_and_status(BT500OnZ().evidence(shuffled(matrix, seed))) == expected


def test_among_raters_of_one_mean_and_spread_it_is_bt500() -> None:
    luck = np.random.default_rng(2)
    table = np.array([luck.permutation(np.repeat(np.arange(5), 12)) for _ in range(18)])
    matrix = dense(table)
    assert numbers_and_status(BT500OnZ().evidence(matrix)) == numbers_and_status(
        BT500().evidence(matrix)
    )
