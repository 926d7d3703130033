"""Exports: a run's scores, the ratings behind them, and what is known of stimuli and raters.

Each is an asynchronous iterator of pieces of one CSV text (UTF-8, commas, one header line, lines
end in a line feed), so that a large one never lies in memory whole.  Numbers are written with as
many digits as they need to be read back to the last bit; what is not defined is empty.

Prompts are written exactly as they are, in quotation marks where CSV asks for them.  A prompt
that begins with ``=``, ``+``, ``-`` or ``@`` is not altered, although a spreadsheet may take it
for a formula: these files are data to compute with, and a changed prompt would be a wrong one.
Who opens them in a spreadsheet should import the columns as text.
"""

from app.results.exports.ratings import stream_raters_csv, stream_ratings_csv
from app.results.exports.scores import (
    AGIQA3K_DIMENSIONS,
    AGIQA3K_HEADER,
    ScoreKind,
    stream_agiqa3k_csv,
    stream_scores_csv,
)
from app.results.exports.stimuli import stream_stimuli_csv

__all__ = [
    "AGIQA3K_DIMENSIONS",
    "AGIQA3K_HEADER",
    "ScoreKind",
    "stream_agiqa3k_csv",
    "stream_raters_csv",
    "stream_ratings_csv",
    "stream_scores_csv",
    "stream_stimuli_csv",
]
