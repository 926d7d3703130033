"""Importing finished pictures: a zip file is checked first, and imported when one agrees."""

import asyncio
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from app.errors import BeholderError, ImportRefused, NotFound
from app.pool.image_import import ImportPlan, carry_out_import, plan_image_import
from app.pool.records import form_of
from app.web.admin.access import LARGEST_UPLOAD_BYTES
from app.web.admin.fields import texts
from app.web.admin.layout import draw
from app.web.admin.uploads import Upload, drop_upload, get_upload, keep_upload
from app.web.security import CurrentAccount
from app.web.state import AppState, SessionDep, StateDep

router = APIRouter()


@router.get("/dashboard/pool/import")
async def show_import(request: Request, state: StateDep) -> Response:
    """The form, and what a manifest looks like."""
    return _form(request, state)


@router.post("/dashboard/pool/import", max_body_size=LARGEST_UPLOAD_BYTES)
async def take_upload(request: Request, state: StateDep, account: CurrentAccount) -> Response:
    """Keep what was sent and say what an import would do; nothing is imported yet."""
    form = await request.form()
    try:
        upload = await asyncio.to_thread(_keep, state, account.id, form)
    except ImportRefused as error:
        return _form(request, state, error=error)
    try:
        plan = await asyncio.to_thread(_plan, state, upload)
    except ImportRefused as error:
        await asyncio.to_thread(drop_upload, upload)
        return _form(request, state, error=error)
    if plan.problem_count:
        await asyncio.to_thread(drop_upload, upload)
    context = {"plan": plan, "token": upload.token}
    return draw(request, "import_plan.html", context, status=422 if plan.problem_count else 200)


@router.post("/dashboard/pool/import/confirm")
async def take_confirmation(
    request: Request, session: SessionDep, state: StateDep, account: CurrentAccount
) -> Response:
    """Import what was checked; everything is checked once more on the way."""
    token = texts(await request.form()).get("upload", "")
    try:
        upload = get_upload(_folder(state), account_id=account.id, token=token)
        plan = await asyncio.to_thread(_plan, state, upload)
        done = await carry_out_import(session, blobs=state.blobs, plan=plan, actor=account.email)
    except (ImportRefused, NotFound) as error:
        return _form(request, state, error=error)
    await asyncio.to_thread(drop_upload, upload)
    return draw(request, "import_done.html", {"done": done})


def _keep(state: AppState, account_id: int, form: FormData) -> Upload:
    pictures, manifest = form.get("pictures"), form.get("manifest")
    if not isinstance(pictures, UploadFile) or not pictures.filename:
        raise ImportRefused("Please choose a zip file with the pictures first.")
    beside = None
    if isinstance(manifest, UploadFile) and manifest.filename:
        beside = (form_of(manifest.filename), manifest.file)
    return keep_upload(
        _folder(state),
        account_id=account_id,
        pictures=pictures.file,
        name=pictures.filename,
        manifest=beside,
    )


def _plan(state: AppState, upload: Upload) -> ImportPlan:
    return plan_image_import(
        source=upload.pictures,
        manifest=upload.manifest,
        limit_megapixels=state.settings.image_limit_megapixels,
        source_name=upload.name,
    )


def _folder(state: AppState) -> Path:
    return state.settings.data_folder / "uploads"


def _form(request: Request, state: AppState, *, error: BeholderError | None = None) -> Response:
    context = {"limit_mib": state.settings.upload_limit_mib, "error": error}
    return draw(request, "import.html", context, status=error.status if error else 200)
