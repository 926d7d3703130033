"""Downloads of a run and of the ratings behind it, each as CSV, JSON or Parquet."""

import shutil
import tempfile
from functools import partial
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.background import BackgroundTask

from app.results.exports import (
    FileForm,
    ScoreKind,
    estimates_table,
    raters_table,
    ratings_table,
    scores_table,
    stimuli_table,
    stream_agiqa3k_csv,
)
from app.results.release.folder import release_archive
from app.results.runs.lookup import get_study_run
from app.results.runs.sections import load_sections
from app.study.studies import get_study
from app.web.admin.origin import origin_of
from app.web.downloads import csv_download, table_download
from app.web.ids import PathId
from app.web.security import CurrentAccount
from app.web.state import NowDep, SessionDep, StateDep

router = APIRouter()

RUN = "/dashboard/studies/{slug}/results/{run_id}"


@router.get(RUN + "/scores.{ending}")
async def send_scores(
    slug: str, run_id: PathId, ending: FileForm, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """The run's scores in our own columns."""
    await get_study_run(session, slug=slug, run_id=run_id)
    table = partial(scores_table, run_id=run_id)
    name = f"{slug}-run-{run_id}-scores"
    return await table_download(state, session, name=name, form=ending, table=table)


@router.get(RUN + "/estimates.{ending}")
async def send_estimates(
    slug: str, run_id: PathId, ending: FileForm, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """Every stimulus by every method of the run."""
    await get_study_run(session, slug=slug, run_id=run_id)
    table = partial(estimates_table, run_id=run_id)
    name = f"{slug}-run-{run_id}-estimates"
    return await table_download(state, session, name=name, form=ending, table=table)


@router.get(RUN + "/raters.{ending}")
async def send_raters(
    slug: str, run_id: PathId, ending: FileForm, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """The run's raters under pseudonyms, with verdicts."""
    await get_study_run(session, slug=slug, run_id=run_id)
    table = partial(raters_table, run_id=run_id)
    name = f"{slug}-run-{run_id}-raters"
    return await table_download(state, session, name=name, form=ending, table=table)


@router.get(RUN + "/agiqa3k.csv")
async def send_agiqa3k(
    slug: str,
    run_id: PathId,
    session: SessionDep,
    state: StateDep,
    score: ScoreKind = ScoreKind.RAW,
) -> StreamingResponse:
    """The run's scores in AGIQA-3K's columns."""
    await get_study_run(session, slug=slug, run_id=run_id)
    export = partial(stream_agiqa3k_csv, run_id=run_id, score=score)
    filename = f"{slug}-run-{run_id}-agiqa3k-{score}.csv"
    return await csv_download(state, session, filename=filename, export=export)


@router.get(RUN + "/run.json")
async def send_run(slug: str, run_id: PathId, session: SessionDep) -> Response:
    """The run itself: configuration, fingerprint, versions, summary, and the report."""
    run = await get_study_run(session, slug=slug, run_id=run_id)
    origin = origin_of(run)
    document = {
        "study": slug,
        "run": run.id,
        "made_at": run.created_at.isoformat(),
        "made_by": run.created_by,
        "seconds": run.seconds,
        "fingerprint": run.fingerprint,
        "configuration": origin.configuration.model_dump(mode="json"),
        "versions": origin.versions.model_dump(mode="json"),
        "summary": run.summary,
        "report": await load_sections(session, run_id=run.id),
    }
    filename = f"{slug}-run-{run_id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return JSONResponse(document, headers=headers)


@router.get(RUN + "/release.zip")
async def send_release(
    slug: str,
    run_id: PathId,
    session: SessionDep,
    state: StateDep,
    now: NowDep,
    account: CurrentAccount,
) -> FileResponse:
    """All tables with a data card and checksums; refused if the ratings have changed since."""
    scratch = Path(tempfile.mkdtemp(prefix="beholder-release-"))
    remove = partial(shutil.rmtree, scratch, ignore_errors=True)
    try:
        archive = await release_archive(
            session,
            state.blobs,
            slug=slug,
            scratch=scratch,
            run_id=run_id,
            actor=account.email,
            now=now,
        )
    except BaseException:
        remove()
        raise
    return FileResponse(
        archive,
        filename=f"{slug}-release-run-{run_id}.zip",
        media_type="application/zip",
        background=BackgroundTask(remove),
    )


@router.get("/dashboard/studies/{slug}/ratings.{ending}")
async def send_ratings(
    slug: str, ending: FileForm, session: SessionDep, state: StateDep, training: bool = False
) -> StreamingResponse:
    """The current ratings under pseudonyms."""
    await get_study(session, slug=slug)
    table = partial(ratings_table, slug=slug, with_training=training)
    name = f"{slug}-ratings"
    return await table_download(state, session, name=name, form=ending, table=table)


@router.get("/dashboard/studies/{slug}/stimuli.{ending}")
async def send_stimuli(
    slug: str, ending: FileForm, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """The stimuli with prompts, settings and provenance."""
    await get_study(session, slug=slug)
    table = partial(stimuli_table, slug=slug)
    return await table_download(state, session, name=f"{slug}-stimuli", form=ending, table=table)
