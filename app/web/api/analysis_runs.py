"""Analysis runs: what they are, and what they say of stimuli and raters."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from app.results.exports import (
    FileForm,
    ScoreKind,
    estimates_table,
    raters_table,
    scores_table,
    stream_agiqa3k_csv,
)
from app.results.exports.stimulus_records import load_export_names
from app.results.runs.lookup import get_done_run, get_run
from app.results.runs.sections import load_sections
from app.results.scores import list_scores
from app.results.screening.verdicts import list_verdicts
from app.web.api.documents import (
    CSV_ANSWER,
    TABLE_ANSWER,
    RaterDocument,
    RunDocument,
    ScorePage,
    StimulusDocument,
)
from app.web.downloads import csv_download, table_download
from app.web.ids import HIGHEST_ID, PathId
from app.web.security import ApiAccount
from app.web.state import SessionDep, StateDep

router = APIRouter(prefix="/analysis-runs", tags=["analysis runs"])


@router.get("/{run_id}", summary="Show one analysis run")
async def show(run_id: PathId, account: ApiAccount, session: SessionDep) -> RunDocument:
    """State, configuration, fingerprint, versions and summary of a run."""
    return RunDocument.of(await get_run(session, run_id=run_id))


@router.get("/{run_id}/scores", summary="List a run's scores")
async def show_scores(
    run_id: PathId,
    account: ApiAccount,
    session: SessionDep,
    after: Annotated[
        int, Query(ge=0, le=HIGHEST_ID, description="Id of the last stimulus seen.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
) -> ScorePage:
    """The scores of some stimuli by id; follow ``next_after`` to the next page."""
    run = await get_done_run(session, run_id=run_id)
    names = await load_export_names(session, study_id=run.study_id)
    found = await list_scores(session, run_id=run_id, after=after, limit=limit + 1)
    items = [StimulusDocument.of(stimulus, names[stimulus.stimulus_id]) for stimulus in found]
    return ScorePage(
        items=items[:limit],
        next_after=items[limit - 1].stimulus_id if len(items) > limit else None,
    )


@router.get(
    "/{run_id}/scores.{form}",
    summary="Download a run's scores",
    response_class=StreamingResponse,
    responses=TABLE_ANSWER,
)
async def download_scores(
    run_id: PathId, form: FileForm, account: ApiAccount, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """The scores of all stimuli with prompt, generator and settings, one row per stimulus."""
    table = partial(scores_table, run_id=run_id)
    return await table_download(state, session, name=f"scores-run-{run_id}", form=form, table=table)


@router.get(
    "/{run_id}/estimates.{form}",
    summary="Download a run's estimates",
    response_class=StreamingResponse,
    responses=TABLE_ANSWER,
)
async def download_estimates(
    run_id: PathId, form: FileForm, account: ApiAccount, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """Every stimulus in every dimension by every method, one row each."""
    table = partial(estimates_table, run_id=run_id)
    return await table_download(
        state, session, name=f"estimates-run-{run_id}", form=form, table=table
    )


@router.get(
    "/{run_id}/raters.{form}",
    summary="Download a run's raters",
    response_class=StreamingResponse,
    responses=TABLE_ANSWER,
)
async def download_raters(
    run_id: PathId, form: FileForm, account: ApiAccount, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """Verdict and outcome of every check, under the pseudonyms of all exports."""
    table = partial(raters_table, run_id=run_id)
    return await table_download(state, session, name=f"raters-run-{run_id}", form=form, table=table)


@router.get("/{run_id}/report", summary="Show a run's report")
async def show_report(
    run_id: PathId, account: ApiAccount, session: SessionDep
) -> dict[str, dict[str, Any]]:
    """The parts that the run computed beside the scores, by name."""
    await get_done_run(session, run_id=run_id)
    return await load_sections(session, run_id=run_id)


@router.get(
    "/{run_id}/agiqa3k.csv",
    summary="Download a run's scores in AGIQA-3K's columns",
    response_class=StreamingResponse,
    responses=CSV_ANSWER,
)
async def download_agiqa3k(
    run_id: PathId,
    account: ApiAccount,
    session: SessionDep,
    state: StateDep,
    score: ScoreKind = ScoreKind.RAW,
) -> StreamingResponse:
    """``raw``: MOS and SOS on the study's scale; ``z``: z-score MOS, about 0 to 100."""
    export = partial(stream_agiqa3k_csv, run_id=run_id, score=score)
    filename = f"agiqa3k-{score}-run-{run_id}.csv"
    return await csv_download(state, session, filename=filename, export=export)


@router.get("/{run_id}/raters", summary="List a run's raters")
async def show_raters(
    run_id: PathId, account: ApiAccount, session: SessionDep
) -> list[RaterDocument]:
    """Verdict and evidence of every rater, the rejected first."""
    await get_done_run(session, run_id=run_id)
    return [RaterDocument.of(rater) for rater in await list_verdicts(session, run_id=run_id)]
