"""Exports: a run's scores, the ratings behind them, and what is known of stimuli and raters.

A table is written piece by piece as CSV (UTF-8, commas, one header line, lines end in a line
feed), JSON or Parquet, so that a large one never lies in memory whole.  Numbers are written with as
many digits as they need to be read back to the last bit; what is not defined is empty, or null.

Prompts are written exactly as they are, in quotation marks where CSV asks for them.  A prompt
that begins with ``=``, ``+``, ``-`` or ``@`` is not altered, although a spreadsheet may take it
for a formula: these files are data to compute with, and a changed prompt would be a wrong one.
Who opens them in a spreadsheet should import the columns as text.
"""

from app.results.exports.estimates import estimates_table
from app.results.exports.files import FileForm, write_file
from app.results.exports.ratings import (
    raters_table,
    ratings_table,
    stream_raters_csv,
    stream_ratings_csv,
)
from app.results.exports.scores import (
    AGIQA3K_DIMENSIONS,
    AGIQA3K_HEADER,
    ScoreKind,
    scores_table,
    stream_agiqa3k_csv,
    stream_scores_csv,
)
from app.results.exports.stimuli import stimuli_table, stream_stimuli_csv
from app.results.exports.tables import Table

__all__ = [
    "AGIQA3K_DIMENSIONS",
    "AGIQA3K_HEADER",
    "FileForm",
    "ScoreKind",
    "Table",
    "estimates_table",
    "raters_table",
    "ratings_table",
    "scores_table",
    "stimuli_table",
    "stream_agiqa3k_csv",
    "stream_raters_csv",
    "stream_ratings_csv",
    "stream_scores_csv",
    "stream_stimuli_csv",
    "write_file",
]
