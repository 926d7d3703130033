"""What ``beholder analyse`` reports: raters with reasons, dimensions, generators."""

from collections.abc import Sequence

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.database.tables import AnalysisRun
from app.results.runs.summary import DimensionSummary, RunSummary, summary_of
from app.results.screening.verdicts import RaterVerdict
from app.results.summaries import GeneratorMean


class RaterLine(BaseModel):
    """One rater, as ``--json`` prints them."""

    public_code: str
    n: int
    verdict: str
    failed: list[str]
    reasons: list[str]


class Report(BaseModel):
    """What ``beholder analyse`` prints."""

    study: str
    run_id: int
    fingerprint: str
    seconds: float
    summary: RunSummary
    raters: list[RaterLine]
    generators: list[GeneratorMean]


def make_report(
    slug: str,
    run: AnalysisRun,
    verdicts: Sequence[RaterVerdict],
    means: Sequence[GeneratorMean],
) -> Report:
    """The report on one run."""
    return Report(
        study=slug,
        run_id=run.id,
        fingerprint=run.fingerprint,
        seconds=run.seconds,
        summary=summary_of(run),
        raters=[_rater_line(rater) for rater in verdicts],
        generators=list(means),
    )


def print_report(report: Report, console: Console) -> None:
    """The report as tables for people."""
    summary = report.summary
    console.print(_raters_table(report.raters))
    console.print(_dimensions_table(summary.dimensions))
    console.print(_generators_table(report.generators))
    console.print(
        f"Ratings {summary.ratings}, raters {summary.raters}:"
        f" {summary.kept} kept, {summary.rejected} rejected;"
        f" stimuli with a score: {summary.rated_stimuli} of {summary.stimuli}."
    )
    if summary.simulated_raters:
        console.print(f"{summary.simulated_raters} of the raters are simulated, not people.")
    if summary.excluded_raters or summary.withdrawn_raters:
        console.print(
            f"Left out: raters excluded {summary.excluded_raters}"
            f" ({summary.excluded_ratings} ratings), withdrawn {summary.withdrawn_raters}."
        )
    console.print(f"Run {report.run_id}, {report.seconds:.2f} s, fingerprint {report.fingerprint}")


def _rater_line(rater: RaterVerdict) -> RaterLine:
    failed = rater.grounds or rater.evidence.failed
    return RaterLine(
        public_code=rater.public_code,
        n=rater.n,
        verdict=rater.verdict,
        failed=[f"{item.check} ({item.dimension})" for item in failed],
        reasons=[item.reason for item in failed],
    )


def _raters_table(raters: list[RaterLine]) -> Table:
    table = Table("Rater", "Ratings", "Verdict", "Why", title="Raters", title_justify="left")
    for rater in raters:
        style = "bold red" if rater.verdict == "rejected" else None
        table.add_row(
            escape(rater.public_code),
            str(rater.n),
            rater.verdict,
            escape("\n".join(map(": ".join, zip(rater.failed, rater.reasons, strict=True)))),
            style=style,
        )
    return table


def _dimensions_table(dimensions: Sequence[DimensionSummary]) -> Table:
    heads = ("Dimension", "Lowest MOS", "Mean", "Highest", "Alpha", "before screening", "SOS a")
    table = Table(*heads, title="Dimensions", title_justify="left")
    for d in dimensions:
        numbers = (d.mos_low, d.mos_mean, d.mos_high, d.alpha, d.alpha_before_screening, d.sos_a)
        table.add_row(d.label, *map(_number, numbers))
    return table


def _generators_table(means: list[GeneratorMean]) -> Table:
    labels = list(dict.fromkeys(mean.label for mean in means))
    title = "Mean MOS of each generator, with its interval over prompts"
    table = Table(title=title, title_justify="left")
    table.add_column("Generator", overflow="fold")
    for heading in ("Stimuli", *labels):
        table.add_column(heading, justify="right")
    for generator in dict.fromkeys(mean.generator for mean in means):
        found = {mean.label: mean for mean in means if mean.generator == generator}
        stimuli = max(mean.stimuli for mean in found.values())
        cells = (_interval(found[label]) if label in found else "–" for label in labels)
        table.add_row(escape(generator), str(stimuli), *cells)
    return table


def _interval(mean: GeneratorMean) -> str:
    if mean.ci_low is None or mean.ci_high is None:
        return f"{mean.mean:.2f}"
    return f"{mean.mean:.2f}\n({mean.ci_low:.2f} to {mean.ci_high:.2f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
