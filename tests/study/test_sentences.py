from typing import Any

import pytest

from app.errors import ProtocolRefused
from app.study.protocol import parse_protocol
from app.study.templates import quality_and_alignment


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("target_ratings",), "many", "Please give a whole number."),
        (("target_ratings",), "2.5", "Please give a whole number."),
        (("target_ratings",), 2.5, "Please give a whole number."),
        (("target_ratings",), 0, "At least 1, please."),
        (("target_ratings",), 20_000, "At most 10,000, please."),
        (("sitting", "break_every_minutes"), "soon", "Please give a number."),
        (("sitting", "break_every_minutes"), 0, "More than 0, please."),
        (("consent", "text"), "", "Please fill this in."),
        (("instructions",), "x" * 20_001, "At most 20,000 characters."),
        (("banana",), 1, "There is no setting with this name."),
        (
            ("dimensions",),
            [{"key": "overall", "label": "All", "question": "How good?"}],
            "Dimensions need different keys, none of them “overall”.",
        ),
    ],
)
def test_what_is_wrong_is_said_so_that_anybody_understands_it(
    place: tuple[str, ...], value: Any, sentence: str
) -> None:
    document = quality_and_alignment().model_dump(mode="json")
    *path, last = place
    part = document
    for name in path:
        part = part[name]
    part[last] = value
    with pytest.raises(ProtocolRefused) as refused:
        parse_protocol(document)
    assert [problem.sentence for problem in refused.value.problems] == [sentence]
