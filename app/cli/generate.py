"""``beholder generate …``: generation plans, previewed, queued, watched and retried."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession
from typer.core import TyperGroup

from app.cli import cli
from app.cli.pool import ACTOR, console, in_one_transaction, read_file
from app.database.connect import open_database
from app.database.engine import SessionFactory, open_session
from app.errors import NotFound
from app.pool.plan_document import read_plan
from app.pool.plan_progress import PlanProgress, list_plan_progress, retry_failed_items
from app.pool.plans import CreatedPlan, PlanPreview, create_plan, preview_plan
from app.pool.queue import is_worker_alive
from app.settings import get_settings

WATCH_EVERY_S = 0.5
NO_WORKER = "No worker is running; start one with `beholder worker`."


class _PlanByDefault(TyperGroup):
    """`beholder generate plan.toml` means `beholder generate plan plan.toml`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["plan", *args]
        return super().parse_args(ctx, args)


generate_cli = typer.Typer(
    help="Have pictures rendered: `beholder generate plan plan.toml`.",
    no_args_is_help=True,
    cls=_PlanByDefault,
)
cli.add_typer(generate_cli, name="generate")


@generate_cli.command("plan")
def carry_out_plan(
    file: Annotated[Path, typer.Argument(help="Generation plan, TOML or JSON.")],
    preview: Annotated[
        bool, typer.Option("--preview", help="Say what would be rendered, store nothing.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Watch until every picture is done.")
    ] = False,
) -> None:
    """Store a generation plan and queue its pictures for the worker."""
    plan = read_plan(read_file(file), file_name=file.name)
    seen = in_one_transaction(lambda session: preview_plan(session, plan=plan))
    _print_preview(seen)
    if preview:
        return

    async def work(session: AsyncSession) -> tuple[CreatedPlan, bool]:
        created = await create_plan(session, plan=plan, actor=ACTOR)
        return created, await is_worker_alive(session)

    created, is_alive = in_one_transaction(work)
    console.print(f"Plan '{created.name}' queued in {created.chunk_count:,} chunks.")
    if not is_alive:
        console.print(NO_WORKER)
    if wait:
        watch(created.name)


def _print_preview(preview: PlanPreview) -> None:
    console.print(f"{preview.item_count:,} pictures of {preview.prompt_count:,} prompts:")
    table = Table("generator", "steps", "guidance", "size in px", "pictures", box=None)
    for setting in preview.by_setting:
        condition = setting.condition
        table.add_row(
            condition.generator,
            str(condition.steps),
            f"{condition.guidance:g}" if condition.guidance is not None else "",
            f"{condition.width} × {condition.height}",
            f"{setting.count:,}",
        )
    console.print(table)
    for warning in preview.warnings:
        console.print(warning)


@generate_cli.command("status")
def show_status(
    plan: Annotated[str | None, typer.Argument(help="Name of a plan; all if absent.")] = None,
) -> None:
    """Show how far plans are, and why pictures failed."""

    async def work(session: AsyncSession) -> tuple[list[PlanProgress], bool]:
        return await list_plan_progress(session, name=plan), await is_worker_alive(session)

    found, is_alive = in_one_transaction(work)
    if plan is not None and not found:
        raise NotFound(f"There is no generation plan named '{plan}'.")
    table = Table("plan", "generator", "pending", "done", "failed", box=None)
    for progress in found:
        for part in progress.generators:
            numbers = (part.pending, part.done, part.failed)
            table.add_row(progress.name, part.generator, *(f"{number:,}" for number in numbers))
    console.print(table if found else "There are no generation plans yet.")
    for progress in found:
        _print_errors(progress)
    if not is_alive and any(progress.pending for progress in found):
        console.print(NO_WORKER)


def _print_errors(progress: PlanProgress) -> None:
    for sentence, number in progress.errors:
        console.print(f"{progress.name}: {sentence} ({number:,} ×)", markup=False)


@generate_cli.command("retry")
def retry(
    plan: Annotated[str, typer.Argument(help="Name of the plan.")],
    wait: Annotated[
        bool, typer.Option("--wait", help="Watch until every picture is done.")
    ] = False,
) -> None:
    """Try the failed pictures of a plan again."""
    number = in_one_transaction(lambda session: retry_failed_items(session, name=plan, actor=ACTOR))
    console.print(f"{number:,} pictures will be tried again.")
    if wait:
        watch(plan)


def watch(name: str) -> None:
    """Show a plan's progress until nothing is pending; Ctrl-C ends the watching alone."""

    async def run(url: str) -> PlanProgress:
        async with open_session(url) as sessions:
            return await _until_done(sessions, name)

    with open_database(get_settings()) as url:
        progress = asyncio.run(run(url))
    _print_errors(progress)
    if progress.failed:
        raise typer.Exit(1)


async def _until_done(sessions: SessionFactory, name: str) -> PlanProgress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(name, total=None)
        while True:
            async with sessions.begin() as session:
                (progress,) = await list_plan_progress(session, name=name)
            finished = progress.done + progress.failed
            bar.update(task, completed=finished, total=finished + progress.pending)
            if not progress.pending:
                return progress
            await asyncio.sleep(WATCH_EVERY_S)
