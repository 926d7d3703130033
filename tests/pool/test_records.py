"""Reading records: forms, quoting, encodings, and line numbers that a person can go to."""

import pytest

from app.errors import ImportRefused
from app.pool.records import (
    LISTED_MISTAKES,
    Mistakes,
    RecordForm,
    decode,
    form_of,
    read_objects,
    read_table,
)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.txt", RecordForm.TEXT),
        ("A.CSV", RecordForm.CSV),
        ("x.tsv", RecordForm.TSV),
        ("x.jsonl", RecordForm.JSONL),
        ("x.ndjson", RecordForm.JSONL),
    ],
)
def test_the_form_follows_from_the_name(name: str, form: RecordForm) -> None:
    assert form_of(name) is form


def test_an_unknown_ending_is_refused() -> None:
    with pytest.raises(ImportRefused, match=r"\.jsonl"):
        form_of("prompts.xlsx")


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"fine\n\xff\xfe broken\nfine\nbro\xe9ken\n", [2, 4]),
        (b"fine\nnul\x00\n", [2]),
        ("UTF-16".encode("utf-16"), [1]),
        (b"\xef\xbb\xbfwith a byte order mark\n", []),
    ],
)
def test_undecodable_lines_are_named(content: bytes, lines: list[int]) -> None:
    mistakes = Mistakes()
    text = decode(content, mistakes)
    assert [line for line, _ in mistakes.listed] == lines
    assert not text.startswith("\ufeff")


def test_a_quoted_cell_may_hold_line_breaks_and_later_lines_keep_their_number() -> None:
    rows = read_table('a,b\r\n"one\r\ntwo",x\r\n\r\n,\r\nlast,y\r\n', RecordForm.CSV, Mistakes())
    assert [(row.line, row.cells) for row in rows] == [
        (1, ["a", "b"]),
        (2, ["one\r\ntwo", "x"]),
        (6, ["last", "y"]),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('a\n"never closed\nmore\n', "opened here and not closed"),
        ('a\n"in "the middle" of it"\n', "must be doubled"),
        ('a\n"' + "x" * 140_000 + '"\n', "opened here and not closed"),
    ],
)
def test_a_broken_quotation_is_a_mistake_at_its_line(text: str, sentence: str) -> None:
    mistakes = Mistakes()
    read_table(text, RecordForm.CSV, mistakes)
    line, said = mistakes.listed[0]
    assert line == 2
    assert sentence in said


def test_tsv_without_quoting_keeps_its_quotation_marks() -> None:
    text = 'Prompt\tCategory\n"G I G G L E" on a wall\tWriting\n"a, b"\tx\n'
    rows = read_table(text, RecordForm.TSV, Mistakes())
    assert [row.cells[0] for row in rows] == ["Prompt", '"G I G G L E" on a wall', "a, b"]


def test_tsv_with_quoting_is_read_as_spreadsheets_write_it() -> None:
    text = 'Prompt\tCategory\n"two\nlines with a ""word"""\tx\n'
    rows = read_table(text, RecordForm.TSV, Mistakes())
    assert rows[1].cells == ['two\nlines with a "word"', "x"]


@pytest.mark.parametrize(
    "line",
    ['{"prompt": ', "[1, 2]", '"text"', '{"prompt": NaN}', "[" * 100_000, "9" * 5000],
)
def test_a_line_that_is_not_a_json_object_is_a_mistake(line: str) -> None:
    mistakes = Mistakes()
    assert read_objects('{"prompt": "fine"}\n\n' + line, mistakes)[0].values == {"prompt": "fine"}
    assert [number for number, _ in mistakes.listed] == [3]


def test_all_mistakes_are_counted_and_the_first_listed_in_order() -> None:
    mistakes = Mistakes()
    for line in range(200, 0, -1):
        mistakes.add(line, "It is wrong.")
    with pytest.raises(ImportRefused, match="200 mistakes; the first 50 are listed") as refused:
        mistakes.refuse_if_any()
    assert len(refused.value.problems) == LISTED_MISTAKES
    assert str(refused.value.problems[0]) == "line 151: It is wrong."
