"""Tables of ratings as people type them."""

import pytest

from app.results.rating_files.options import ReadingOptions
from app.results.rating_files.reading import read_ratings


@pytest.fixture
def write(tmp_path):
    """A file with this content."""

    def write_it(content, name="ratings.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_it


@pytest.fixture
def read(write):
    """What is read from a file with this content."""

    def read_it(content, name="ratings.csv", **options):
        return read_ratings([write(content, name)], ReadingOptions(**options))

    return read_it


def scores_of(group):
    """Scores by rater, stimulus and dimension: what a matrix says, whatever its order."""
    matrix = group.matrix
    return {
        (matrix.rater_ids[i], matrix.stimulus_ids[j], matrix.dimensions[d]): round(
            float(matrix.scale.scores(matrix.levels[row, d])), 9
        )
        for row, (i, j) in enumerate(zip(matrix.rater, matrix.stimulus, strict=True))
        for d in range(len(matrix.dimensions))
    }
