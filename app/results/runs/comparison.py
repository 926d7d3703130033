"""Two runs of one study compared: configuration, verdicts, and the scores themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.correlation import srcc
from app.analysis.matrix import FloatArray, IntArray
from app.analysis.sensitivity.comparison import ranks, settled
from app.database.tables import AnalysisRun, Rater, RunRater, RunScore
from app.database.tables.rating import RaterStatus
from app.database.tables.results import RunState
from app.errors import AnalysisImpossible, InvalidInput
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.configuration_words import differences
from app.results.runs.lookup import get_study_run, list_runs
from app.results.runs.summary import fingerprint_of, summary_of
from app.results.runs.threads import in_thread

MOST_CHANGES = 8


@dataclass(frozen=True, slots=True)
class Change:
    """A stimulus whose MOS differs between the runs; rank 1 is best."""

    stimulus_id: int
    before: float
    after: float
    rank_before: float
    rank_after: float

    @property
    def value(self) -> float:
        """Change of the MOS from the first run to the second."""
        return self.after - self.before

    @property
    def rank(self) -> float:
        """Change of the rank; negative towards the top."""
        return self.rank_after - self.rank_before


@dataclass(frozen=True, slots=True)
class DimensionChange:
    """One dimension in both runs; stimuli without a MOS in either are left out and counted."""

    key: str
    label: str
    stimuli: int
    left_out: int
    srcc: float | None
    mean_change: float | None
    by_value: tuple[Change, ...]
    """The largest changes of MOS."""
    by_rank: tuple[Change, ...]
    """The largest changes of rank."""


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A rater of whom the runs say different things; None for one who was not in a run."""

    public_code: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Everything in which two runs differ."""

    first: AnalysisRun
    second: AnalysisRun
    same_ratings: bool
    """Whether both saw the same ratings: differences are those of the configuration alone."""
    same_methods: bool
    """Whether the methods have the same versions in both."""
    configuration: tuple[tuple[str, str, str], ...]
    verdicts: tuple[VerdictChange, ...]
    dimensions: tuple[DimensionChange, ...]


async def compare_runs(
    session: AsyncSession, *, slug: str, first: int, second: int
) -> RunComparison:
    """Compare two runs of a study; raises NotFound, or InvalidInput for a run and itself."""
    if first == second:
        raise InvalidInput("Please choose two different runs to compare.")
    one = await get_study_run(session, slug=slug, run_id=first)
    other = await get_study_run(session, slug=slug, run_id=second)
    labels = summary_of(one).labels | summary_of(other).labels
    before, after = [
        AnalysisConfiguration.model_validate(run.configuration) for run in (one, other)
    ]
    dimensions = [
        await _compare_dimension(session, one.id, other.id, key, labels[key])
        for key in summary_of(one).keys
        if key in summary_of(other).keys
    ]
    return RunComparison(
        first=one,
        second=other,
        same_ratings=fingerprint_of(one) == fingerprint_of(other),
        same_methods=(one.versions or {})["methods"] == (other.versions or {})["methods"],
        configuration=tuple(differences(before, after, labels)),
        verdicts=tuple(await _list_verdict_changes(session, one.id, other.id)),
        dimensions=tuple(dimensions),
    )


async def find_newest_two(session: AsyncSession, *, slug: str) -> tuple[int, int]:
    """The two newest runs with results, the older first; raises AnalysisImpossible."""
    done = [run.id for run in await list_runs(session, slug=slug) if run.state is RunState.DONE]
    if len(done) < 2:
        raise AnalysisImpossible("There are no two finished runs of this study to compare yet.")
    return done[1], done[0]


async def load_pairs(
    session: AsyncSession, *, first: int, second: int, dimension: str
) -> tuple[IntArray, FloatArray, FloatArray, int]:
    """Stimuli that have a MOS in both runs, both MOS, and how many stimuli have not."""
    ids_before, mos_before = await _load_mos(session, first, dimension)
    ids_after, mos_after = await _load_mos(session, second, dimension)
    shared, at_before, at_after = np.intersect1d(
        ids_before, ids_after, assume_unique=True, return_indices=True
    )
    before, after = mos_before[at_before], mos_after[at_after]
    both = ~(np.isnan(before) | np.isnan(after))
    everything = len(ids_before) + len(ids_after) - len(shared)
    return shared[both], before[both], after[both], everything - int(both.sum())


async def _load_mos(
    session: AsyncSession, run_id: int, dimension: str
) -> tuple[IntArray, FloatArray]:
    """Stimuli by id with their MOS, NaN for none; as two arrays, since rows would take longer."""
    ids, mos = (
        func.array_agg(aggregate_order_by(column, RunScore.stimulus_id))
        for column in (RunScore.stimulus_id, RunScore.mos)
    )
    query = select(ids, mos).where(RunScore.run_id == run_id, RunScore.dimension == dimension)
    found = (await session.execute(query)).one()
    return np.array(found[0] or [], dtype=np.int64), np.array(found[1] or [], dtype=np.float64)


async def _compare_dimension(
    session: AsyncSession, first: int, second: int, key: str, label: str
) -> DimensionChange:
    ids, before, after, left_out = await load_pairs(
        session, first=first, second=second, dimension=key
    )
    return await in_thread(_dimension_change, key, label, ids, before, after, left_out)


def _dimension_change(
    key: str, label: str, ids: IntArray, before: FloatArray, after: FloatArray, left_out: int
) -> DimensionChange:
    old, new = settled(before), settled(after)
    rank_before, rank_after = ranks(old), ranks(new)
    correlation = srcc(old, new) if len(ids) > 1 else float("nan")

    def changes(sizes: FloatArray) -> tuple[Change, ...]:
        places = np.argsort(-np.abs(sizes), kind="stable")[:MOST_CHANGES]
        return tuple(
            Change(
                int(ids[p]),
                float(before[p]),
                float(after[p]),
                float(rank_before[p]),
                float(rank_after[p]),
            )
            for p in places
            if sizes[p] != 0
        )

    return DimensionChange(
        key=key,
        label=label,
        stimuli=len(ids),
        left_out=left_out,
        srcc=None if np.isnan(correlation) else float(correlation),
        mean_change=float(np.abs(new - old).mean()) if len(ids) else None,
        by_value=changes(new - old),
        by_rank=changes(rank_after - rank_before),
    )


async def _list_verdict_changes(
    session: AsyncSession, first: int, second: int
) -> Sequence[VerdictChange]:
    query = (
        select(RunRater.run_id, Rater.public_code, RunRater.verdict)
        .join(Rater, Rater.id == RunRater.rater_id)
        .where(RunRater.run_id.in_([first, second]), Rater.status != RaterStatus.WITHDRAWN)
        .order_by(Rater.public_code)
    )
    found: dict[str, dict[int, str]] = {}
    for run_id, code, verdict in await session.execute(query):
        found.setdefault(code, {})[run_id] = verdict
    changes = [VerdictChange(code, v.get(first), v.get(second)) for code, v in found.items()]
    return [change for change in changes if change.before != change.after]
