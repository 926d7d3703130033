"""Studies: where they stand, their analyses and their ratings."""

from functools import partial

from fastapi import APIRouter, status
from fastapi.responses import StreamingResponse

from app.results.configuration import AnalysisConfiguration
from app.results.exports import stream_ratings_csv, stream_stimuli_csv
from app.results.runs import find_latest_run, get_run, list_runs, run_analysis
from app.study.progress import get_progress, list_progress
from app.study.studies import get_study
from app.web.api.documents import CSV_ANSWER, RunDocument, StudyDocument, StudyProgressDocument
from app.web.downloads import csv_download
from app.web.security import ApiAccount, ApiOwner
from app.web.state import NowDep, SessionDep, StateDep

router = APIRouter(prefix="/studies", tags=["studies"])


@router.get("", summary="List the studies")
async def list_all(
    account: ApiAccount, session: SessionDep, now: NowDep
) -> list[StudyProgressDocument]:
    """All studies with their progress, newest first."""
    return [StudyProgressDocument.of(study) for study in await list_progress(session, now=now)]


@router.get("/{slug}", summary="Show one study")
async def show(slug: str, account: ApiAccount, session: SessionDep, now: NowDep) -> StudyDocument:
    """A study with its progress, its protocol and the number of its newest analysis run."""
    progress = await get_progress(session, slug=slug, now=now)
    study = await get_study(session, slug=slug)
    latest = await find_latest_run(session, study_id=study.id)
    return StudyDocument.of_study(study, progress, latest)


@router.get("/{slug}/analysis-runs", summary="List a study's analysis runs")
async def list_its_runs(slug: str, account: ApiAccount, session: SessionDep) -> list[RunDocument]:
    """The analysis runs of a study, newest first."""
    return [RunDocument.of(run) for run in await list_runs(session, slug=slug)]


@router.post(
    "/{slug}/analysis-runs", summary="Analyse a study", status_code=status.HTTP_201_CREATED
)
async def analyse(
    slug: str,
    account: ApiOwner,
    session: SessionDep,
    now: NowDep,
    configuration: AnalysisConfiguration | None = None,
) -> RunDocument:
    """Analyse the ratings a study has now; every field of the configuration is optional.

    The same ratings and configuration give the same numbers to the last bit.
    """
    run_id = await run_analysis(
        session,
        slug=slug,
        configuration=configuration or AnalysisConfiguration(),
        actor=account.email,
        now=now,
    )
    return RunDocument.of(await get_run(session, run_id=run_id))


@router.get(
    "/{slug}/ratings.csv",
    summary="Download a study's ratings",
    response_class=StreamingResponse,
    responses=CSV_ANSWER,
)
async def download_ratings(
    slug: str, account: ApiAccount, session: SessionDep, state: StateDep, training: bool = False
) -> StreamingResponse:
    """The current ratings under pseudonyms; with ``training`` those of training pictures, too."""
    export = partial(stream_ratings_csv, slug=slug, with_training=training)
    return await csv_download(state, session, filename=f"{slug}-ratings.csv", export=export)


@router.get(
    "/{slug}/stimuli.csv",
    summary="Download a study's stimuli",
    response_class=StreamingResponse,
    responses=CSV_ANSWER,
)
async def download_stimuli(
    slug: str, account: ApiAccount, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """The stimuli with their prompts, generators, settings, files and provenance."""
    export = partial(stream_stimuli_csv, slug=slug)
    return await csv_download(state, session, filename=f"{slug}-stimuli.csv", export=export)
