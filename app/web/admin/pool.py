"""The pool: all its images, and the whole story of each."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.study import StimulusKind, StudyState
from app.errors import BeholderError, Conflict, NotFound
from app.pool.browse import (
    ImageFilter,
    count_images,
    count_pool,
    get_image_story,
    list_generators,
    list_images,
)
from app.pool.image_predictions import list_image_predictions
from app.rating.image_ratings import list_image_ratings
from app.results.image_runs import list_image_runs
from app.results.runs.estimates import METHOD_ENTRIES, METHOD_WORDS, list_image_estimates
from app.study.stimuli import add_stimuli
from app.study.studies import list_studies
from app.web.admin.fields import texts
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.ids import PathId, QueryId
from app.web.security import CurrentAccount
from app.web.state import SessionDep

router = APIRouter()

PAGE_SIZE = 60


@router.get("/dashboard/pool")
async def show_pool(
    request: Request,
    session: SessionDep,
    generator: str = "",
    search: Annotated[str, Query(max_length=200)] = "",
    plan: str = "",
    flag: str = "",
    before: QueryId = None,
) -> Response:
    """Thumbnails of the pool, newest first, filtered by generator and words of the prompt."""
    only = ImageFilter(
        generator=generator or None, search=search, plan=plan or None, flag=flag or None
    )
    shown = await list_images(session, only=only, before_id=before, size=PAGE_SIZE)
    filters = {"generator": generator, "search": search, "plan": plan, "flag": flag}
    query = urlencode({name: value for name, value in filters.items() if value})
    context = {
        "counts": await count_pool(session),
        "generators": await list_generators(session),
        "only": only,
        "shown": shown,
        "found": await count_images(session, only=only) if query else None,
        "query": query,
        "is_first": before is None,
    }
    return draw(request, "pool.html", context)


@router.get("/dashboard/pool/images/{image_id}")
async def show_image(request: Request, image_id: PathId, session: SessionDep) -> Response:
    """One image with its whole story."""
    return await _draw_image(request, session, image_id)


@router.post("/dashboard/pool/images/{image_id}/study")
async def take_stimulus(
    request: Request, image_id: PathId, session: SessionDep, account: CurrentAccount
) -> Response:
    """Add the image to a study, to be rated or for training."""
    typed = texts(await request.form())
    is_training = typed.get("kind") == StimulusKind.TRAINING
    try:
        added = await add_stimuli(
            session,
            slug=typed.get("study", ""),
            image_ids=[image_id],
            kind=StimulusKind.TRAINING if is_training else StimulusKind.MAIN,
            actor=account.email,
        )
        if not added:
            raise Conflict("The picture is in this study already.")
    except (Conflict, NotFound) as error:
        return await _draw_image(request, session, image_id, error=error)
    return go_to(f"/dashboard/pool/images/{image_id}", note="image-added")


async def _draw_image(
    request: Request, session: AsyncSession, image_id: int, *, error: BeholderError | None = None
) -> Response:
    story = await get_image_story(session, image_id=image_id)
    used = {use.slug for use in story.studies}
    context = {
        "story": story,
        "facts": _facts(story.provenance),
        "truth": story.provenance.get("truth") if story.provenance.get("procedural") else None,
        "ratings": await list_image_ratings(session, image_id=image_id),
        "runs": await list_image_runs(session, image_id=image_id),
        "estimates": await list_image_estimates(session, image_id=image_id),
        "predictions": await list_image_predictions(session, image_id=image_id),
        "method_words": METHOD_WORDS,
        "method_entries": METHOD_ENTRIES,
        "studies": [
            study
            for study in await list_studies(session)
            if study.state is not StudyState.CLOSED and study.slug not in used
        ],
        "error": error,
    }
    return draw(request, "image.html", context, status=error.status if error else 200)


def _facts(document: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """A document's entries as lines that can be read: nested names joined, the truth left out."""
    facts: list[tuple[str, str]] = []
    for name, value in document.items():
        if prefix == "" and name in {"truth", "procedural"}:
            continue
        place = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            facts += _facts(value, f"{place}, ")
        elif isinstance(value, list):
            facts.append((place, "; ".join(_plain(item) for item in value) or "none"))
        else:
            facts.append((place, _plain(value)))
    return facts


def _plain(value: Any) -> str:
    """One value in words."""
    match value:
        case None:
            return "not set"
        case True | False:
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case dict():
            return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
        case list():
            return ", ".join(_plain(item) for item in value)
    return str(value)
