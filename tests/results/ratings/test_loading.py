"""Which ratings count, and how they arrive."""

import numpy as np
import pytest
from factories import make_protocol

from app.analysis.matrix import ControlKind
from app.database.tables.rating import Phase, RaterStatus
from app.errors import InvalidInput, NotFound
from app.results.ratings.loading import LeftOut, level_texts, load_matrix, load_ratings
from app.study.protocol import ACR_5, CONTINUOUS_0_5


def by_id(matrix):
    """The ratings as a mapping from (rater id, stimulus id) to levels."""
    return {
        (int(matrix.rater_ids[rater]), int(matrix.stimulus_ids[stimulus])): tuple(levels)
        for rater, stimulus, levels in zip(
            matrix.rater, matrix.stimulus, matrix.levels.tolist(), strict=True
        )
    }


async def test_ratings_arrive_with_the_ids_of_the_database(open_panel, session):
    panel = await open_panel(stimuli=3)
    a, b, c = panel.stimuli
    first = await panel.add_rater({a: (10, 20), b: (30, 40)})
    second = await panel.add_rater({c: (0, 50), a: (5, 6)}, status=RaterStatus.ACTIVE)
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert by_id(matrix) == {
        (first, a): (10, 20),
        (first, b): (30, 40),
        (second, c): (0, 50),
        (second, a): (5, 6),
    }
    assert matrix.dimensions == ("quality", "alignment")
    assert (matrix.scale.low, matrix.scale.step, matrix.scale.level_max) == (0.0, 0.1, 50)


async def test_the_matrix_is_in_canonical_order_whatever_the_digits_of_ids(open_panel, session):
    panel = await open_panel(stimuli=12)  # ids 1 to 12: "10" sorts before "2"
    for _ in range(3):
        await panel.add_rater({stimulus: (stimulus, 1) for stimulus in panel.stimuli[::-1]})
    matrix = await load_matrix(session, study_id=panel.study_id)
    canonical = matrix.canonical()
    assert matrix.stimulus_ids == canonical.stimulus_ids == tuple(sorted(matrix.stimulus_ids))
    assert np.array_equal(matrix.rater, canonical.rater)
    assert np.array_equal(matrix.stimulus, canonical.stimulus)
    assert all(levels[0] == stimulus for (_, stimulus), levels in by_id(matrix).items())


async def test_a_correction_replaces_what_it_corrects(open_panel, session):
    panel = await open_panel(stimuli=2)
    a, b = panel.stimuli
    rater = await panel.add_rater({a: (10, 10), b: (20, 20)})
    await panel.correct(rater, a, (11, 12))
    await panel.correct(rater, a, (13, 14))
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert by_id(matrix) == {(rater, a): (13, 14), (rater, b): (20, 20)}


async def test_training_never_counts(open_panel, session):
    panel = await open_panel(stimuli=1, protocol=make_protocol(training=2))
    (stimulus,) = panel.stimuli
    rater = await panel.add_rater(dict.fromkeys(panel.training, (50, 50)), phase=Phase.TRAINING)
    await panel.add_sitting(rater, {stimulus: (10, 10)})
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert by_id(matrix) == {(rater, stimulus): (10, 10)}
    assert matrix.stimulus_ids == (str(stimulus),)


async def test_excluded_and_withdrawn_raters_are_left_out_and_counted(open_panel, session):
    panel = await open_panel(stimuli=2)
    everything = dict.fromkeys(panel.stimuli, (25, 25))
    kept = await panel.add_rater(everything)
    await panel.add_rater(everything, status=RaterStatus.EXCLUDED)
    await panel.add_rater({}, status=RaterStatus.WITHDRAWN)
    ratings = await load_ratings(session, study_id=panel.study_id)
    assert ratings.matrix.rater_ids == (str(kept),)
    assert ratings.left_out == LeftOut(
        excluded_raters=1, excluded_ratings=2, withdrawn_raters=1, erased_ratings=0
    )


async def test_a_rater_without_ratings_is_not_listed_but_a_stimulus_is(open_panel, session):
    panel = await open_panel(stimuli=2)
    rater = await panel.add_rater({panel.stimuli[0]: (1, 2)})
    await panel.add_rater({}, status=RaterStatus.ACTIVE)
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert matrix.rater_ids == (str(rater),)
    assert len(matrix.stimulus_ids) == 2


async def test_the_order_of_presentation_goes_on_from_sitting_to_sitting(open_panel, session):
    panel = await open_panel(stimuli=4)
    a, b, c, d = panel.stimuli
    rater = await panel.add_rater({d: (1, 1), b: (2, 2)})
    await panel.add_sitting(rater, {a: (3, 3), c: (4, 4)})
    matrix = await load_matrix(session, study_id=panel.study_id)
    shown = [matrix.stimulus_ids[matrix.stimulus[row]] for row in np.argsort(matrix.position)]
    assert shown == [str(stimulus) for stimulus in (d, b, a, c)]


async def test_times_follow_the_rows(open_panel, session):
    panel = await open_panel(stimuli=2)
    a, b = panel.stimuli
    slow = await panel.add_rater({b: (1, 1), a: (1, 1)}, dwell_ms=9000)
    unknown = await panel.add_rater({a: (2, 2)}, dwell_ms=None)
    ratings = await load_ratings(session, study_id=panel.study_id)
    by_rater = {
        int(ratings.matrix.rater_ids[rater]): dwell
        for rater, dwell in zip(ratings.matrix.rater, ratings.matrix.dwell_ms.tolist(), strict=True)
    }
    assert by_rater == {slow: 9000, unknown: -1}


