"""Creating a study from a template, and changing a draft."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.database.tables.study import StudyState
from app.errors import BeholderError, Conflict, InvalidInput, Problem, WrongStudyState
from app.study.drafts import change_draft
from app.study.protocol import Protocol, parse_protocol
from app.study.studies import create_study, get_study, protocol_of
from app.study.templates import SCALES, quality_and_alignment
from app.web.admin.fields import Typed, texts
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.security import CurrentAccount, CurrentOwner
from app.web.state import SessionDep

router = APIRouter()

# Fields of the form, named by their place in the protocol.
PLACES = (
    "target_ratings",
    "sitting.presentations",
    "sitting.sittings",
    "sitting.training",
    "sitting.break_every_minutes",
    "sitting.break_seconds",
    "sitting.lease_minutes",
    "fast_ms",
    "dimensions.0.question",
    "dimensions.1.question",
    "dimensions.0.weight",
    "dimensions.1.weight",
    "consent.version",
    "consent.text",
    "instructions",
    "thanks",
)
# Short names that are addresses of other pages.
RESERVED = {"new"}


@router.get("/dashboard/studies/new")
async def show_new_study(request: Request, account: CurrentOwner) -> Response:
    """The form, filled in with what suits most studies."""
    return _form(request, typed_of(quality_and_alignment()), slug=None)


@router.post("/dashboard/studies/new")
async def take_new_study(
    request: Request, session: SessionDep, account: CurrentAccount
) -> Response:
    """Create a draft, or show the form again with what was typed and what is wrong with it."""
    typed = texts(await request.form())
    slug = typed.get("slug", "").strip()
    try:
        if slug in RESERVED:
            raise InvalidInput(problems=[Problem("slug", f"“{slug}” cannot be used as a name.")])
        await create_study(
            session,
            slug=slug,
            title=typed.get("title", ""),
            protocol=parse_protocol(document_of(quality_and_alignment(), typed)),
            actor=account.email,
        )
    except (InvalidInput, Conflict) as error:
        return _form(request, typed, slug=None, error=error)
    return go_to(f"/dashboard/studies/{slug}/stimuli", note="study-created")


@router.get("/dashboard/studies/{slug}/edit")
async def show_draft(
    request: Request, slug: str, session: SessionDep, account: CurrentOwner
) -> Response:
    """The form with what a draft holds; raises WrongStudyState for a study that has opened."""
    study = await get_study(session, slug=slug)
    if study.state is not StudyState.DRAFT:
        raise WrongStudyState("The protocol is frozen, because the study has been opened.")
    typed = typed_of(protocol_of(study)) | {"title": study.title, "slug": slug}
    return _form(request, typed, slug=slug)


@router.post("/dashboard/studies/{slug}/edit")
async def take_draft(
    request: Request, slug: str, session: SessionDep, account: CurrentAccount
) -> Response:
    """Change a draft; refused once the study has opened."""
    typed = texts(await request.form())
    study = await get_study(session, slug=slug)
    try:
        await change_draft(
            session,
            slug=slug,
            title=typed.get("title", ""),
            protocol=parse_protocol(document_of(protocol_of(study), typed)),
            actor=account.email,
        )
    except (InvalidInput, Conflict) as error:
        return _form(request, typed, slug=slug, error=error)
    return go_to(f"/dashboard/studies/{slug}", note="study-changed")


def typed_of(protocol: Protocol) -> dict[str, str]:
    """What the form shows for a protocol."""
    document = protocol.model_dump(mode="json")
    return {place: _shown(_at(document, place)) for place in PLACES} | {
        "scale": protocol.scale.kind.value
    }


def document_of(base: Protocol, typed: Typed) -> dict[str, Any]:
    """The protocol as a document with the form's values in their places, not yet validated."""
    document = base.model_dump(mode="json")
    for place in PLACES:
        if place in typed:
            *path, last = _path(place)
            # A text of spaces only is no text; others are kept as they were typed.
            _at_path(document, path)[last] = typed[place] if typed[place].strip() else ""
    scale = SCALES.get(typed.get("scale", ""))
    if scale is not None:
        document["scale"] = scale.model_dump(mode="json")
    return document


def _path(place: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in place.split(".")]


def _at_path(document: Any, path: list[str | int]) -> Any:
    for part in path:
        document = document[part]
    return document


def _at(document: Any, place: str) -> Any:
    return _at_path(document, _path(place))


def _shown(value: Any) -> str:
    """Whole numbers without a point, as people write them."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _form(
    request: Request, typed: Typed, *, slug: str | None, error: BeholderError | None = None
) -> Response:
    problems = {problem.where: problem.sentence for problem in error.problems} if error else {}
    context = {"typed": typed, "slug": slug, "problems": problems, "error": error}
    # A refused form is 422 in all cases, so that a browser's reload asks before sending again.
    return draw(request, "study_form.html", context, status=422 if error else 200)
