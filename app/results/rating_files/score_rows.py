"""One row for each stimulus: MOS with spread and interval, and every other estimate."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from app.analysis.estimates import EstimateMethod
from app.results.rating_files.analysis import GroupAnalysis
from app.results.rating_files.reading import FileRatings
from app.results.rating_files.report import FileReport, label_of, shown_columns

Columns = dict[str, dict[str, Any]]


def score_columns(ratings: FileRatings, analyses: Sequence[GroupAnalysis]) -> Columns:
    """Columns of the table of scores, each with a value by stimulus id.

    With several dimensions the names begin with the dimension's.
    """
    shown = [(found, c) for found in analyses for c in shown_columns(found)]
    columns: Columns = {}
    for found, c in shown:
        name = label_of(found, found.analysis.columns[c])
        if name == "overall" and len(analyses) > 1:
            name = f"overall ({found.group.title})"
        prefix = f"{name}_" if len(shown) > 1 else ""
        for what, values in _columns_of(found, c).items():
            defined = (None if value != value else value for value in values.tolist())
            columns[prefix + what] = dict(zip(found.kept.stimulus_ids, defined, strict=True))
    return columns


def scores_csv(ratings: FileRatings, analyses: Sequence[GroupAnalysis]) -> str:
    """The scores as CSV: the columns that name a stimulus, then the numbers."""
    columns = score_columns(ratings, analyses)
    rated = {stimulus for found in analyses for stimulus in found.kept.stimulus_ids}
    header = [*ratings.roles.stimulus, *columns]
    rows = (
        [*ratings.stimulus_parts[stimulus], *(column.get(stimulus) for column in columns.values())]
        for stimulus in sorted(rated)
    )
    return as_csv(header, rows)


def scores_document(ratings: FileRatings, analyses: Sequence[GroupAnalysis]) -> dict[str, Any]:
    """The scores as JSON: ids of the stimuli, and a list of values for each column."""
    columns = score_columns(ratings, analyses)
    stimuli = sorted({x for found in analyses for x in found.kept.stimulus_ids})
    return {
        "stimulus": stimuli,
        **{name: [column.get(x) for x in stimuli] for name, column in columns.items()},
    }


def raters_csv(report: FileReport) -> str:
    """The raters as CSV: verdict, the outcome of every check, and numbers by dimension."""
    groups = [group for group in report.groups if group.has_raters]
    rows: list[dict[str, Any]] = []
    for group in groups:
        labels = {column.key: column.label for column in group.columns}
        for line in group.rater_lines:
            row: dict[str, Any] = {"rater": line.rater}
            if len(groups) > 1:
                row["dimensions"] = group.title
            row |= {
                "ratings": line.n,
                "verdict": line.verdict,
                "proposed_for_rejection": "yes" if line.is_proposed else "no",
                "decision": line.decision or "",
                "reasons": " ".join(f"{item.check}: {item.reason}" for item in line.failed),
            }
            several = len(labels) > 1
            for item in line.checks:
                about = labels.get(item.dimension, item.dimension)
                row[f"{item.check} ({about})" if several else item.check] = item.status.value
            for what in ("mean", "sd", "bias", "inconsistency"):
                for key, value in getattr(line, what).items():
                    row[f"{what} ({labels[key]})" if several else what] = value
            for model, said in line.models.items():
                for what, values in said.items():
                    for key, value in values.items():
                        name = f"{model}_{what}"
                        row[f"{name} ({labels[key]})" if several else name] = value
            rows.append(row | {"median_seconds": line.median_seconds})
    header = list(dict.fromkeys(name for row in rows for name in row))
    return as_csv(header, ([row.get(name) for name in header] for row in rows))


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV; what is not defined is an empty cell."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return written.getvalue()


def _columns_of(found: GroupAnalysis, c: int) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    analysis = found.analysis
    columns: dict[str, np.ndarray[Any, np.dtype[Any]]] = {
        "mos": analysis.mos.mean[:, c],
        "sos": analysis.mos.sos[:, c],
        "n": analysis.mos.n[:, c],
        "ci_low": analysis.mos_bounds.low[:, c],
        "ci_high": analysis.mos_bounds.high[:, c],
    }
    for item in found.estimates:
        if item.refused or item.method is EstimateMethod.MOS:
            continue
        name = item.method.value.replace("-", "_")
        columns[name] = item.value[:, c]
        columns[f"{name}_ci_low"] = item.low[:, c]
        columns[f"{name}_ci_high"] = item.high[:, c]
        if item.method is EstimateMethod.EM:
            columns[f"{name}_effective_n"] = item.effective_n[:, c]
        if model := found.recoveries.get(item.method):
            columns[f"{name}_standard_error"] = model.standard_error[:, c]
        if model and item.method is EstimateMethod.AP:  # the error that P.910 gives
            columns[f"{name}_standard_error_p910"] = model.stimulus_error[:, c]
    return columns