async def test_the_sitting_of_each_rating_is_known(open_panel, session):
    panel = await open_panel(stimuli=3)
    a, b, c = panel.stimuli
    rater = await panel.add_rater({c: (1, 1)})
    await panel.add_sitting(rater, {a: (3, 3), b: (4, 4)})
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert matrix.sitting.tolist() == [2, 2, 1]


async def test_what_is_shown_again_stands_beside_the_first_ratings(open_panel, session):
    panel = await open_panel(stimuli=2)
    a, b = panel.stimuli
    other = await panel.add_rater({a: (9, 9)})
    rater = await panel.add_rater({a: (1, 1), b: (2, 2)})
    await panel.add_sitting(rater, {b: (3, 4)}, repetition=1)
    await panel.add_sitting(rater, {a: (7, 8), b: (5, 6)}, repetition=2)
    await panel.correct(rater, a, (7, 9), repetition=2)
    left_out = await panel.add_rater({a: (1, 1)}, status=RaterStatus.EXCLUDED)
    await panel.add_sitting(left_out, {a: (1, 1)}, repetition=1)
    ratings = await load_ratings(session, study_id=panel.study_id)
    assert by_id(ratings.matrix) == {(other, a): (9, 9), (rater, a): (1, 1), (rater, b): (2, 2)}
    repeats = ratings.matrix.repeats
    assert [ratings.matrix.rater_ids[i] for i in repeats.rater] == [str(rater)] * 3
    assert [ratings.matrix.stimulus_ids[j] for j in repeats.stimulus] == [str(a), str(b), str(b)]
    assert repeats.levels.tolist() == [[7, 9], [3, 4], [5, 6]]
    assert ratings.left_out.excluded_ratings == 2


async def test_ratings_of_gold_stimuli_count_and_are_controls(open_panel, session):
    panel = await open_panel(stimuli=3)
    a, b, c = panel.stimuli
    await panel.expect(b, {"quality": [4, 5]})
    await panel.expect(c, {"alignment": [0, 0.5]})
    rater = await panel.add_rater({a: (1, 1), b: (45, 2), c: (3, 50)})
    await panel.add_rater({a: (2, 2)})
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert matrix.ratings == 4
    controls = matrix.controls
    assert [matrix.rater_ids[i] for i in controls.rater] == [str(rater)] * 2
    assert controls.kind.tolist() == [ControlKind.GOLD] * 2
    assert controls.levels.tolist() == [[45, 2], [3, 50]]
    assert controls.low.tolist() == [[40, 1], [1, 0]]
    assert controls.high.tolist() == [[50, 0], [0, 5]]


async def test_without_repeats_and_gold_there_are_none(open_panel, session):
    panel = await open_panel(stimuli=2)
    await panel.add_rater({panel.stimuli[0]: (1, 1)})
    await panel.expect(panel.stimuli[1], {"quality": [4, 5]})  # nobody rated it
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert (matrix.repeats, matrix.controls) == (None, None)


async def test_an_expectation_that_makes_no_sense_is_an_error_in_words(open_panel, session):
    panel = await open_panel(stimuli=1)
    await panel.expect(panel.stimuli[0], {"beauty": [1, 2]})
    with pytest.raises(InvalidInput, match="unknown dimensions: beauty"):
        await load_matrix(session, study_id=panel.study_id)


async def test_many_raters_are_put_in_order_part_by_part(open_panel, session, monkeypatch):
    monkeypatch.setattr("app.results.ratings.matrix._PART", 3)
    panel = await open_panel(stimuli=4)
    for number in range(12):  # ids of one and two digits
        seen = panel.stimuli[number % 3 :][::-1]
        await panel.add_rater({stimulus: (number, stimulus) for stimulus in seen})
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert matrix.canonical() is matrix
    assert matrix.rater_ids == tuple(sorted(matrix.rater_ids))
    for (rater, stimulus), levels in by_id(matrix).items():
        assert levels == (rater - min(map(int, matrix.rater_ids)), stimulus)


async def test_a_study_nobody_rated_has_an_empty_matrix(open_panel, session):
    panel = await open_panel(stimuli=3)
    matrix = await load_matrix(session, study_id=panel.study_id)
    assert matrix.ratings == 0
    assert len(matrix.stimulus_ids) == 3
    with pytest.raises(NotFound):
        await load_matrix(session, study_id=panel.study_id + 1)


async def test_only_the_ratings_of_this_study_count(open_panel, session):
    one = await open_panel(stimuli=1, slug="one")
    two = await open_panel(stimuli=1, slug="two")
    await one.add_rater({one.stimuli[0]: (1, 1)}, code="x")
    await two.add_rater({two.stimuli[0]: (2, 2)}, code="x")
    matrix = await load_matrix(session, study_id=two.study_id)
    assert matrix.levels.tolist() == [[2, 2]]


def test_scores_are_written_as_raters_gave_them():
    assert level_texts(CONTINUOUS_0_5)[:4] == ["0.0", "0.1", "0.2", "0.3"]
    assert level_texts(CONTINUOUS_0_5)[-1] == "5.0"
    assert level_texts(ACR_5) == ["1", "2", "3", "4", "5"]
