"""Importing predictions: a file is checked first, and imported when one agrees."""

import asyncio
import io
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from app.errors import ImportRefused, InvalidInput, NotFound
from app.pool.metric_import import (
    MetricImportPlan,
    carry_out_metric_import,
    plan_metric_import,
)
from app.pool.metric_names import ImportOptions
from app.pool.metric_options import parse_names, parse_settings, parse_version
from app.results.metrics.data import load_image_names
from app.results.metrics.queue import queue_evaluation
from app.results.runs.lookup import find_latest_run
from app.study.studies import get_study
from app.web.admin.access import LARGEST_UPLOAD_BYTES
from app.web.admin.fields import Typed, texts
from app.web.admin.layout import draw
from app.web.admin.metrics import METRICS, draw_metrics
from app.web.admin.notes import go_to
from app.web.admin.uploads import Upload, drop_upload, get_upload, keep_upload
from app.web.security import CurrentAccount
from app.web.state import AppState, SessionDep, StateDep

router = APIRouter()

# What is typed beside the file, and comes back with the agreement.
OPTIONS = ("version", "settings", "lower", "higher", "ignored", "replace")


@router.post(METRICS + "/import", max_body_size=LARGEST_UPLOAD_BYTES)
async def take_upload(
    request: Request, slug: str, session: SessionDep, state: StateDep, account: CurrentAccount
) -> Response:
    """Keep what was sent and say what an import would do; nothing is imported yet."""
    form = await request.form()
    typed = texts(form)
    study = await get_study(session, slug=slug)
    try:
        options = _options(typed)
        sent = form.get("file")
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise InvalidInput("Please choose a CSV file first.")
        content = await sent.read()
        plan = await _plan(session, slug, content, sent.filename, options)
    except InvalidInput as error:
        return await draw_metrics(request, session, slug, error=error, typed=dict(typed))
    context = {"study": study, "plan": plan, "typed": typed, "options": OPTIONS, "token": None}
    if plan.problem_count:
        opened = {"typed": dict(typed) | {"open": "yes"}}
        return draw(request, "metric_import.html", context | opened, status=422)
    upload = await asyncio.to_thread(_keep, state, account.id, content, sent.filename)
    return draw(request, "metric_import.html", context | {"token": upload.token})


@router.post(METRICS + "/import/confirm")
async def take_confirmation(
    request: Request, slug: str, session: SessionDep, state: StateDep, account: CurrentAccount
) -> Response:
    """Import what was checked; everything is checked once more on the way."""
    typed = texts(await request.form())
    study = await get_study(session, slug=slug)
    try:
        upload = get_upload(_folder(state), account_id=account.id, token=typed.get("upload", ""))
        content = await asyncio.to_thread(upload.pictures.read_bytes)
        plan = await _plan(session, slug, content, upload.name, _options(typed))
        await carry_out_metric_import(session, plan=plan, actor=account.email)
        latest = await find_latest_run(session, study_id=study.id)
        if latest is not None:
            await queue_evaluation(session, run_id=latest.id)
    except (InvalidInput, ImportRefused, NotFound) as error:
        return await draw_metrics(request, session, slug, error=error, typed=dict(typed))
    await asyncio.to_thread(drop_upload, upload)
    number = sum(metric.added + metric.replaced for metric in plan.metrics)
    return go_to(METRICS.format(slug=slug), note="predictions-imported", n=number)


async def _plan(
    session: AsyncSession, slug: str, content: bytes, name: str, options: ImportOptions
) -> MetricImportPlan:
    return await plan_metric_import(
        session,
        content=content,
        file_name=Path(name).name,
        options=options,
        slug=slug,
        export_names=await load_image_names(session, slug=slug),
    )


def _options(typed: Typed) -> ImportOptions:
    return ImportOptions(
        version=parse_version(typed.get("version", "")),
        settings=parse_settings(typed.get("settings", "")),
        lower=parse_names(typed.get("lower", "")),
        higher=parse_names(typed.get("higher", "")),
        ignored=parse_names(typed.get("ignored", "")),
        replace=bool(typed.get("replace")),
    )


def _keep(state: AppState, account_id: int, content: bytes, name: str) -> Upload:
    """Keep the file as a picture upload is kept: under a token, for a day at most."""
    return keep_upload(
        _folder(state),
        account_id=account_id,
        pictures=io.BytesIO(content),
        name=name,
        manifest=None,
    )


def _folder(state: AppState) -> Path:
    return state.settings.data_folder / "uploads"
