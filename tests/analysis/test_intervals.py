from typing import Any

import numpy as np
import pytest
from scipy import stats

from app.analysis.bootstrap import interval_bounds
from app.analysis.intervals import IntervalMethod, confidence_bounds, sos_parameter
from app.analysis.matrix import RatingMatrix
from app.analysis.opinion_scores import mean_opinion_scores

from .builders import ACR5, DATASETS, dataset, dense, shuffled

T, POOLED, JEFFREYS = (
    IntervalMethod.STUDENT_T,
    IntervalMethod.POOLED_T,
    IntervalMethod.SOS_JEFFREYS,
)

#        none one same  split
MIXED = [[-1, 3, 2, 0], [-1, -1, 2, 4], [-1, -1, 2, 2]]


def bounds(
    matrix: RatingMatrix, method: IntervalMethod, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    scores = mean_opinion_scores(matrix)
    found = interval_bounds(matrix, scores, method=method, level=level)
    return found.low[:, 0], found.high[:, 0]


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_student_t_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    half = np.array(vectors["datasets"][name]["other"]["ci95_t_half"])
    scores = mean_opinion_scores(dataset(vectors, name))
    found = confidence_bounds(scores, ACR5, method=T)
    own = ~scores.unanimous[:, 0]
    assert found.low[own, 0] == pytest.approx((scores.mean[:, 0] - half)[own], abs=1e-9)
    assert found.high[own, 0] == pytest.approx((scores.mean[:, 0] + half)[own], abs=1e-9)
    # Where this departs from the reference: it reports zero width for unanimous stimuli.
    assert found.borrowed[:, 0].tolist() == (~own).tolist()
    assert (found.high[~own, 0] > found.low[~own, 0] + 0.2).all()


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_sos_parameter_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    a = sos_parameter(mean_opinion_scores(dataset(vectors, name)), ACR5)
    expected = vectors["datasets"][name]["other"]["sos_alpha_ddof1_LS"]
    assert a == pytest.approx([expected] * 2, abs=1e-9)  # one dimension: overall is the same


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("method", list(IntervalMethod))
def test_every_interval_has_a_width_and_holds_its_mos(
    vectors: dict[str, Any], name: str, method: IntervalMethod
) -> None:
    matrix = dataset(vectors, name)
    mos = mean_opinion_scores(matrix).mean[:, 0]
    low, high = bounds(matrix, method)
    assert (high - low > 0.05).all()
    assert ((low <= mos) & (mos <= high)).all()


@pytest.mark.parametrize("method", list(IntervalMethod))
def test_none_and_one_rating_have_no_interval(method: IntervalMethod) -> None:
    low, high = bounds(dense(MIXED), method)
    assert np.isnan(low[:2]).all()
    assert np.isnan(high[:2]).all()
    assert np.isfinite(low[2:]).all()


@pytest.mark.parametrize("method", list(IntervalMethod))
@pytest.mark.parametrize("level", [2, 4])
def test_if_all_stimuli_are_unanimous_the_spread_is_unknown(
    method: IntervalMethod, level: int
) -> None:
    low, high = bounds(dense(np.full((5, 3), level)), method)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_student_t_by_hand() -> None:
    # Scores 1, 5, 3: mean 3, SOS 2, t(0.975; 2) = 4.302653, half width 4.302653 * 2 / sqrt 3.
    low, high = bounds(dense(MIXED), T)
    half = 4.302652729911275 * 2 / np.sqrt(3)
    assert (low[3], high[3]) == pytest.approx((3 - half, 3 + half), abs=1e-9)


def test_a_unanimous_stimulus_borrows_the_spread_of_the_others() -> None:
    # Spread pooled over the stimuli of three ratings: sqrt((2 * 0 + 2 * 4) / 4), 4 degrees.
    scores = mean_opinion_scores(dense(MIXED))
    found = confidence_bounds(scores, None, method=T)
    half = stats.t.ppf(0.975, 4) * np.sqrt(2) / np.sqrt(3)
    assert found.high[2, 0] - 3 == pytest.approx(half, abs=1e-9)
    assert found.borrowed[:, 0].tolist() == [False, False, True, False]


def test_normal_is_the_t_interval_with_the_normal_quantile() -> None:
    low, high = bounds(dense(MIXED), IntervalMethod.NORMAL)
    half = 1.959963984540054 * 2 / np.sqrt(3)
    assert (low[3], high[3]) == pytest.approx((3 - half, 3 + half), abs=1e-9)
    assert high[2] > 3.5, "a unanimous stimulus borrows the pooled spread"


def test_pooled_t_gives_one_width_to_equal_n() -> None:
    low, high = bounds(dense(MIXED), POOLED)
    half = stats.t.ppf(0.975, 4) * np.sqrt(2) / np.sqrt(3)
    assert (high - low)[2:] == pytest.approx([2 * half] * 2, abs=1e-9)


def test_sos_jeffreys_by_hand() -> None:
    # Two stimuli of four raters, MOS 2 and 3. g = 3 and 4; v = 4/3 and 8/3;
    # a = (3 * 4/3 + 4 * 8/3) / (9 + 16); N = 4 / a.
    table = [[0, 0], [2, 4], [0, 2], [2, 2]]
    scores = mean_opinion_scores(dense(table))
    a = (4 + 32 / 3) / 25
    assert sos_parameter(scores, ACR5)[0] == pytest.approx(a, abs=1e-12)
    found = confidence_bounds(scores, ACR5, method=JEFFREYS, level=0.9)
    trials = 4 / a
    for j, share in enumerate((0.25, 0.5)):
        beta = stats.beta(trials * share + 0.5, trials * (1 - share) + 0.5)
        expected = (1 + 4 * beta.ppf(0.05), 1 + 4 * beta.ppf(0.95))
        assert (found.low[j, 0], found.high[j, 0]) == pytest.approx(expected, abs=1e-9)


def test_sos_jeffreys_stays_on_the_scale_and_reaches_a_unanimous_end() -> None:
    table = [[0, 4, 1], [0, 4, 2], [0, 4, 3]]
    low, high = bounds(dense(table), JEFFREYS)
    assert low[0] == 1
    assert high[0] > 1.2
    assert high[1] == 5
    assert low[1] < 4.8


def test_bounds_widen_with_the_level() -> None:
    narrow, wide = (bounds(dense(MIXED), JEFFREYS, level) for level in (0.8, 0.99))
    assert wide[0][3] < narrow[0][3] < narrow[1][3] < wide[1][3]


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        bounds(dense(MIXED), T, level)


def test_sos_jeffreys_needs_a_scale() -> None:
    with pytest.raises(ValueError, match="ends of the scale"):
        confidence_bounds(mean_opinion_scores(dense(MIXED)), None, method=JEFFREYS)


def test_resampling_needs_the_ratings() -> None:
    scores = mean_opinion_scores(dense(MIXED))
    with pytest.raises(ValueError, match="needs the ratings"):
        confidence_bounds(scores, ACR5, method=IntervalMethod.BOOTSTRAP_RATERS)


@pytest.mark.parametrize(
    ("method", "least"),
    [
        (T, 0.90),
        (JEFFREYS, 0.94),
        (IntervalMethod.NORMAL, 0.87),
        (IntervalMethod.BOOTSTRAP_RATERS, 0.85),
    ],
)
def test_intervals_cover_the_true_mos(method: IntervalMethod, least: float) -> None:
    # 4,000 stimuli, ten raters each, whose opinions are rounded and cut off at the scale's ends.
    generator = np.random.default_rng(8)
    centre = generator.uniform(0.8, 5.2, 4000)
    edges = stats.norm.cdf(np.arange(1.5, 5)[:, None], centre, 1.0)
    shares = np.diff(edges, axis=0, prepend=0, append=1)
    truth = np.arange(1, 6) @ shares
    levels = (generator.uniform(size=(10, 1, 4000)) > edges).sum(axis=1)
    low, high = bounds(dense(levels), method)
    assert least < ((low <= truth) & (truth <= high)).mean() < 0.98


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("method", sorted(set(IntervalMethod) - {IntervalMethod.BOOTSTRAP_RATERS}))
def test_bounds_have_the_same_bits_in_any_order(seed: int, method: IntervalMethod) -> None:
    matrix = dense(np.random.default_rng(3).integers(0, 5, (15, 31, 2)))
    other = shuffled(matrix, seed)
    place = [other.stimulus_ids.index(name) for name in matrix.stimulus_ids]
    first, second = (
        confidence_bounds(mean_opinion_scores(each), each.scale, method=method)
        for each in (matrix, other)
    )
    assert first.low.tobytes() == second.low[place].tobytes()
    assert first.high.tobytes() == second.high[place].tobytes()
