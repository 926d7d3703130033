"""Studies: where they stand, their analyses and their ratings."""

from functools import partial

from fastapi import APIRouter, Response, status
from fastapi.responses import StreamingResponse

from app.results.exports import FileForm, ratings_table, stimuli_table
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.lookup import find_latest_run, get_run, list_runs
from app.results.runs.queue import queue_run
from app.study.progress import get_progress, list_progress
from app.study.studies import get_study
from app.web.api.documents import TABLE_ANSWER, RunDocument, StudyDocument, StudyProgressDocument
from app.web.downloads import table_download
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
    """The analysis runs of a study in any state, newest first."""
    return [RunDocument.of(run) for run in await list_runs(session, slug=slug)]


@router.post(
    "/{slug}/analysis-runs", summary="Analyse a study", status_code=status.HTTP_202_ACCEPTED
)
async def analyse(
    slug: str,
    account: ApiOwner,
    session: SessionDep,
    now: NowDep,
    response: Response,
    configuration: AnalysisConfiguration | None = None,
) -> RunDocument:
    """Ask for an analysis of a study's ratings; every field of the configuration is optional.

    The run is carried out in the background: ask for it again at the address in ``Location``
    until its ``state`` is ``done`` or ``failed``.  The same ratings and configuration give the
    same numbers to the last bit.
    """
    run_id = await queue_run(
        session,
        slug=slug,
        configuration=configuration or AnalysisConfiguration(),
        actor=account.email,
        now=now,
    )
    response.headers["Location"] = f"/api/v1/analysis-runs/{run_id}"
    return RunDocument.of(await get_run(session, run_id=run_id))


@router.get(
    "/{slug}/ratings.{form}",
    summary="Download a study's ratings",
    response_class=StreamingResponse,
    responses=TABLE_ANSWER,
)
async def download_ratings(
    slug: str,
    form: FileForm,
    account: ApiAccount,
    session: SessionDep,
    state: StateDep,
    training: bool = False,
) -> StreamingResponse:
    """The current ratings under pseudonyms; with ``training`` those of training pictures, too."""
    table = partial(ratings_table, slug=slug, with_training=training)
    return await table_download(state, session, name=f"{slug}-ratings", form=form, table=table)


@router.get(
    "/{slug}/stimuli.{form}",
    summary="Download a study's stimuli",
    response_class=StreamingResponse,
    responses=TABLE_ANSWER,
)
async def download_stimuli(
    slug: str, form: FileForm, account: ApiAccount, session: SessionDep, state: StateDep
) -> StreamingResponse:
    """The stimuli with their prompts, generators, settings, files and provenance."""
    table = partial(stimuli_table, slug=slug)
    return await table_download(state, session, name=f"{slug}-stimuli", form=form, table=table)
