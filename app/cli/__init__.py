"""The command line: ``beholder …``, one file per noun."""

import sys

import typer
from rich.console import Console

from app.errors import BeholderError

cli = typer.Typer(
    name="beholder",
    help="Subjective assessment of AI-generated images.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
errors = Console(stderr=True, highlight=False)


def main() -> None:
    """Run a command; an error a person may see is printed as its sentence, with status 1."""
    try:
        cli()
    except BeholderError as error:
        errors.print(error.message, style="bold red", markup=False)
        for problem in error.problems:
            errors.print(f"  {problem}", markup=False)
        sys.exit(1)
