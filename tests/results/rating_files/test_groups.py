"""From rows to matrices: dimensions, repeats, gaps, times and order."""

import pytest

from app.analysis.matrix import OVERALL
from app.errors import InvalidInput
from app.results.rating_files.scales import parse_scale

from .conftest import scores_of

FIVE = {"": parse_scale("1:5")}


def test_several_columns_are_several_dimensions(read):
    table = "rater,image,quality,alignment\na,x,1,5\nb,x,2,4\na,y,3,3\nb,y,5,1\n"
    (group,) = read(table, scales=FIVE).groups
    assert group.matrix.dimensions == ("quality", "alignment")
    assert scores_of(group)["b", "y", "alignment"] == 1


def test_a_column_names_the_dimension(read):
    rows = [f"{r},{s},{d},{1 + i}" for r in "ab" for i, s in enumerate("xyz") for d in ("q", "p")]
    (group,) = read("\n".join(["rater,stimulus,dimension,score", *rows]), scales=FIVE).groups
    assert group.matrix.dimensions == ("p", "q")
    assert group.matrix.levels.shape == (6, 2)
    assert scores_of(group)["b", "z", "p"] == 3


def test_dimensions_with_gaps_are_analysed_separately_and_it_is_said(read):
    found = read("rater,image,quality,realism\na,x,1,5\nb,x,2,\na,y,3,3\nb,y,5,1\n", scales=FIVE)
    assert [group.matrix.dimensions for group in found.groups] == [("quality",), ("realism",)]
    assert [group.matrix.ratings for group in found.groups] == [4, 3]
    assert any("one dimension but not in another" in note for note in found.notes)
    assert "realism: 1 of 4 rows have no score." in found.notes


def test_dimensions_of_different_scales_are_analysed_separately(read):
    scales = {"quality": parse_scale("1:5"), "realism": parse_scale("0:1")}
    found = read("rater,image,quality,realism\na,x,1,1\nb,x,2,0\na,y,5,1\n", scales=scales)
    assert [group.matrix.scale.high for group in found.groups] == [5, 1]
    assert any("different scales" in note for note in found.notes)


def test_scales_must_name_dimensions(read):
    with pytest.raises(InvalidInput, match="the dimensions are score"):
        read("rater,image,score\na,x,1\nb,x,2\n", scales={"quality": parse_scale("1:5")})


def test_a_dimension_called_overall_does_not_collide(read):
    (group,) = read("rater,image,overall,quality\na,x,1,1\nb,x,2,5\n", scales=FIVE).groups
    assert OVERALL not in group.matrix.dimensions
    assert [dimension.label for dimension in group.dimensions] == ["overall", "quality"]


def test_the_first_of_several_ratings_counts(read):
    found = read("rater,image,score\na,x,1\nb,x,5\na,x,4\na,y,2\nb,y,3\n", scales=FIVE)
    (group,) = found.groups
    assert scores_of(group)["a", "x", "score"] == 1
    assert group.matrix.repeats.levels.tolist() == [[3]]
    assert found.warnings[0].startswith("1 rating came after a first one")
    assert "place in the file" in found.warnings[0]


@pytest.mark.parametrize("column", ["repetition", "timestamp"])
def test_first_means_first_in_time_where_time_is_known(read, column):
    early, late = {
        "repetition": (1, 2),
        "timestamp": ("2024-01-02 10:00:00", "2024-01-10 09:00:00"),
    }[column]
    rows = f"a,x,1,{late}\nb,x,5,{early}\na,x,4,{early}\na,y,2,{early}\nb,y,3,{early}\n"
    (group,) = read(f"rater,image,score,{column}\n{rows}", scales=FIVE).groups
    assert scores_of(group)["a", "x", "score"] == 4


def test_rows_that_are_written_twice_count_once(read):
    row = "a,x,1,12.5\n"
    found = read(f"rater,image,score,seconds\n{row}b,x,5,3\n{row}a,y,2,4\nb,y,3,4\n", scales=FIVE)
    assert found.groups[0].matrix.repeats is None
    assert any("to the letter" in note for note in found.notes)


def test_a_guessed_stimulus_that_everybody_rated_many_times_is_refused(read):
    rows = [f"{r},{s},{1 + k}" for r in "ab" for s in "xy" for k in range(3)]
    table = "\n".join(["rater,item,score", *rows])
    with pytest.raises(InvalidInput, match="several columns together"):
        read(table, scales=FIVE)
    found = read(table, scales=FIVE, stimulus=("item",))
    assert len(found.groups[0].matrix.repeats.rater) == 8


def test_order_times_and_sittings(read):
    table = (
        "rater,image,score,order,seconds,session\n"
        "a,x,1,2,1.5,mon\na,y,2,1,,mon\na,z,3,1,2,tue\nb,x,4,1,0.4,wed\nb,y,5,2,9,wed\n"
    )
    matrix = read(table, scales=FIVE).groups[0].matrix
    rows = {
        (matrix.rater_ids[i], matrix.stimulus_ids[j]): row
        for row, (i, j) in enumerate(zip(matrix.rater, matrix.stimulus, strict=True))
    }
    in_order = [matrix.position[rows[key]] for key in (("a", "y"), ("a", "x"), ("a", "z"))]
    assert in_order == [0, 1, 2]
    assert matrix.dwell_ms[rows["a", "x"]] == 1500
    assert matrix.dwell_ms[rows["a", "y"]] == -1
    assert [matrix.sitting[rows[key]] for key in (("a", "x"), ("a", "z"), ("b", "x"))] == [1, 2, 1]


def test_an_order_with_ties_is_not_used_and_it_is_said(read):
    found = read("rater,image,score,order\na,x,1,1\na,y,2,1\nb,x,3,1\nb,y,3,2\n", scales=FIVE)
    assert found.groups[0].matrix.position is None
    assert any("order of presentation is not used" in note for note in found.notes)


def test_rows_without_rater_or_stimulus_are_left_out_and_counted(read):
    found = read("rater,image,score\na,x,1\n,x,2\nb,,3\nb,x,4\nb,nan,4\n", scales=FIVE)
    assert found.groups[0].matrix.ratings == 2
    assert "Left out: 2 rows that name no stimulus." in found.notes
    assert "Left out: 1 row that names no rater." in found.notes


def test_a_stimulus_without_any_score_stays_listed(read):
    (group,) = read("rater,image,score\na,x,1\nb,x,2\na,y,\nb,y,n/a\n", scales=FIVE).groups
    assert group.matrix.stimulus_ids == ("x", "y")
    assert list(group.matrix.ratings_by_stimulus) == [2, 0]


def test_without_raters_dimensions_in_rows_of_their_own_cannot_be_put_together(read):
    rows = [f"{s},{d},{k}" for s in "xy" for d in ("p", "q") for k in (1, 2, 5)]
    found = read("\n".join(["image,dimension,score", *rows]), scales=FIVE, rater=("none",))
    assert len(found.groups) == 2
    assert any("does not say which scores one rater gave" in note for note in found.notes)


def test_without_raters_columns_of_one_row_belong_together(read):
    table = "image,quality,realism\nx,1,2\nx,3,4\ny,5,5\n"
    (group,) = read(table, scales=FIVE, rater=("none",)).groups
    assert group.matrix.levels.tolist() == [[0, 1], [2, 3], [4, 4]]
