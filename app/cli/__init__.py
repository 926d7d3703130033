"""The command line: ``beholder …``, one file per noun."""

import sys
from typing import NoReturn

import psycopg
import typer
from psycopg.errors import UndefinedColumn, UndefinedTable
from rich.console import Console
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.database.embedded import EmbeddedDatabaseError
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
    except EmbeddedDatabaseError as error:
        errors.print(str(error), style="bold red", markup=False)
        sys.exit(1)
    except OperationalError as error:
        _say_unreachable(error.orig)
    except psycopg.OperationalError as error:
        _say_unreachable(error)
    except ProgrammingError as error:
        if error.statement is None:  # while connecting: an option that the driver does not know
            _say_unreachable(error.orig)
        if not isinstance(error.orig, UndefinedTable | UndefinedColumn):
            raise
        errors.print(
            "The database schema is not current; run `beholder migrate`.", style="bold red"
        )
        sys.exit(1)


def _say_unreachable(error: BaseException | None) -> NoReturn:
    errors.print("The database cannot be reached:", style="bold red")
    errors.print(f"  {error}", markup=False)
    sys.exit(1)


# Each file adds its commands to ``cli`` when it is imported.
from app.cli import (  # noqa: E402, F401
    accounts,
    demonstration,
    doctor,
    generate,
    metrics,
    planning,
    pool,
    results,
    run,
    serve,
    simulate,
    study,
    worker,
)
