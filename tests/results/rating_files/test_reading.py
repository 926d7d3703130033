"""The same few ratings in every form in which people keep them."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from app.errors import InvalidInput
from app.results.rating_files.options import ReadingOptions
from app.results.rating_files.reading import read_ratings
from app.results.rating_files.scales import parse_scale
from app.results.rating_files.wide import Wide

RATERS, STIMULI = ("ann", "bob", "çem"), ("a.png", "b.png", "c.png", "d.png")
SCORES = {(r, s): 1 + (2 * i + j) % 5 for i, r in enumerate(RATERS) for j, s in enumerate(STIMULI)}
ROWS = [{"rater": r, "stimulus": s, "score": x} for (r, s), x in SCORES.items()]


def as_text(separator=",", header=("rater", "stimulus", "score")):
    lines = [separator.join(header)]
    lines += [separator.join(map(str, row.values())) for row in ROWS]
    return "\n".join(lines) + "\n"


def as_parquet(rows):
    written = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), written)
    return written.getvalue()


def as_wide(by="raters", separator=","):
    rows, columns = (RATERS, STIMULI) if by == "raters" else (STIMULI, RATERS)
    lines = [separator.join(("name", *columns))]
    for row in rows:
        cells = [SCORES[(row, c) if by == "raters" else (c, row)] for c in columns]
        lines.append(separator.join((row, *map(str, cells))))
    return "\n".join(lines)


FORMS = {
    "commas": ("r.csv", as_text()),
    "semicolons": ("r.csv", as_text(";")),
    "tabs": ("r.tsv", as_text("\t")),
    "bars": ("r.txt", as_text("|")),
    "blanks": ("r.txt", as_text("  ")),
    "windows lines": ("r.csv", as_text().replace("\n", "\r\n")),
    "byte order mark": ("r.csv", b"\xef\xbb\xbf" + as_text().encode()),
    "utf-16": ("r.csv", as_text("\t").encode("utf-16")),
    "latin-1": ("r.csv", as_text().encode("latin-1")),
    "gzip": ("r.csv.gz", gzip.compress(as_text().encode())),
    "excel's separator line": ("r.csv", "sep=;\n" + as_text(";")),
    "comments before the header": ("r.csv", "# made by hand\n\n" + as_text()),
    "quoted": ("r.csv", as_text().replace("a.png", '"a.png"').replace("score", '"score"')),
    "blanks around cells": ("r.csv", as_text(" , ")),
    "other names": ("r.csv", as_text(header=("WorkerId", "Input.image_url", "Answer.rating"))),
    "pandas index": (
        "r.csv",
        "\n".join(f"{i - 1 if i else ''},{x}" for i, x in enumerate(as_text().splitlines())),
    ),
    "floats": ("r.csv", as_text().replace("\n", ".0\n").replace("score.0", "score")),
    "json rows": ("r.json", json.dumps(ROWS)),
    "json under a name": ("r.json", json.dumps({"study": "x", "ratings": ROWS})),
    "json lines": ("r.jsonl", "\n".join(map(json.dumps, ROWS))),
    "json raters": (
        "r.json",
        json.dumps({r: {s: SCORES[r, s] for s in STIMULI} for r in RATERS}),
    ),
    "json stimuli": (
        "r.json",
        json.dumps({s: {r: SCORES[r, s] for r in RATERS} for s in STIMULI}),
    ),
    "sureal": (
        "r.json",
        json.dumps(
            {"dis_videos": [{"path": s, "os": {r: SCORES[r, s] for r in RATERS}} for s in STIMULI]}
        ),
    ),
    "parquet": ("r.parquet", as_parquet(ROWS)),
    "wide, raters": ("r.csv", as_wide("raters")),
    "wide, stimuli": ("r.csv", as_wide("stimuli", ";")),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_matrix(write, form):
    name, content = FORMS[form]
    given = ReadingOptions(scales={"": parse_scale("1:5:1")})
    (group,) = read_ratings([write(content, name)], given).groups
    matrix = group.matrix.canonical()
    assert matrix.rater_ids == RATERS
    assert matrix.stimulus_ids == STIMULI
    found = {
        (matrix.rater_ids[i], matrix.stimulus_ids[j]): int(level) + 1
        for i, j, (level,) in zip(matrix.rater, matrix.stimulus, matrix.levels, strict=True)
    }
    assert found == SCORES


def test_the_order_of_rows_changes_nothing(read):
    header, *rows = as_text().splitlines()
    first = read(as_text()).groups[0].matrix.fingerprint()
    second = read("\n".join([header, *reversed(rows)])).groups[0].matrix.fingerprint()
    assert first == second


def test_what_was_understood_is_said(read):
    found = read(as_text(header=("WorkerId", "image", "answer")))
    assert found.understanding == (
        "Rater = WorkerId, stimulus = image, score = answer: 3 raters, 4 stimuli, 12 ratings."
    )


def test_an_encoding_that_was_guessed_is_said(read):
    found = read(as_text().encode("latin-1"))
    assert "The text is not UTF-8; it was read as Latin-1 (Windows-1252)." in found.notes


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("r.csv", "", "is empty"),
        ("r.csv", " \n\n", "is empty"),
        ("r.csv", bytes(range(256)) * 20, "is not a text file"),
        ("r.csv", bytes(range(1, 256)) * 20, "is not a text file"),
        ("r.csv", b"PK\x03\x04...", "Excel workbook"),
        ("r.csv", b"%PDF-1.7", "PDF"),
        ("r.csv", b"\xff\xfea", "no text that can be read"),
        ("r.csv", "<!DOCTYPE html><html></html>", "web page"),
        ("r.csv", "rater,stimulus,score\n", "no row of ratings"),
        ("r.csv", "score\n1\n2\n", "only one column"),
        ("r.csv", "a sentence\nand another one\n", "only one column"),
        ("r.csv", "a" * 1_000_000, "field larger than field limit"),
        ("r.csv", "rater,stimulus,score\nr,s\nr,s,1,2\n", "no regular table"),
        ("r.csv", "rater,stimulus,score,score\nr,s,1,2\n", "more than one column called score"),
        ("r.csv", "rater,stimulus,score\nr,s,nan\nr,t,N/A\n", "all its cells are empty"),
        ("r.csv", "rater,stimulus,score\nr,s,3\nr,t,soso\n", "“soso”"),
        ("r.csv", "rater,stimulus,score\nr,s,inf\n", "“inf”"),
        ("r.csv", "rater,stimulus,score\n,s,3\n,t,4\n", "No row names both"),
        ("r.csv.gz", gzip.compress(as_text().encode())[:-9], "damaged"),
        ("r.parquet", b"PAR1 nothing PAR1", "no Parquet file"),
        ("r.parquet", as_parquet([{"rater": "a", "stimulus": "s"}][:0] or [{}]), "no ratings"),
        ("r.json", '{"a":', "not valid JSON"),
        ("r.json", "[" * 100_000, "nested too deeply"),
        ("r.json", "5", "no table of ratings"),
        ("r.json", "[]", "no ratings"),
        ("r.json", "[1, 2]", "not a list of objects"),
        ("r.json", '{"dis_videos": [{"path": "a"}]}', "has no scores"),
        ("r.jsonl", '{"rater": "a"}\nno\n', "line 2"),
        ("r.jsonl", "[1]\n", "line 1"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(read, name, content, sentence):
    with pytest.raises(InvalidInput) as refused:
        read(content, name)
    assert sentence in refused.value.message
    assert "\n" not in refused.value.message


def test_a_folder_and_an_absent_file_are_refused(tmp_path):
    for path, sentence in ((tmp_path, "is a folder"), (tmp_path / "no.csv", "no file called")):
        with pytest.raises(InvalidInput, match=sentence):
            read_ratings([path], ReadingOptions())


def test_wide_tables_of_bare_numbers_ask_what_a_row_is(read):
    table = "\n".join(",".join(str(1 + (i * j) % 5) for j in range(1, 9)) for i in range(2, 7))
    with pytest.raises(InvalidInput, match="--wide raters"):
        read(table)
    (group,) = read(table, wide=Wide.RATERS).groups
    assert (len(group.matrix.rater_ids), len(group.matrix.stimulus_ids)) == (5, 8)
    (group,) = read(table, wide=Wide.STIMULI).groups
    assert (len(group.matrix.rater_ids), len(group.matrix.stimulus_ids)) == (8, 5)
