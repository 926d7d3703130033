"""The fits are at least as good as the vectors' and say what they are."""

import re

import numpy as np
import pytest
from scipy.optimize import curve_fit

from app.analysis.metric_evaluation.logistic import Curve, curve_value, fit_logistic

# The reference's values come from another optimiser, which stops where its gain gets small.
REACHED = 1e-9

# Five parameters: PLCC, whether the curve is a step, and PLCC less the reference's plcc5_multi
# (rounded down). The reference takes the lowest sum of squares that it meets, however steep.
FIVE = {
    # No smooth curve with its centre among the images is even locally best: a step, and said.
    "BRISQUE": (0.425830, True, 0.0210),
    "DBCNN": (0.225585, True, 0.0023),
    "ILNIQE": (0.344194, True, 0.0111),
    # The smooth optimum, which the reference finds, too; a step would reach .5637.
    "MANIQA": (0.549601, False, -1e-9),
    # Smooth; the reference's curve has a width of .014 and rises within four images.
    "MUSIQ": (0.312873, False, -0.0091),
    # Smooth, found only where steps are refused (.3918); all that reaches .374 with a width of
    # less than .1 is a step.
    "NIQE": (0.373157, False, -0.0121),
}


@pytest.fixture
def case(vectors):
    return vectors["metric_eval_AVT_AI_QUALITY"]


def test_four_parameters_fit_every_metric_of_the_vectors_at_least_as_well(case):
    mos = np.array(case["mos"])
    for name, values in case["metrics"].items():
        fit = fit_logistic(np.array(values), mos, Curve.FOUR)
        assert fit.plcc >= case["expected"][name]["plcc4_multi"] - REACHED, name


@pytest.mark.parametrize("name", FIVE)
def test_five_parameters_prefer_the_smooth_optimum_and_say_a_step(case, name):
    plcc, is_step, above = FIVE[name]
    fit = fit_logistic(np.array(case["metrics"][name]), np.array(case["mos"]), Curve.FIVE)
    assert fit.plcc == pytest.approx(plcc, abs=1e-6)
    assert fit.is_step is is_step
    assert fit.plcc >= case["expected"][name]["plcc5_multi"] + above


@pytest.mark.parametrize("curve", list(Curve))
def test_a_threshold_in_truth_remains_a_step(curve):
    # The mild bend is a smooth optimum, but the step is better far beyond chance.
    x = np.linspace(-2, 2, 300)
    noise = 0.1 * np.random.default_rng(1).normal(size=300)
    fit = fit_logistic(x, 3 + (x > 0.5) + 0.1 * np.tanh(x + 1.5) + noise, curve)
    assert fit.is_step
    assert fit.plcc > 0.95


@pytest.mark.parametrize("curve", list(Curve))
def test_a_step_never_gives_way_to_a_flat_curve(curve):
    for seed in range(20):
        x, y = np.random.default_rng(seed).normal(size=(2, 30))
        fit = fit_logistic(x, y, curve)
        assert fit.refused is None
        assert fit.plcc > (0 if curve is Curve.FOUR else abs(np.corrcoef(x, y)[0, 1]))


def test_four_parameters_agree_with_the_multi_start_reference(case):
    mos = np.array(case["mos"])
    for name, values in case["metrics"].items():
        fit = fit_logistic(np.array(values), mos, Curve.FOUR)
        # ILNIQE's best curve has its centre far outside the images, where the optimum is flat.
        assert fit.plcc == pytest.approx(case["expected"][name]["plcc4_multi"], abs=5e-6)
        plcc, rmse = case["expected"][name]["plcc4_pyiqa"]
        if plcc is not None:
            assert fit.plcc == pytest.approx(plcc, abs=1e-8)
        if isinstance(rmse, float):
            assert fit.rmse == pytest.approx(rmse, abs=1e-8)


def test_the_only_step_among_four_parameter_curves_is_said(case):
    mos = np.array(case["mos"])
    steps = {
        n for n, v in case["metrics"].items() if fit_logistic(np.array(v), mos, Curve.FOUR).is_step
    }
    assert steps == {"DBCNN"}


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_a_noiseless_curve_is_found_again(direction):
    x = np.linspace(0, 100, 60)
    four = np.array([4.5, 1.2, 40.0, 7.0])
    y = curve_value(Curve.FOUR, four, direction * x)
    fit = fit_logistic(direction * x, y, Curve.FOUR)
    assert fit.parameters == pytest.approx(four * [1, 1, 1, 1], rel=1e-5)
    assert fit.plcc == pytest.approx(1, abs=1e-12)
    assert fit.converged


def test_a_falling_metric_falls():
    x = np.linspace(0, 100, 60)
    fit = fit_logistic(x, curve_value(Curve.FOUR, np.array([1.2, 4.5, 40.0, 7.0]), x), Curve.FOUR)
    assert fit.parameters == pytest.approx([1.2, 4.5, 40.0, 7.0], rel=1e-5)


