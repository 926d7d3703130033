import numpy as np

from app.analysis.sensitivity import advice

from ..builders import dense


def _levels(raters: int, stimuli: int = 20) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 5, (raters, stimuli))


def test_up_to_five_raters_the_plain_mos_is_advised() -> None:
    for raters, plain in ((1, True), (5, True), (6, False)):
        found = " ".join(advice(dense(_levels(raters))))
        assert ("five or fewer the plain MOS is best" in found) is plain


def test_larger_panels_hear_what_z_scores_and_em_are_worth() -> None:
    found = " ".join(advice(dense(_levels(20)), rejected=1))
    assert "no more than 0.001 of rank correlation" in found
    assert "1 rater was left out" in found
    assert "0.01 to 0.02" in found
    assert "alternating" not in found


def test_below_fifteen_raters_em_is_preferred_to_ap() -> None:
    assert any("prefer EM" in sentence for sentence in advice(dense(_levels(14))))


def test_gaps_groups_and_short_raters_are_named() -> None:
    levels = np.full((4, 6), -1)
    levels[:2, :2], levels[2:, 2:4], levels[0, 4] = 1, 3, 2
    found = " ".join(advice(dense(levels)))
    assert "1 picture has no rating" in found
    assert "1 picture has one rating only" in found
    assert "2 groups that share no rating" in found
    assert "too few to know how strict" in found


def test_no_ratings() -> None:
    assert advice(dense([[-1, -1]])) == ("There are no ratings yet.",)
