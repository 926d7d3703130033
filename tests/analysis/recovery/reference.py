"""The reference implementation (sureal 0.9, as published on PyPI), run on a table of scores."""

import contextlib
import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt


def run_sureal(model: str, scores: npt.NDArray[np.float64]) -> dict[str, Any]:
    """What a model of sureal says of scores of shape (raters, stimuli), NaN where missing."""
    from sureal import subjective_model  # type: ignore[import-untyped]
    from sureal.dataset_reader import RawDatasetReader  # type: ignore[import-untyped]

    dataset = SimpleNamespace(
        ref_videos=[{"content_id": 0, "content_name": "one", "path": ""}],
        dis_videos=[
            {"content_id": 0, "asset_id": j, "os": list(column), "path": ""}
            for j, column in enumerate(scores.T)
        ],
    )
    with contextlib.redirect_stdout(io.StringIO()):
        found: dict[str, Any] = getattr(subjective_model, model)(
            RawDatasetReader(dataset)
        ).run_modeling()
    return found


def with_gaps(seed: int, *, raters: int = 9, stimuli: int = 40) -> npt.NDArray[np.int64]:
    """Levels of an ACR-5 test of which a quarter is missing (-1), two ratings each at least."""
    generator = np.random.default_rng(seed)
    quality = generator.normal(2, 1, stimuli)
    bias = generator.normal(0, 0.4, (raters, 1))
    noise = generator.uniform(0.3, 1.0, (raters, 1)) * generator.standard_normal((raters, stimuli))
    levels = np.clip(np.rint(quality + bias + noise), 0, 4).astype(np.int64)
    levels[generator.random(levels.shape) < 0.25] = -1
    return levels


def as_scores(levels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Scores 1 to 5 of levels 0 to 4; NaN for -1."""
    return np.where(levels < 0, np.nan, levels + 1.0)
