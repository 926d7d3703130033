"""Prompts from files: columns, headers, and mistakes by line."""

import pytest

from app.errors import ImportRefused
from app.pool.prompt_files import read_prompts
from app.pool.prompt_text import LONGEST_PROMPT, clean, prompt_objection
from app.pool.records import RecordForm


def texts(content: str, form: RecordForm) -> list[str]:
    return [prompt.text for prompt in read_prompts(content.encode(), form, source=None)]


@pytest.mark.parametrize(
    ("form", "content"),
    [
        (RecordForm.TEXT, "a dog\n\n  a  red\tcat \r\n"),
        (RecordForm.CSV, "prompt\na dog\na red cat\n"),
        (RecordForm.CSV, "a dog\na red cat\n"),
        (RecordForm.CSV, "id,Text,mos\n1,a dog,3\n2,a red cat,\n"),
        (RecordForm.CSV, "x_1.png,a dog\nx_2.jpg,a red cat\n"),
        (RecordForm.CSV, '\ufeffprompt,note\n"a\ndog",x\n\n"a red cat"\n'),
        (RecordForm.TSV, "Prompt\tCategory\na dog\tAnimals\na red cat\tAnimals\n"),
        (RecordForm.JSONL, '{"prompt": "a dog"}\n{"Prompt": "a red cat", "tag": 3}\n'),
    ],
)
def test_prompts_are_found_in_every_form(form: RecordForm, content: str) -> None:
    assert texts(content, form) == ["a dog", "a red cat"]


def test_category_language_and_words_are_kept() -> None:
    content = "Prompt\tCategory\tChallenge\tlang\nein roter Hund\tTiere\tBasic\tde\n"
    (prompt,) = read_prompts(content.encode(), RecordForm.TSV, source="x.tsv")
    assert (prompt.category, prompt.language, prompt.source) == ("Tiere", "de", "x.tsv")
    assert prompt.word_count == 3


@pytest.mark.parametrize(
    ("form", "content", "line", "sentence"),
    [
        (RecordForm.CSV, b"prompt,category\na,b\n,only a category\n", 3, "empty"),
        (RecordForm.CSV, b"prompt\na dog, running\n", 2, "2 cells where 1 are expected"),
        (RecordForm.CSV, b"one,two,three\n", 1, "not clear which column"),
        (RecordForm.CSV, b"prompt,language\na dog,German\n", 2, "code such as"),
        (RecordForm.TEXT, b"a dog\n\xff\n", 2, "not valid UTF-8"),
        (RecordForm.TEXT, b"a dog\n\x00\n", 2, "NUL"),
        (RecordForm.TEXT, b"x" * (LONGEST_PROMPT + 1), 1, "10,001 characters"),
        (RecordForm.TEXT, b"\n\n", 1, "contains no prompts"),
        (RecordForm.CSV, b"", 1, "contains no prompts"),
        (RecordForm.JSONL, b'{"prompt": "a"}\n{"tag": "x"}\n', 2, "missing"),
        (RecordForm.JSONL, b'{"prompt": ["a"]}\n', 1, "not a text"),
        (RecordForm.JSONL, b'{"prompt": ""}\n', 1, "empty"),
        (RecordForm.JSONL, b'{"prompt": "a\\u0000"}\n', 1, "NUL"),
        (RecordForm.JSONL, b'{"prompt": "a\\ud800"}\n', 1, "surrogate"),
        (RecordForm.JSONL, b'{"prompt": "a", "category": "\\udc00"}\n', 1, "surrogate"),
        (RecordForm.JSONL, b'{"prompt": "a", "category": {}}\n', 1, "category is not a text"),
    ],
)
def test_a_bad_line_is_reported_by_number(
    form: RecordForm, content: bytes, line: int, sentence: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_prompts(content, form, source=None)
    (problem,) = refused.value.problems
    assert problem.where == f"line {line}"
    assert sentence in problem.sentence


def test_every_mistake_is_reported_at_once() -> None:
    content = b'{"prompt": "a"}\n{broken\n\n{"prompt": 7}\n\xff\n'
    with pytest.raises(ImportRefused, match="4 mistakes") as refused:
        read_prompts(content, RecordForm.JSONL, source=None)
    assert [problem.where for problem in refused.value.problems] == [
        "line 2",
        "line 4",
        "line 5",
        "line 5",
    ]


def test_cleaning_joins_white_space_and_composes_characters() -> None:
    assert clean(" a\n\tcafe\u0301 \u00a0 x ") == "a caf\u00e9 x"
    assert prompt_objection(clean(" \n ")) == "The prompt is empty."
    assert prompt_objection("x" * LONGEST_PROMPT) is None
