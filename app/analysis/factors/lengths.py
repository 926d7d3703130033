"""Prompt length in words, in few classes."""

import numpy as np

from app.analysis.matrix import IntArray

LENGTH_METHOD = "factors/prompt-length@1"

# The longest prompt of each class but the last. Prompts of public sets have 4 to 40 words.
LONGEST = (5, 10, 20, 40)
NAMES = ("1 to 5 words", "6 to 10 words", "11 to 20 words", "21 to 40 words", "more than 40 words")


def length_class(words: IntArray) -> IntArray:
    """The class of each prompt, an index into `NAMES`; white space separates words."""
    return np.searchsorted(LONGEST, words, side="left").astype(np.int64)
