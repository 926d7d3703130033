import numpy as np
import pytest

from app.analysis.resampling import rater_counts, resampled_sums


def test_every_resample_has_as_many_raters_as_there_are() -> None:
    counts = rater_counts(7, resamples=50, seed=3)
    assert counts.shape == (7, 50)
    assert (counts.sum(axis=0) == 7).all()
    assert (counts == rater_counts(7, resamples=50, seed=3)).all()
    assert (counts != rater_counts(7, resamples=50, seed=4)).any()


def test_many_raters_are_drawn_in_several_rounds() -> None:
    counts = rater_counts(2**18, resamples=9, seed=1)
    assert (counts.sum(axis=0, dtype=np.int64) == 2**18).all()


def test_a_single_resample_has_no_spread() -> None:
    with pytest.raises(ValueError, match="at least two resamples"):
        rater_counts(5, resamples=1, seed=0)


@pytest.mark.parametrize(("raters", "stimuli", "each"), [(6, 40, 3), (30, 700, 20), (3, 5, 0)])
def test_sums_are_those_of_a_table(raters: int, stimuli: int, each: int) -> None:
    generator = np.random.default_rng(11)
    rater = np.concatenate(
        [np.empty(0, dtype=np.int64)]
        + [generator.choice(raters, each, replace=False) for _ in range(stimuli)]
    )
    stimulus = np.repeat(np.arange(stimuli), each)
    values = generator.integers(0, 9, len(rater)).astype(np.float64)
    rows = generator.permutation(len(rater))
    counts = rater_counts(raters, resamples=10, seed=5)
    chunks = list(
        resampled_sums(
            stimulus[rows], rater[rows], stimuli, counts, (values[rows],), squared_counts=True
        )
    )
    table, given = np.zeros((2, stimuli, raters))
    table[stimulus, rater], given[stimulus, rater] = values, 1
    n, own, total = (np.concatenate(parts) for parts in zip(*(c.sums for c in chunks), strict=True))
    assert [chunk.stimuli.start for chunk in chunks[1:]] == [c.stimuli.stop for c in chunks[:-1]]
    assert (n == given @ counts).all()
    assert (own == given @ (counts.astype(np.int64) ** 2)).all()
    assert (total == table @ counts).all()
