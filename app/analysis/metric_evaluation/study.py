"""What an evaluation is given: scores of one dimension, groups of images, and options."""

from dataclasses import dataclass

from app.analysis.matrix import FloatArray, IntArray
from app.analysis.metric_evaluation.clusters import RESAMPLES, SEED


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of one dimension; all arrays have the shape (images,).

    mos, sos : NaN where not defined (SOS with ddof 1). n : number of ratings.
    low, high : bounds of the MOS, NaN where there are none.
    """

    mos: FloatArray
    sos: FloatArray
    n: IntArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """To which prompt and generator each image belongs.

    prompt : int64, shape (images,), any numbers. generator : int64, shape (images,), indices into
    `generator_names`.
    """

    prompt: IntArray
    generator: IntArray
    generator_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How the evaluation is made; stored with its result."""

    level: float = 0.95
    resamples: int = RESAMPLES
    pair_threshold: float = 1.96
    within_prompts: bool = False
    split_repeats: int = 10
    seed: int = SEED
