import pytest

from app.analysis.screening import EveryoneRejectedError, Evidence, Status, rejected_raters


def item(rater: str, check: str, status: Status, dimension: str = "quality") -> Evidence:
    return Evidence(check, dimension, rater, status, "because", {})


EVIDENCE = (
    item("a", "bt500", Status.FAILED),
    item("a", "agreement", Status.PASSED),
    item("b", "agreement", Status.PASSED),
    item("b", "agreement", Status.FAILED, "alignment"),
    item("c", "agreement", Status.NOT_APPLICABLE),
)


@pytest.mark.parametrize(
    ("rejecting", "expected"),
    [
        ({"agreement"}, ("b",)),  # failed in one dimension
        ({"bt500"}, ("a",)),
        ({"bt500", "agreement"}, ("a", "b")),
        (set(), ()),
    ],
)
def test_failing_any_rejecting_check_in_any_dimension_rejects(
    rejecting: set[str], expected: tuple[str, ...]
) -> None:
    assert rejected_raters(EVIDENCE, rejecting=rejecting, raters="abc") == expected


def test_everyone_rejected_is_an_error_that_carries_the_evidence() -> None:
    with pytest.raises(EveryoneRejectedError, match="rejects every rater") as caught:
        rejected_raters(EVIDENCE, rejecting={"bt500", "agreement"}, raters="ab")
    assert caught.value.evidence == EVIDENCE


def test_raters_without_ratings_do_not_save_the_panel() -> None:
    with pytest.raises(EveryoneRejectedError):
        rejected_raters(EVIDENCE, rejecting={"bt500"}, raters=["a"])


def test_only_raters_with_ratings_are_rejected() -> None:
    assert rejected_raters(EVIDENCE, rejecting={"bt500"}, raters="bc") == ()


def test_no_raters_is_not_everyone_rejected() -> None:
    assert rejected_raters((), rejecting={"bt500"}, raters=[]) == ()
