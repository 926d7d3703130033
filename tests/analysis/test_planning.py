import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.analysis.intervals import IntervalMethod, confidence_bounds
from app.analysis.matrix import Scale
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.planning import (
    PRESETS,
    PlannedInterval,
    Question,
    expected_half_width,
    raters_for_half_width,
    raters_for_reliability,
    reliability_of_mean,
    work_left,
)

from .builders import ACR5, dense


@pytest.mark.parametrize(("a", "raters"), [(0.13, 11), (0.33, 23), (0.40, 28), (0.454, 31)])
def test_the_published_table_of_raters_for_half_a_point(a: float, raters: int) -> None:
    assert raters_for_half_width(0.5, a=a, scale=ACR5, mos=3) == raters
    assert raters_for_half_width(0.5, a=a, scale=ACR5) == raters, "3 is the middle"


@pytest.mark.parametrize(("single", "raters"), [(0.296, 22), (0.34, 18), (0.46, 11), (0.535, 8)])
def test_the_published_table_of_raters_for_a_reliability(single: float, raters: int) -> None:
    assert raters_for_reliability(0.9, single=single) == raters
    assert reliability_of_mean(raters, single) >= 0.9 > reliability_of_mean(raters - 1, single)


def test_the_half_width_by_hand() -> None:
    # a = 0.25 at MOS 3: spread 1; five raters: t(0.975; 4) / sqrt 5.
    half = expected_half_width([1, 5], a=0.25, scale=ACR5)
    assert np.isnan(half[0])
    assert half[1] == pytest.approx(2.7764451051977987 / np.sqrt(5), abs=1e-9)
    normal = expected_half_width(5, a=0.25, scale=ACR5, interval=PlannedInterval.NORMAL)
    assert float(normal) == pytest.approx(1.959963984540054 / np.sqrt(5), abs=1e-9)


def test_the_foretold_jeffreys_interval_is_the_one_that_comes() -> None:
    # Four raters whose opinions spread exactly as the SOS hypothesis says.
    scores = mean_opinion_scores(dense([[0, 0], [2, 4], [0, 2], [2, 2]]))
    found = confidence_bounds(scores, ACR5, method=IntervalMethod.SOS_JEFFREYS)
    half = expected_half_width(
        4,
        a=(4 + 32 / 3) / 25,
        scale=ACR5,
        mos=scores.mean[:, 0],
        interval=PlannedInterval.SOS_JEFFREYS,
    )
    assert half == pytest.approx((found.high - found.low)[:, 0] / 2, abs=1e-9)


def test_each_stimulus_has_its_own_width() -> None:
    half = expected_half_width([[4], [20]], a=0.3, scale=ACR5, mos=[1, 2, 3, np.nan])
    assert half.shape == (2, 4)
    assert half[0, 0] == 0
    assert half[0, 1] < half[0, 2]
    assert half[1, 2] < half[0, 2]
    assert np.isnan(half[:, 3]).all()


@given(
    st.floats(0.05, 1),
    st.floats(0.05, 1.5),
    st.sampled_from(list(PlannedInterval)),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_the_number_found_is_the_least_that_is_enough(
    a: float, target: float, interval: PlannedInterval, level: float
) -> None:
    n = raters_for_half_width(target, a=a, scale=ACR5, interval=interval, level=level)
    width = {
        k: float(expected_half_width(k, a=a, scale=ACR5, interval=interval, level=level))
        for k in (n - 1, n)
    }
    assert width[n] <= target * (1 + 1e-9)
    assert n == 2 or width[n - 1] > target


def test_a_scale_ten_times_as_wide_needs_as_many_raters_for_ten_times_the_width() -> None:
    wide = Scale(low=0, step=1, level_max=40)
    assert raters_for_half_width(5, a=0.33, scale=wide) == 23


@pytest.mark.parametrize("interval", list(PlannedInterval))
def test_more_raters_never_widen_an_interval(interval: PlannedInterval) -> None:
    half = expected_half_width(np.arange(2, 400), a=0.45, scale=ACR5, interval=interval)
    assert (np.diff(half) < 0).all()


def test_what_makes_no_sense_is_refused_in_a_sentence() -> None:
    for wrong in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="half-width"):
            raters_for_half_width(wrong, a=0.3, scale=ACR5)
    for a in (0, -0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="parameter a"):
            expected_half_width(5, a=a, scale=ACR5)
    for mos in (0.9, 5.1):
        with pytest.raises(ValueError, match="between 1 and 5"):
            expected_half_width(5, a=0.3, scale=ACR5, mos=mos)
    with pytest.raises(ValueError, match="level"):
        expected_half_width(5, a=0.3, scale=ACR5, level=95)
    with pytest.raises(ValueError, match="More than 100,000"):
        raters_for_half_width(1e-4, a=0.3, scale=ACR5)
    with pytest.raises(ValueError, match="More than 100,000"):
        raters_for_reliability(0.999999, single=0.1)
    for target, single in ((0, 0.5), (1, 0.5), (0.9, 0), (0.9, 1), (0.9, -0.2), (0.9, np.nan)):
        with pytest.raises(ValueError, match="reliability"):
            raters_for_reliability(target, single=single)


def test_no_more_raters_than_needed_when_it_comes_out_even() -> None:
    assert raters_for_reliability(0.9, single=0.5) == 9
    assert raters_for_reliability(0.3, single=0.5) == 1


def test_work_left_by_hand() -> None:
    work = work_left(7200, seconds_each=8, pay_per_hour=12, overhead=0.2)
    assert (work.hours, work.paid_hours, work.cost) == pytest.approx((16, 20, 240))
    assert work_left(0, seconds_each=8).cost is None
    assert work_left(0, seconds_each=8, pay_per_hour=12).cost == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"ratings": -1},
        {"seconds_each": -1},
        {"seconds_each": np.nan},
        {"pay_per_hour": -1},
        {"overhead": 1},
        {"overhead": -0.1},
    ],
)
def test_work_that_cannot_be(wrong: dict[str, float]) -> None:
    given = {"ratings": 10, "seconds_each": 5.0, "pay_per_hour": 1.0, "overhead": 0.1} | wrong
    with pytest.raises(ValueError, match=r"negative|overhead"):
        work_left(int(given.pop("ratings")), **given)


def test_every_kind_of_question_has_a_plausible_preset() -> None:
    assert set(PRESETS) == set(Question)
    for preset in PRESETS.values():
        assert 0 < preset.a_low <= preset.a <= 1
        assert 0 < preset.single < 1


def test_the_t_quantile_is_that_of_scipy() -> None:
    half = float(expected_half_width(11, a=0.13, scale=ACR5))
    assert half == pytest.approx(stats.t.ppf(0.975, 10) * np.sqrt(0.13 * 4 / 11), abs=1e-12)
