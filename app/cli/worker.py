"""``beholder worker``: becomes the rendering process."""

import os
import sys

import typer

from app.cli import cli


@cli.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def worker(context: typer.Context) -> None:
    """Render the pictures of generation plans until stopped; `--help` shows the options."""
    # The server never imports the worker, so the process is replaced instead.
    command = [sys.executable, "-m", "worker", *context.args]
    os.execv(sys.executable, command)  # noqa: S606  # our own command, no shell
