import json
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.intervals import IntervalMethod
from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.run import Analysis, Configuration, analyse
from app.analysis.screening import BT500, Agreement, EveryoneRejectedError, Status, Variation
from app.analysis.simulation import RaterKind, SimulatedRater, simulated_matrix

from .builders import ACR5, DATASETS, dataset, dense, shuffled

TENTHS = Scale(low=0, step=0.1, level_max=50)
BAD = (RaterKind.RANDOM, RaterKind.CONSTANT, RaterKind.REVERSED)


def panel(
    seed: int,
    *,
    scale: Scale = ACR5,
    stimuli: int = 80,
    each: int | None = None,
    honest: int = 20,
    noise: float = 0.7,
) -> tuple[RatingMatrix, set[str]]:
    """Honest raters and one bad rater of each kind; the matrix and the ids of the bad ones."""
    generator = np.random.default_rng(seed)
    middle, reach = (scale.low + scale.high) / 2, (scale.high - scale.low) / 4
    true_scores = generator.normal(middle, reach, (stimuli, 2))
    raters = [
        SimulatedRater(bias=float(generator.normal(0, 0.3)), inconsistency=noise)
        for _ in range(honest)
    ]
    raters += [SimulatedRater(kind, inconsistency=noise) for kind in BAD]
    matrix = simulated_matrix(
        true_scores,
        raters,
        scale,
        generator,
        dimensions=("quality", "alignment"),
        stimuli_each=each,
    )
    return matrix, set(matrix.rater_ids[honest:])


def bits(result: Any) -> Any:
    """All values of nested dataclasses, arrays as their bytes."""
    if isinstance(result, np.ndarray):
        return result.tobytes()
    if is_dataclass(result) and not isinstance(result, type):
        return {f.name: bits(getattr(result, f.name)) for f in fields(result)}
    if isinstance(result, tuple):
        return tuple(bits(item) for item in result)
    return result


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "design",
    [
        {},
        {"scale": TENTHS},
        {"noise": 1.2, "stimuli": 120},
        {"stimuli": 200, "each": 80, "honest": 40},
    ],
)
def test_planted_raters_are_found_and_no_honest_one_is_lost(
    seed: int, design: dict[str, Any]
) -> None:
    matrix, bad = panel(seed, **design)
    assert set(analyse(matrix).rejected) == bad


def test_each_planted_kind_fails_the_check_made_for_it() -> None:
    matrix, _ = panel(1)
    failed = {(e.rater_id, e.check) for e in analyse(matrix).evidence if e.status is Status.FAILED}
    assert ("r0021", "agreement") in failed
    assert ("r0022", "variation") in failed
    assert ("r0023", "agreement") in failed
    assert ("r0022", "bt500") not in failed  # constant raters are invisible to BT.500


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_identical_bits_whatever_the_order_of_rows_and_ids(seed: int) -> None:
    matrix, _ = panel(seed, stimuli=30, each=25, honest=7)
    check_all = Configuration(rejecting=frozenset({"variation"}), weights=None)
    assert bits(analyse(shuffled(matrix, seed), check_all)) == bits(analyse(matrix, check_all))


def test_results_follow_the_sorted_ids() -> None:
    matrix = replace(dense([[0, 4], [0, 4]]), stimulus_ids=("z", "a"))
    result = analyse(matrix)
    assert result.stimulus_ids == ("a", "z")
    assert result.mos.mean[:, 0].tolist() == [5, 1]


def test_scores_are_those_of_the_raters_kept_and_the_fingerprint_that_of_all() -> None:
    matrix, bad = panel(2)
    result = analyse(matrix)
    kept = matrix.canonical().of_raters(set(matrix.rater_ids) - bad)
    assert result.mos.mean.tobytes() == mean_opinion_scores(kept).mean.tobytes()
    assert result.fingerprint == matrix.fingerprint()
    assert (result.alpha > result.alpha_before_screening).all()
    assert result.rater_ids == matrix.rater_ids


def test_checks_that_do_not_reject_are_made_and_shown() -> None:
    matrix, _ = panel(3)
    result = analyse(matrix, Configuration(rejecting=frozenset()))
    assert result.rejected == ()
    seen = [(e.check, e.dimension) for e in result.evidence]
    by_dimension = ("bt500", "agreement", "variation", "controls")
    order = [(c, d) for c in by_dimension for d in matrix.dimensions] + [("pace", "overall")]
    assert list(dict.fromkeys(seen)) == order
    assert len(seen) == (4 * 2 + 1) * 23


