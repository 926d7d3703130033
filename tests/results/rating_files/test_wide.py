"""Wide tables: recognised by their names, with other columns left aside, or asked about."""

import json

import pytest

from app.errors import InvalidInput
from app.results.rating_files.options import Wide

from .conftest import scores_of


def wide_table(header, rows, cells=lambda i, j: 1 + (i + 2 * j) % 5, before=()):
    """``before`` are columns between the name of the row and its scores, each a value by row."""
    lines = [",".join(header)]
    for i, name in enumerate(rows):
        given = [column(i) for column in before]
        scores = [cells(i, j) for j in range(len(header) - 1 - len(before))]
        lines.append(",".join(map(str, (name, *given, *scores))))
    return "\n".join(lines)


SUBJECTS = [f"subj{i}" for i in range(1, 9)]


def test_columns_beside_the_series_of_raters_are_no_raters(read):
    table = wide_table(
        ("PVS", "SRC", "HRC", "MOS", *SUBJECTS),
        [f"P1_SRC{i}" for i in range(10)],
        before=(lambda i: i % 3, lambda i: i % 5, lambda i: 3.2),
    )
    found = read(table)
    matrix = found.groups[0].matrix
    assert set(matrix.rater_ids) == set(SUBJECTS)
    assert matrix.ratings == 80
    assert "Not read: SRC, HRC, MOS." in found.notes


def test_the_age_of_a_rater_is_no_stimulus(read):
    header = ("subject", "age", *(f"img_{j}.png" for j in range(6)))
    found = read(wide_table(header, "abcde", before=(lambda i: 20 + i,)))
    assert len(found.groups[0].matrix.stimulus_ids) == 6


def test_a_column_unlike_the_others_is_asked_about(read):
    header = ("subject", "age", "lake", "river", "sea", "hill", "wood")
    table = wide_table(header, "abcde", before=(lambda i: 20 + i,))
    with pytest.raises(InvalidInput, match="the numbers in age are unlike"):
        read(table)
    found = read(table, wide=Wide.RATERS, score=("lake", "river", "sea", "hill", "wood"))
    assert len(found.groups[0].matrix.stimulus_ids) == 5


def test_an_answer_sheet_of_a_form(read):
    header = ("Timestamp", "Email Address", *(f"Image {j}: how good?" for j in range(1, 7)))
    times = [f"2024/01/0{i} 10:00" for i in range(1, 6)]
    found = read(wide_table(header, times, before=(lambda i: f"u{i}@x.org",)))
    assert found.groups[0].matrix.rater_ids == tuple(f"u{i}@x.org" for i in range(5))


@pytest.mark.parametrize(
    "header", [("stimulus", "alice", "bob", "carol"), ("name", *"ABCDEFGH"), ("", "x", "y")]
)
def test_rows_that_could_be_either_are_asked_about(read, header):
    table = wide_table(header, "pqrstu")
    with pytest.raises(InvalidInput, match="--wide raters if each row is a rater"):
        read(table)
    matrix = read(table, wide=Wide.STIMULI).groups[0].matrix
    assert matrix.stimulus_ids == tuple("pqrstu")
    assert set(matrix.rater_ids) == set(header[1:])


def test_two_series_of_columns_are_asked_about(read):
    table = wide_table(("name", "a1", "a2", "b1", "b2"), "pqr")
    with pytest.raises(InvalidInput, match="several series"):
        read(table, wide=Wide.RATERS)
    found = read(table, wide=Wide.RATERS, score=("b*",))
    assert found.groups[0].matrix.stimulus_ids == ("b1", "b2")


def test_empty_cells_are_missing_ratings(read):
    found = read("rater,img1,img2,img3\na,1,,3\nb,2,5,nan\n")
    assert found.groups[0].matrix.ratings == 4
    assert "score: 2 of 6 rows have no score." in found.notes


def test_a_rater_with_two_rows_has_repeats(read):
    matrix = read("rater,img1,img2\na,1,2\nb,5,4\na,3,2\n").groups[0].matrix
    assert matrix.ratings == 4
    assert len(matrix.repeats.rater) == 2


def test_one_column_of_scores_is_not_wide(read):
    with pytest.raises(InvalidInput, match="at least two columns"):
        read("rater,img1\na,1\nb,2\n", wide=Wide.RATERS)


def test_a_matrix_under_a_json_key_has_a_row_for_each_rater(read):
    found = read(json.dumps({"name": "x", "scores": [[5, None, 3.0], [4, 2, 1]]}), "r.json")
    (group,) = found.groups
    assert scores_of(group) == {
        ("rater 1", "stimulus 1", "score"): 5,
        ("rater 1", "stimulus 3", "score"): 3,
        ("rater 2", "stimulus 1", "score"): 4,
        ("rater 2", "stimulus 2", "score"): 2,
        ("rater 2", "stimulus 3", "score"): 1,
    }
    assert any("each row of scores was taken for a rater" in note for note in found.notes)


def test_the_stimuli_of_a_matrix_keep_their_order(read):
    document = {"scores": [[j % 5 + 1 for j in range(12)], [(j + 1) % 5 + 1 for j in range(12)]]}
    matrix = read(json.dumps(document), "r.json").groups[0].matrix
    assert sorted(matrix.stimulus_ids) == [f"stimulus {j:02}" for j in range(1, 13)]


def test_a_matrix_can_be_said_to_have_a_row_for_each_stimulus(read):
    document = json.dumps({"scores": [[5, None, 3], [4, 2, 1]]})
    (group,) = read(document, "r.json", wide=Wide.STIMULI).groups
    assert (len(group.matrix.stimulus_ids), len(group.matrix.rater_ids)) == (2, 3)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"scores": [[5, 4], [3]]}, "no table of ratings"),
        ({"scores": [[5, "good"], [3, 2]]}, "no table of ratings"),
        ({"scores": [[True, False], [True, True]]}, "no table of ratings"),
        ({"scores": [[], []]}, "no table of ratings"),
        ({"first": [[5, 4]], "second": [[5, 4]]}, "several tables: first, second"),
    ],
)
def test_what_is_no_matrix_is_refused(read, document, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        read(json.dumps(document), "r.json")
