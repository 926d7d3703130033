"""Downloads of a run and of the ratings behind it."""

from functools import partial

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response, StreamingResponse

from app.results.exports import (
    ScoreKind,
    stream_agiqa3k_csv,
    stream_raters_csv,
    stream_ratings_csv,
    stream_scores_csv,
    stream_stimuli_csv,
)
from app.results.runs import get_study_run
from app.study.studies import get_study
from app.web.admin.origin import origin_of
from app.web.downloads import csv_download
from app.web.ids import PathId
from app.web.state import SessionDep, StateDep

router = APIRouter()

RUN = "/dashboard/studies/{slug}/results/{run_id}"


@router.get(RUN + "/scores.csv")
async def send_scores(
    slug: str, run_id: PathId, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """The run's scores in our own columns."""
    await get_study_run(session, slug=slug, run_id=run_id)
    export = partial(stream_scores_csv, run_id=run_id)
    filename = f"{slug}-run-{run_id}-scores.csv"
    return await csv_download(state, session, filename=filename, export=export)


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


@router.get(RUN + "/raters.csv")
async def send_raters(
    slug: str, run_id: PathId, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """The run's raters under pseudonyms, with verdicts."""
    await get_study_run(session, slug=slug, run_id=run_id)
    export = partial(stream_raters_csv, run_id=run_id)
    filename = f"{slug}-run-{run_id}-raters.csv"
    return await csv_download(state, session, filename=filename, export=export)


@router.get(RUN + "/run.json")
async def send_run(slug: str, run_id: PathId, session: SessionDep) -> Response:
    """The run itself: configuration, fingerprint, versions, summary."""
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
    }
    filename = f"{slug}-run-{run_id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return JSONResponse(document, headers=headers)


@router.get("/dashboard/studies/{slug}/ratings.csv")
async def send_ratings(
    slug: str, session: SessionDep, state: StateDep, training: bool = False
) -> StreamingResponse:
    """The current ratings under pseudonyms."""
    await get_study(session, slug=slug)
    export = partial(stream_ratings_csv, slug=slug, with_training=training)
    return await csv_download(state, session, filename=f"{slug}-ratings.csv", export=export)


@router.get("/dashboard/studies/{slug}/stimuli.csv")
async def send_stimuli(slug: str, session: SessionDep, state: StateDep) -> StreamingResponse:
    """The stimuli with prompts, settings and provenance."""
    await get_study(session, slug=slug)
    export = partial(stream_stimuli_csv, slug=slug)
    return await csv_download(state, session, filename=f"{slug}-stimuli.csv", export=export)
