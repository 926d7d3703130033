"""``beholder prompts …`` and ``beholder import …``: filling the pool."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli import cli
from app.database.connect import open_database
from app.database.engine import open_session
from app.errors import ImportRefused, InvalidInput
from app.logs import configure_logging
from app.pool.image_import import ImageImport, ImportPlan, carry_out_import, plan_image_import
from app.pool.prompts import PromptImport, compose_into_pool, import_prompts, list_prompts
from app.pool.records import RecordForm, refusal
from app.settings import get_settings
from app.storage.blobs import BlobStore

ACTOR = "command line"
Outcome = TypeVar("Outcome")

prompts_cli = typer.Typer(help="Prompts in the pool.", no_args_is_help=True)
import_cli = typer.Typer(help="Finished images into the pool.", no_args_is_help=True)
cli.add_typer(prompts_cli, name="prompts")
cli.add_typer(import_cli, name="import")
console = Console(highlight=False)


def in_one_transaction(work: Callable[[AsyncSession], Awaitable[Outcome]]) -> Outcome:
    """Do this with a database session, all or nothing."""
    configure_logging(get_settings(), quiet=True)

    async def run(url: str) -> Outcome:
        async with open_session(url) as sessions, sessions.begin() as session:
            return await work(session)

    with open_database(get_settings()) as url:
        return asyncio.run(run(url))


def read_file(path: Path) -> bytes:
    """The bytes of a file that a person has named."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None


@prompts_cli.command("import")
def import_prompt_files(
    files: Annotated[
        list[Path], typer.Argument(help="Text (a prompt per line), CSV, TSV or JSONL.")
    ],
    source: Annotated[
        str | None, typer.Option(help="Where the prompts are from; the file's name if absent.")
    ] = None,
    form: Annotated[
        RecordForm | None, typer.Option(help="How the file is written, if its name does not say.")
    ] = None,
) -> None:
    """Add the prompts of one or more files, all or none; duplicates are merged."""

    async def work(session: AsyncSession) -> list[PromptImport]:
        return [
            await import_prompts(
                session,
                content=read_file(file),
                file_name=file.name,
                source=source,
                form=form,
                actor=ACTOR,
            )
            for file in files
        ]

    for file, done in zip(files, in_one_transaction(work), strict=True):
        console.print(f"{file.name}: {_sentence(done)}", markup=False)


@prompts_cli.command("compose")
def compose(
    count: Annotated[int, typer.Option(help="How many prompts.")],
    seed: Annotated[int, typer.Option(help="The same seed composes the same prompts.")],
) -> None:
    """Compose prompts that the procedural generators understand, and add them."""
    done = in_one_transaction(
        lambda session: compose_into_pool(session, count=count, seed=seed, actor=ACTOR)
    )
    console.print(_sentence(done))


def _sentence(done: PromptImport) -> str:
    return f"{done.read:,} prompts read, {done.added:,} added, {done.merged:,} merged."


@prompts_cli.command("list")
def show_prompts(
    search: Annotated[str, typer.Option(help="Text that the prompt contains.")] = "",
    source: Annotated[str | None, typer.Option(help="Where the prompt is from.")] = None,
    category: Annotated[str | None, typer.Option(help="What kind of prompt it is.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
) -> None:
    """List prompts, oldest first."""
    entries = in_one_transaction(
        lambda session: list_prompts(
            session, search=search, source=source, category=category, size=limit
        )
    )
    table = Table("id", "prompt", "category", "source", "words", box=None)
    for entry in entries:
        cells = (entry.text, entry.category or "", entry.source or "")
        table.add_row(
            str(entry.id), *(cell.replace("[", r"\[") for cell in cells), str(entry.word_count)
        )
    console.print(table)


@import_cli.command("images")
def import_images(
    source: Annotated[Path, typer.Argument(help="Folder or zip file with the pictures.")],
    manifest: Annotated[
        Path | None,
        typer.Option(help="CSV, TSV or JSONL; manifest.csv in the source if absent."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Verify everything, change nothing.")
    ] = False,
) -> None:
    """Import finished images: a manifest with file, prompt, generator and any settings."""
    settings = get_settings()
    limit = settings.image_limit_megapixels
    plan = plan_image_import(source=source, manifest=manifest, limit_megapixels=limit)
    _report(plan)
    if plan.problem_count:
        raise ImportRefused(refusal(plan.problem_count), problems=plan.problems)
    if dry_run:
        console.print("This was a dry run; nothing was imported.")
        return
    blobs = BlobStore(settings.blob_folder)
    done: ImageImport = in_one_transaction(
        lambda session: carry_out_import(session, blobs=blobs, plan=plan, actor=ACTOR)
    )
    console.print(
        f"{done.added:,} images added, {done.merged:,} merged with identical ones, "
        f"{done.prompts_added:,} new prompts."
    )


def _report(plan: ImportPlan) -> None:
    """Say what an import would do."""
    console.print(
        f"{plan.manifest_name}: {len(plan.entries):,} images of {len(plan.generators)} generators "
        f"in {len(plan.pictures):,} picture files.",
        markup=False,
    )
    for warning in plan.warnings:
        console.print(f"  {warning}", markup=False)
    if plan.warning_count > len(plan.warnings):
        console.print(f"  … and {plan.warning_count - len(plan.warnings):,} more warnings")
