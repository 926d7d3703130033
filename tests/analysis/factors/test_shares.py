"""Shares of the true differences: planted ones are found, noise is none, edges are said."""

import numpy as np
import pytest

from app.analysis.factors.shares import Pictures, noise_share, picture_shares, prompt_factor_share


def planted(seed=1, *, n=2000, generators=4, prompts=400, parts=(0.5, 0.3, 0.2), noise=0.0):
    """Pictures whose generator, prompt and rest have these standard deviations exactly."""
    rng = np.random.default_rng(seed)
    generator, prompt = rng.integers(0, generators, n), rng.integers(0, prompts, n)
    effects = (
        spread(rng.normal(size=generators)[generator]) * parts[0],
        spread(rng.normal(size=prompts)[prompt]) * parts[1],
        spread(rng.normal(size=n)) * parts[2],
    )
    raters = np.full(n, 16)
    mos = 3 + sum(effects) + noise * rng.normal(size=n)
    return Pictures(mos, np.full(n, noise * 4), raters, prompt, generator, generator)


def spread(values):
    return (values - values.mean()) / values.std()


def shuffled(pictures, seed=2):
    order = np.random.default_rng(seed).permutation(len(pictures.mos))
    return Pictures(
        *(
            getattr(pictures, f)[order]
            for f in ("mos", "sos", "n", "prompt", "generator", "condition")
        )
    )


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_planted_shares_are_found_whatever_the_rating_noise(noise):
    pictures = planted(noise=noise)
    shares = picture_shares(pictures)
    assert shares["generator"].share == pytest.approx(0.25 / 0.38, abs=0.04)
    assert shares["prompt"].share == pytest.approx(0.09 / 0.38, abs=0.04)
    for name in ("generator", "prompt"):
        share = shares[name]
        assert share.adjusted
        assert 0 < share.low < share.share < share.high < 1
    assert noise_share(pictures) == pytest.approx(noise**2 / (0.38 + noise**2), abs=0.03)


def test_nothing_is_found_in_nothing():
    shares = picture_shares(planted(parts=(0.0, 0.0, 1.0)))
    for name in ("generator", "prompt"):
        assert shares[name].share < 0.05
        assert shares[name].low == 0.0
    # η² of 400 prompts is a fifth all the same, which is why it is not the headline.
    assert shares["prompt"].eta_squared > 0.15


def test_settings_are_what_conditions_add():
    plain = planted(parts=(0.4, 0.2, 0.2), n=3000)
    setting = np.random.default_rng(8).integers(0, 2, 3000)
    pictures = Pictures(
        plain.mos + np.where(setting == 1, 0.3, -0.3),
        *(getattr(plain, f) for f in ("sos", "n", "prompt", "generator")),
        plain.generator * 2 + setting,
    )
    shares = picture_shares(pictures)
    assert shares["settings"].share == pytest.approx(0.09 / 0.33, abs=0.04)
    total = shares["generator"].share + shares["settings"].share
    assert shares["condition"].share == pytest.approx(total, abs=1e-9)
    assert shares["condition"].groups == 8


def test_the_order_and_the_numbering_of_pictures_change_no_bit():
    pictures = planted(n=300, prompts=80, noise=0.2)
    assert repr(picture_shares(pictures)) == repr(picture_shares(shuffled(pictures)))
    label = pictures.prompt % 3
    order = np.random.default_rng(2).permutation(300)
    assert prompt_factor_share(pictures, label) == prompt_factor_share(
        shuffled(pictures), label[order]
    )


def test_moving_and_stretching_the_scale_changes_no_share():
    plain = planted(n=300, prompts=80, noise=0.2)
    stretched = Pictures(
        10 * plain.mos - 7, 10 * plain.sos, plain.n, plain.prompt, plain.generator, plain.condition
    )
    for name, share in picture_shares(plain).items():
        other = picture_shares(stretched)[name]
        assert other.share == pytest.approx(share.share, abs=1e-9, nan_ok=True)
        assert other.low == pytest.approx(share.low, abs=1e-9, nan_ok=True)


