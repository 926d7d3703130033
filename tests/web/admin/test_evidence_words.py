"""Evidence in words, as rows of a table."""

import pytest

from app.analysis.screening.evidence import Status
from app.results.screening.evidence import CheckEvidence
from app.results.screening.verdicts import RuleCount
from app.web.admin.evidence_words import findings_of, grounds_in_words, rule_sentence


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (("agreement", True, 2, 10, 0), "Agreement rejects 2 of 12 raters."),
        (
            ("bt500", False, 1, 0, 3),
            "BT.500 would reject 1 of 1 rater; 3 more could not be judged.",
        ),
        (("vqeg", False, 0, 4, 1), "VQEG would reject nobody; 1 more could not be judged."),
        (("controls", True, 0, 0, 12), "Controls could judge nobody."),
    ],
)
def test_what_a_rule_does_to_the_panel(
    rule: tuple[str, bool, int, int, int], sentence: str
) -> None:
    assert rule_sentence(RuleCount(*rule)) == sentence


def test_numbers_have_names_and_what_was_never_shown_is_not_mentioned() -> None:
    checks = [
        CheckEvidence(
            check="controls",
            dimension="quality",
            status=Status.PASSED,
            reason="…",
            numbers={"gold": 3, "gold_missed": 0, "traps": 0, "traps_missed": 0, "other": 1.0},
        ),
        CheckEvidence(
            check="pace",
            dimension="overall",
            status=Status.PASSED,
            reason="…",
            numbers={"share": 0.27, "fast": 32, "timed": 120},
        ),
    ]
    gold, pace = findings_of(checks, frozenset({"pace"}), {"quality": "Quality"})
    assert gold.numbers == (("gold shown", "3"), ("gold missed", "0"))
    assert (gold.check, gold.dimension, gold.is_rejecting) == ("Controls", "Quality", False)
    assert pace.numbers == (("share", "27 %"), ("too fast", "32"), ("timed", "120"))
    assert (pace.dimension, pace.is_rejecting) == ("all", True)


def test_reasons_name_their_dimension_once_each() -> None:
    def failed(dimension: str) -> CheckEvidence:
        return CheckEvidence(
            check="agreement",
            dimension=dimension,
            status=Status.FAILED,
            reason="Agrees too little.",
            numbers={},
        )

    said = grounds_in_words(
        [failed("quality"), failed("overall"), failed("quality")], {"quality": "Quality"}
    )
    assert said == "Quality: Agrees too little. Agrees too little."
    assert grounds_in_words([], {}) == ""