def test_parameters_of_the_configuration_reach_their_methods() -> None:
    matrix, _ = panel(4)
    setup = Configuration(
        checks=(Variation(min_ratings=1000),),
        rejecting=frozenset({"variation"}),
        interval=IntervalMethod.POOLED_T,
        level=0.9,
        weights={"quality": 1.0, "alignment": 0.0},
    )
    result = analyse(matrix, setup)
    assert {e.status for e in result.evidence} == {Status.NOT_APPLICABLE}
    assert (result.mos_bounds.method, result.mos_bounds.level) == (IntervalMethod.POOLED_T, 0.9)
    assert (result.z_mos_bounds.method, result.z_mos_bounds.level) == (
        IntervalMethod.STUDENT_T,
        0.9,
    )
    assert result.mos.mean[:, 2] == pytest.approx(result.mos.mean[:, 0])
    assert result.z_mos.mean[:, 2] == pytest.approx(result.z_mos.mean[:, 0])


def test_methods_are_named_with_their_versions() -> None:
    assert analyse(dense([[1, 2], [2, 3]])).methods == (
        "ratings@4",
        "screening/bt500@1",
        "screening/agreement@2",
        "screening/variation@2",
        "screening/controls@1",
        "screening/pace@1",
        "scores/mos@1",
        "scores/z-mos@1",
        "scores/overall-weighted-mean@1",
        "interval/sos-jeffreys@1",
        "interval/student-t@1",
        "spread/sos-hypothesis@1",
        "reliability/krippendorff-alpha-interval@1",
    )


def test_everyone_rejected_is_reported_with_the_evidence() -> None:
    with pytest.raises(EveryoneRejectedError) as caught:
        analyse(dense(np.tile([[1], [2], [4]], 30)))
    assert {e.check for e in caught.value.evidence} == {
        check.name for check in Configuration().checks
    }


def test_a_unanimous_panel_is_kept() -> None:
    result = analyse(dense(np.full((3, 30), 4)))
    assert result.rejected == ()
    assert (result.mos.mean == 5).all()
    assert np.isnan(result.mos_bounds.low).all()


def test_equal_z_scores_get_no_interval_of_no_width() -> None:
    # Raters who differ by a constant have equal z-scores, up to rounding.
    base = np.random.default_rng(0).integers(0, 3, 30)
    levels = base + np.array([[0], [1], [2], [0], [1]])
    found = analyse(dense(levels), Configuration(rejecting=frozenset()))
    assert not (found.z_mos_bounds.high - found.z_mos_bounds.low < 1e-6).any()
    assert found.z_mos.unanimous[:, 0].all()


def test_a_rater_without_ratings_does_not_hide_that_everyone_is_rejected() -> None:
    table = np.tile([[1], [4], [-1]], 30)
    with pytest.raises(EveryoneRejectedError):
        analyse(dense(table))


@pytest.mark.parametrize(
    "table", [[[-1, -1], [-1, -1]], [[2, -1], [-1, -1]], [[2, 2], [2, 2]], [[0, 4], [-1, -1]]]
)
def test_hardly_any_ratings_make_a_result_with_gaps_not_a_crash(table: list[list[int]]) -> None:
    result = analyse(dense(table))
    assert result.rejected == ()
    assert np.isnan(result.mos_bounds.low).all()
    assert {e.status for e in result.evidence} == {Status.NOT_APPLICABLE}
    counts = [sum(row[j] >= 0 for row in table) for j in range(2)]
    assert result.mos.n[:, 0].tolist() == counts


def test_evidence_can_be_stored_as_json() -> None:
    table = np.tile(np.arange(30) % 5, (4, 1))
    table[0], table[1, 5:] = 3, -1
    for item in analyse(dense(table)).evidence:
        json.dumps(asdict(item), allow_nan=False)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_bt500_alone_as_the_rejecting_check_gives_the_reference_scores(
    vectors: dict[str, Any], name: str
) -> None:
    expected = vectors["datasets"][name]
    setup = Configuration(checks=(BT500(),), rejecting=frozenset({"bt500"}))
    result: Analysis = analyse(dataset(vectors, name), setup)
    rejected = expected["bt500_variants"]["X exact B"]
    assert [int(rater_id[1:]) for rater_id in result.rejected] == rejected
    if rejected == expected["sureal"]["BT500"]["rejected_subject_indices"]:
        mos = expected["sureal"]["BT500"]["quality_scores"]
        assert result.mos.mean[:, 0] == pytest.approx(mos, abs=1e-9)


def test_a_rejecting_check_must_be_made() -> None:
    with pytest.raises(ValueError, match="not made: bt500"):
        Configuration(checks=(Agreement(),), rejecting=frozenset({"bt500"}))


def test_a_check_is_made_once() -> None:
    with pytest.raises(ValueError, match="once"):
        Configuration(checks=(BT500(), BT500(min_stimuli=1)), rejecting=frozenset())
