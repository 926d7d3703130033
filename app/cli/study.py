"""``beholder study …``: studies made, filled, opened, paused and closed."""

import json
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli import cli
from app.cli.transaction import in_transaction
from app.database.tables.study import StimulusKind, StudyState
from app.errors import InvalidInput
from app.settings import get_settings
from app.study.progress import list_progress
from app.study.protocol import Protocol, parse_protocol
from app.study.selection import select_main, select_training
from app.study.studies import change_state, count_stimuli, create_study
from app.study.templates import SCALES, quality_and_alignment

ACTOR = "command line"
SEED_BITS = 62  # fits PostgreSQL's signed bigint

studies = typer.Typer(help="Studies: create, fill, open, pause, close.", no_args_is_help=True)
cli.add_typer(studies, name="study")
console = Console(highlight=False, markup=False)

Slug = Annotated[str, typer.Argument(help="Short name of the study, as in its address.")]


class Template(StrEnum):
    """Protocols to start from, by their scale."""

    CONTINUOUS = "continuous"
    ACR_5 = "acr-5"


@studies.command()
def create(
    study: Slug,
    title: Annotated[str, typer.Option(help="Title; raters see it.")],
    template: Annotated[Template, typer.Option(help="Scale of the template.")] = (
        Template.CONTINUOUS
    ),
    target: Annotated[int, typer.Option(min=1, help="Usable ratings wanted per picture.")] = 20,
    protocol: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Whole protocol as JSON, instead."),
    ] = None,
) -> None:
    """Create a draft from a template or from a protocol of your own."""
    document = _read_protocol(protocol) if protocol else None
    chosen = document or _from_template(template, target)
    in_transaction(
        lambda session: create_study(session, slug=study, title=title, protocol=chosen, actor=ACTOR)
    )
    console.print(f"{study} is a draft. Next: beholder study add {study}")


@studies.command("list")
def list_all() -> None:
    """List the studies with their progress."""
    table = Table()
    # Short names and numbers are there to be copied, so the title gives way.
    for name in ("Study", "Title", "State", "Pictures", "Raters", "Ratings", "Progress"):
        table.add_column(name, no_wrap=True, overflow="ellipsis" if name == "Title" else "fold")
    for study in in_transaction(lambda session: list_progress(session, now=datetime.now(UTC))):
        table.add_row(
            study.slug,
            study.title,
            study.state,
            f"{study.main_stimuli:,}",
            f"{study.rater_count:,}",
            f"{study.usable_ratings:,}",
            f"{study.share:.0%}",
        )
    console.print(table)


@studies.command()
def add(
    study: Slug,
    generator: Annotated[
        list[str] | None, typer.Option(help="Only of this generator; may be repeated.")
    ] = None,
    plan: Annotated[
        list[str] | None, typer.Option(help="Only rendered by this plan; may be repeated.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="So many at random; all if absent.")
    ] = None,
    training: Annotated[
        int, typer.Option(min=0, help="Training pictures to draw at random as well.")
    ] = 0,
) -> None:
    """Add pictures of the pool to a study."""

    generators, plans = generator or (), plan or ()

    async def work(session: AsyncSession) -> tuple[int, int, dict[StimulusKind, int]]:
        seed = secrets.randbits(SEED_BITS)
        # Training pictures first, so that there are some left to draw them from.
        drawn = 0
        if training:
            drawn = await select_training(
                session,
                slug=study,
                count=training,
                generators=generators,
                plans=plans,
                seed=seed,
                actor=ACTOR,
            )
        added = await select_main(
            session,
            slug=study,
            generators=generators,
            plans=plans,
            count=count,
            seed=seed,
            actor=ACTOR,
        )
        return added, drawn, await count_stimuli(session, slug=study)

    added, drawn, totals = in_transaction(work)
    console.print(
        f"{added:,} pictures to rate and {drawn:,} training pictures were added; {study} has"
        f" {totals[StimulusKind.MAIN]:,} to rate and {totals[StimulusKind.TRAINING]:,} for"
        " training now."
    )


@studies.command("open")
def open_study(study: Slug) -> None:
    """Let raters in; from then on the protocol is frozen."""
    _change(study, StudyState.OPEN)
    console.print(f"{study} is open: {get_settings().base_url}/rate/{study}")


@studies.command()
def pause(study: Slug) -> None:
    """Let nobody rate until the study is opened again."""
    _change(study, StudyState.PAUSED)
    console.print(f"{study} is paused.")


@studies.command()
def close(study: Slug) -> None:
    """Close the study for good."""
    _change(study, StudyState.CLOSED)
    console.print(f"{study} is closed.")


def _change(slug: str, to: StudyState) -> None:
    now = datetime.now(UTC)
    in_transaction(lambda session: change_state(session, slug=slug, to=to, now=now, actor=ACTOR))


def _from_template(template: Template, target: int) -> Protocol:
    """The template with this target; raises ProtocolRefused, as for a protocol of one's own."""
    document = quality_and_alignment(scale=SCALES[template]).model_dump(mode="json")
    return parse_protocol({**document, "target_ratings": target})


def _read_protocol(path: Path) -> Protocol:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise InvalidInput(f"{path} is nested too deeply.") from None
    except ValueError as error:
        raise InvalidInput(f"{path} is not a JSON document: {error}.") from None
    if not isinstance(document, dict):
        raise InvalidInput(f"{path} does not hold a protocol.")
    return parse_protocol(document)