def test_five_parameters_are_found_again_and_as_good_as_curve_fit():
    rng = np.random.default_rng(5)
    x = rng.uniform(-3, 3, 300)
    true = np.array([2.0, 2.5, 0.3, 0.2, 3.0])
    y = curve_value(Curve.FIVE, true, x) + 0.1 * rng.normal(size=300)
    fit = fit_logistic(x, y, Curve.FIVE)
    best, _ = curve_fit(
        lambda v, *b: curve_value(Curve.FIVE, np.array(b), v), x, y, p0=true, maxfev=10_000
    )
    assert fit.parameters == pytest.approx(best, rel=1e-4)
    assert fit.is_monotone
    assert not fit.is_step


def test_a_five_parameter_curve_that_turns_is_said():
    x = np.linspace(-3, 3, 200)
    y = curve_value(Curve.FIVE, np.array([4.0, 3.0, 0.0, -0.5, 3.0]), x)
    assert not fit_logistic(x, y, Curve.FIVE).is_monotone


def test_unit_and_order_of_the_metric_do_not_matter(case):
    x, y = np.array(case["metrics"]["MUSIQ"]), np.array(case["mos"])
    order = np.random.default_rng(1).permutation(len(x))
    for curve in Curve:
        plain = fit_logistic(x, y, curve)
        shuffled = fit_logistic(x[order], y[order], curve)
        assert plain.parameters.tolist() == shuffled.parameters.tolist()
        assert plain.fitted[order].tolist() == shuffled.fitted.tolist()
        rescaled = fit_logistic(1000 * x - 7, y, curve)
        assert rescaled.plcc == pytest.approx(plain.plcc, abs=1e-6)


def test_outliers_of_the_metric_do_not_hide_the_curve():
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    y = 3 + np.tanh(3 * x)
    x[0] = 1e6
    fit = fit_logistic(x, y, Curve.FOUR)
    assert fit.plcc > 0.99


def test_many_images_take_seconds_and_agree_with_curve_fit():
    rng = np.random.default_rng(3)
    x = rng.normal(size=20_000)
    y = 3 + np.tanh(x) + rng.normal(size=20_000)
    fit = fit_logistic(x, y, Curve.FOUR)
    best, _ = curve_fit(
        lambda v, *b: curve_value(Curve.FOUR, np.array(b), v), x, y, p0=(4, 2, 0, 0.5)
    )
    assert fit.parameters == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize("curve", list(Curve))
@pytest.mark.parametrize("turn", [1.0, -1.0])
def test_a_relation_without_a_bend_of_its_own_follows_the_images_and_not_rounding(curve, turn):
    # log of a skewed metric: the best curve is nearly exponential, its centre far outside, where
    # 1 - s is tiny. What is lost there to rounding must not be fitted to.
    rng = np.random.default_rng(4)
    x = np.exp(rng.normal(size=300) * 2)
    y = 3 + 0.4 * np.exp(-x / 3) + 0.05 * rng.normal(size=300)
    fit = fit_logistic(turn * x, y, curve)
    exponential = np.corrcoef(np.exp(-x / 3), y)[0, 1]
    assert fit.plcc >= exponential - 1e-3
    shift = curve_value(curve, fit.parameters, turn * x * (1 + 1e-12))
    assert shift == pytest.approx(fit.fitted, abs=1e-4)


def test_saturated_metrics_have_a_five_parameter_curve():
    # tanh: many values close to the ends, where steep curves used to be fitted to rounding.
    rng = np.random.default_rng(7)
    for images in (150, 800):
        q = rng.normal(size=images)
        x = np.tanh(2 * (q + rng.normal(size=images)))
        fit = fit_logistic(x, 3 + 0.8 * np.tanh(q), Curve.FIVE)
        assert fit.plcc >= np.corrcoef(x, np.tanh(q))[0, 1] - 1e-9
        assert np.ptp(fit.fitted) < 10


def test_missing_values_have_no_fitted_value():
    x = np.append(np.linspace(0, 1, 30), [np.nan, 0.5])
    y = np.append(np.linspace(1, 5, 30) ** 2, [3.0, np.nan])
    fit = fit_logistic(x, y, Curve.FOUR)
    assert fit.n == 30
    assert np.isnan(fit.fitted[30])
    assert np.isfinite(fit.fitted[31])


@pytest.mark.parametrize(
    ("x", "y", "curve", "reason"),
    [
        (np.ones(9), np.arange(9.0), Curve.FOUR, "same value"),
        (np.arange(9.0), np.ones(9), Curve.FIVE, "same MOS"),
        (np.arange(4.0), np.arange(4.0), Curve.FOUR, "4 images .* 5 are needed"),
        (np.arange(5.0), np.arange(5.0), Curve.FIVE, "5 images .* 6 are needed"),
        (np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 2, 5, 2, 1]), Curve.FOUR, "no direction"),
        (np.full(9, np.nan), np.arange(9.0), Curve.FOUR, "0 images"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_a_reason(x, y, curve, reason):
    fit = fit_logistic(x, y, curve)
    assert fit.refused is not None
    assert re.search(reason, fit.refused)
    assert np.isnan([fit.plcc, fit.rmse, *fit.parameters, *fit.fitted]).all()
    assert (fit.is_monotone, fit.is_step, fit.converged) == (False, False, False)


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="equal length"):
        fit_logistic(np.ones(3), np.ones(4), Curve.FOUR)