def test_a_property_of_prompts_is_judged_between_prompts():
    rng = np.random.default_rng(5)
    prompts, n = 300, 1800
    kind = rng.integers(0, 3, prompts)
    prompt, generator = rng.integers(0, prompts, n), rng.integers(0, 4, n)
    of_kind = np.array([-0.4, 0.0, 0.4])[kind]
    value = of_kind + 0.3 * rng.normal(size=prompts)
    mos = 3 + generator + value[prompt] + 0.5 * rng.normal(size=n)
    pictures = Pictures(mos, np.full(n, 0.4), np.full(n, 20), prompt, generator, generator)
    share = prompt_factor_share(pictures, kind[prompt])
    assert share.share == pytest.approx(of_kind.var() / (of_kind.var() + 0.09), abs=0.08)
    assert share.low < share.share < share.high
    nothing = prompt_factor_share(pictures, rng.integers(0, 3, prompts)[prompt])
    assert nothing.share < 0.03


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.full(40, -1), "No prompt has this property."),
        (np.zeros(40, int), "All prompts are alike in this."),
        (np.arange(40) // 2, "Every prompt is a group of its own."),
    ],
)
def test_a_property_that_says_nothing(labels, reason):
    rng = np.random.default_rng(6)
    group = np.arange(40) % 2
    pictures = Pictures(
        rng.normal(size=40), np.ones(40), np.full(40, 9), np.arange(40) // 2, group, group
    )
    found = prompt_factor_share(pictures, labels)
    assert found.reason == reason
    assert np.isnan(found.share)


def pictures_of(mos, prompt, generator, sos=0.1):
    n = len(mos)
    return Pictures(
        np.array(mos, dtype=float),
        np.full(n, sos),
        np.full(n, 9),
        np.array(prompt, dtype=int),
        np.array(generator, dtype=int),
        np.array(generator, dtype=int),
    )


@pytest.mark.parametrize(
    ("pictures", "factor", "reason"),
    [
        (pictures_of([], [], []), "generator", "Fewer than two pictures have a score."),
        (pictures_of([3], [1], [1]), "prompt", "Fewer than two pictures have a score."),
        (pictures_of([3, 3], [1, 2], [1, 2]), "generator", "All pictures have the same score."),
        (pictures_of([1, 2, 3], [1, 2, 3], [1, 1, 1]), "generator", "There is only one generator."),
        (
            pictures_of([1, 2, 3], [1, 2, 3], [1, 1, 2]),
            "prompt",
            "Every prompt has a single picture.",
        ),
        (pictures_of([1, 2, 3], [4, 4, 4], [1, 1, 2]), "prompt", "There is only one prompt."),
        (
            pictures_of([1, 2, 3], [1, 2, 3], [1, 2, 3]),
            "generator",
            "Every group has a single picture.",
        ),
        (
            pictures_of([1, 2, 3, 4], [1, 1, 2, 2], [1, 1, 2, 2]),
            "prompt",
            "Too few prompts were given to several generators.",
        ),
        (
            pictures_of([3, 3.01, 3, 3.02], [1, 2, 3, 4], [1, 1, 2, 2], sos=1.0),
            "generator",
            "The pictures differ hardly more than rating noise lets them.",
        ),
        (
            pictures_of([1, 2, 3, 5], [1, 2, 3, 4], [1, 1, 2, 2]),
            "settings",
            "Every generator was used with one choice of settings.",
        ),
    ],
)
def test_what_cannot_be_said_is_said(pictures, factor, reason):
    share = picture_shares(pictures)[factor]
    assert share.reason == reason
    assert np.isnan([share.share, share.low, share.high]).all()
    if factor == "settings" or share.groups < 2:
        assert np.isnan([share.eta_squared, share.omega_squared]).all()


def test_few_prompts_give_a_share_without_interval():
    share = picture_shares(pictures_of([1, 1.2, 3, 3.1], [1, 2, 3, 4], [1, 1, 2, 2]))["generator"]
    assert share.share > 0.9
    assert share.reason == "Fewer than 5 prompts allow no interval."


def test_noise_of_pictures_with_one_rating_is_the_pooled_one():
    mos = np.array([1.0, 3.0, 5.0])
    pictures = Pictures(
        mos, np.array([1.0, 1.0, np.nan]), np.array([4, 4, 1]), *(np.arange(3),) * 3
    )
    assert noise_share(pictures) == pytest.approx((0.25 + 0.25 + 1) / 3 / 4)
    unknown = Pictures(mos, np.full(3, np.nan), np.ones(3, int), *(np.arange(3),) * 3)
    assert np.isnan(noise_share(unknown))


def test_intervals_cover_what_very_many_prompts_would_show():
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        generator, prompt = np.tile(np.arange(4), 60), np.repeat(np.arange(60), 4)
        effects = np.array([-0.5, -0.1, 0.2, 0.4])
        mos = effects[generator] + 0.4 * rng.normal(size=60)[prompt] + 0.4 * rng.normal(size=240)
        pictures = Pictures(mos, np.zeros(240), np.full(240, 9), prompt, generator, generator)
        share = picture_shares(pictures)["generator"]
        true = effects.var() / (effects.var() + 0.32)
        hits += share.low <= true <= share.high
    assert hits >= 52  # 57 expected
