"""The data card: what a release is, how its numbers were made, and what to know before use."""

from app.database.tables import AnalysisRun, Study
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.summary import DimensionSummary, RunSummary, summary_of, versions_of
from app.study.protocol import Protocol
from app.study.studies import protocol_of


def data_card(study: Study, run: AnalysisRun, *, files: dict[str, str], images: str) -> str:
    """The README of a release as Markdown; ``files`` says what each file is."""
    protocol, summary = protocol_of(study), summary_of(run)
    configuration = AnalysisConfiguration.model_validate(run.configuration)
    parts = (
        f"# {study.title}\n\nA subjective assessment of AI-generated images, made with Beholder.",
        _section("Files", [f"- `{name}`: {what}" for name, what in files.items()]),
        _section("Pictures", [images]),
        _section("What was asked", _questions(protocol)),
        _section("How many", _counts(summary)),
        _section("How the scores were made", _methods(configuration, run)),
        _section("Agreement and range", _table(summary)),
        _section("Origin", _origin(run)),
        _section("Before you use it", _cautions()),
    )
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: list[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines)


def _questions(protocol: Protocol) -> list[str]:
    scale = protocol.scale
    words = f" ({', '.join(scale.words)}, from low to high)" if scale.words else ""
    return [
        *(f"- **{d.label}** (`{d.key}`): {d.question}" for d in protocol.dimensions),
        "",
        f"Scale: {scale.kind}, from {scale.low} to {scale.high} in steps of {scale.step}{words}."
        " One rating has a score in every dimension.",
    ]


def _counts(summary: RunSummary) -> list[str]:
    return [
        f"- Stimuli: {summary.stimuli}, of which {summary.rated_stimuli} have a score",
        f"- Raters screened: {summary.raters}, of whom {summary.kept} kept and"
        f" {summary.rejected} rejected",
        f"- Simulated raters among those screened (programs, not people):"
        f" {summary.simulated_raters}",
        f"- Ratings screened: {summary.ratings}, of which {summary.ratings_kept} by raters kept",
        f"- Not in this release: raters excluded by the experimenter: {summary.excluded_raters}"
        f" (ratings: {summary.excluded_ratings}); raters who have withdrawn:"
        f" {summary.withdrawn_raters} (ratings erased: {summary.erased_ratings})",
    ]


def _methods(configuration: AnalysisConfiguration, run: AnalysisRun) -> list[str]:
    weights = configuration.weights or {}
    total = sum(weights.values()) or 1.0
    shares = ", ".join(f"{key} {weight / total:.3g}" for key, weight in weights.items())
    rejecting = ", ".join(configuration.rejecting) or "none: nobody is rejected"
    return [
        f"- Screening: every rater was checked by bt500, agreement, variation and pace. Rejected"
        f" are those who failed in any dimension of these checks: {rejecting}. `ratings.csv` and"
        " `raters.csv` contain the rejected raters, too, so that you can screen differently.",
        "- `mos`: mean over the raters kept; `sos`: standard deviation (ddof 1); `n`: how many.",
        f"- `ci_low`, `ci_high`: {configuration.level:.0%} interval of the MOS by the method"
        f" {configuration.interval}.",
        "- `z_mos`: mean of each rater's own z-scores, rescaled by 100 (z + 3) / 6; about 0 to 100,"
        f" not clipped. `z_ci_low`, `z_ci_high`: {configuration.level:.0%} Student t interval."
        " Raters whose scores never differ have no z-score, so `z_n` may be smaller than `n`.",
        f"- `overall`: weighted mean of the dimensions of each rating, with the weights {shares}.",
        f"- Methods with versions: {', '.join(f'`{m}`' for m in versions_of(run).methods)}.",
    ]


def _table(summary: RunSummary) -> list[str]:
    head = "| dimension | alpha | alpha before screening | SOS a | lowest MOS | mean | highest |"
    rows = [f"| {dimension.key} | {_cells(dimension)} |" for dimension in summary.dimensions]
    correlations = [
        f"Spearman correlation of the MOS of {pair.first} and {pair.second}: {_number(pair.srcc)}."
        for pair in summary.correlations
    ]
    note = "Alpha is Krippendorff's, for interval data."
    return [head, "|---|---|---|---|---|---|---|", *rows, "", note, *correlations]


def _cells(dimension: DimensionSummary) -> str:
    numbers = (
        dimension.alpha,
        dimension.alpha_before_screening,
        dimension.sos_a,
        dimension.mos_low,
        dimension.mos_mean,
        dimension.mos_high,
    )
    return " | ".join(map(_number, numbers))


def _origin(run: AnalysisRun) -> list[str]:
    versions = versions_of(run)
    return [
        f"- Analysis run {run.id} of {run.created_at:%Y-%m-%d %H:%M} UTC; everything about it is"
        " in `analysis_run.json`.",
        f"- Fingerprint of the ratings: `{run.fingerprint}`",
        f"- Beholder {versions.beholder}, NumPy {versions.numpy}, SciPy {versions.scipy},"
        f" Python {versions.python}",
        "- `SHA256SUMS` has the digest of every file: `sha256sum --check SHA256SUMS`.",
    ]


def _cautions() -> list[str]:
    return [
        "- Raters appear under pseudonyms that stay the same in every release of this study."
        " Times are relative to the beginning of a sitting.",
        "- Prompts are reproduced exactly. One that begins with `=`, `+`, `-` or `@` can be taken"
        " for a formula by a spreadsheet: import the columns as text.",
        "- Empty cells are values that are not defined (nobody rated, or too few to tell).",
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
