"""Planted raters, one of each kind among 21 honest ones, and what the default proposal finds.

The bars: random, constant, reversed and shuffled raters are found, with no honest one lost.
`benchmarks/planted_raters.py` prints more panels, smaller designs and the other rules.
"""

import numpy as np
import pytest

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.run import Configuration, analyse
from app.analysis.screening import BT500, Agreement, AgreementRule, Status
from app.analysis.simulation import RaterKind, SimulatedRater, simulated_matrix

from .builders import ACR5

HONEST = 21
PLANTED = [kind for kind in RaterKind if kind is not RaterKind.HONEST]
TENTHS = Scale(low=0, step=0.1, level_max=50)
MUST_BE_FOUND = {
    RaterKind.RANDOM,
    RaterKind.CONSTANT,
    RaterKind.REVERSED,
    RaterKind.SHUFFLED,
    RaterKind.TWO_LEVEL,
}
DENSE, SPARSE = (150, 1.0), (2000, 0.1)
SEEDS = range(5)


def panel(seed: int, scale: Scale, stimuli: int, share: float) -> RatingMatrix:
    luck = np.random.default_rng(seed)
    span = scale.high - scale.low
    quality = luck.normal(scale.low + 0.52 * span, 0.18 * span, (stimuli, 1))
    raters = [
        SimulatedRater(
            kind,
            bias=float(luck.normal(0, 0.07 * span)),
            inconsistency=float(0.14 * span * np.exp(luck.normal(0, 0.25))),
        )
        for kind in [RaterKind.HONEST] * HONEST + PLANTED
    ]
    each = round(share * stimuli)
    return simulated_matrix(
        np.clip(quality, scale.low, scale.high),
        raters,
        scale,
        luck,
        dimensions=["quality"],
        stimuli_each=each,
    )


def kinds_of(matrix: RatingMatrix, rater_ids: tuple[str, ...]) -> list[RaterKind]:
    places = [matrix.rater_ids.index(rater_id) for rater_id in rater_ids]
    return [RaterKind.HONEST if i < HONEST else PLANTED[i - HONEST] for i in places]


@pytest.mark.parametrize("scale", [ACR5, TENTHS], ids=["five levels", "tenths"])
@pytest.mark.parametrize("design", [DENSE, SPARSE], ids=["dense", "10 %"])
def test_who_is_proposed_by_default(scale: Scale, design: tuple[int, float]) -> None:
    found = []
    for seed in SEEDS:
        matrix = panel(seed, scale, *design)
        kinds = kinds_of(matrix, analyse(matrix).proposed)
        assert set(kinds) >= MUST_BE_FOUND
        assert RaterKind.HONEST not in kinds, "no honest rater is lost"
        assert RaterKind.SHIFTED not in kinds, "a shifted rater is honest"
        found += kinds
    # Half of what they say is true: they lie near the threshold, and not all are found.
    assert 2 <= found.count(RaterKind.HALF_RANDOM) <= len(SEEDS)


def test_fifty_ratings_each_of_a_tenth_of_the_pictures_are_nearly_enough() -> None:
    found = []
    for seed in range(10):
        matrix = panel(seed, TENTHS, 500, 0.1)
        found += kinds_of(matrix, analyse(matrix).proposed)
    assert found.count(RaterKind.REVERSED) == found.count(RaterKind.CONSTANT) == 10
    assert found.count(RaterKind.RANDOM) + found.count(RaterKind.SHUFFLED) >= 18
    assert found.count(RaterKind.HONEST) <= 3, "of 210"


def test_in_a_sparse_design_bad_raters_do_not_spoil_the_yardstick_of_the_others() -> None:
    matrix = panel(3, TENTHS, 500, 0.1)
    renewed = Agreement().evidence(matrix)
    once = Agreement(rule=AgreementRule.MEAN_MINUS_SD).evidence(matrix)
    gain = [
        new.numbers["pearson"] - old.numbers["pearson"]
        for new, old in zip(renewed[:HONEST], once[:HONEST], strict=True)
        if new.numbers["pearson"] is not None and old.numbers["pearson"] is not None
    ]
    assert np.median(gain) > 0.05


def test_bt500_is_blind_to_constant_two_level_and_shifted_raters() -> None:
    for seed in SEEDS:
        matrix = panel(seed, ACR5, *DENSE)
        failed = [
            item.rater_id for item in BT500().evidence(matrix) if item.status is Status.FAILED
        ]
        blind = {RaterKind.CONSTANT, RaterKind.TWO_LEVEL, RaterKind.SHIFTED}
        assert not blind & set(kinds_of(matrix, tuple(failed)))


def test_a_confirmed_rater_is_rejected_and_an_overruled_one_is_kept() -> None:
    matrix = panel(0, ACR5, *DENSE)
    default = analyse(matrix)
    overruled, confirmed = default.proposed[0], matrix.rater_ids[0]
    assert confirmed not in default.proposed
    setup = Configuration(
        confirmed=frozenset({confirmed, "gone"}), overruled=frozenset({overruled})
    )
    decided = analyse(matrix, setup)
    assert decided.proposed == default.proposed == default.rejected
    assert set(decided.rejected) == (set(default.proposed) - {overruled}) | {confirmed}
    assert decided.evidence == default.evidence
