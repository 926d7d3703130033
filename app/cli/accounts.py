"""``beholder account …``: who may log in to the dashboard, and keys for programs."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.accounts.accounts import create_account, create_api_token, set_password
from app.accounts.directory import list_accounts
from app.accounts.passwords import made_up_password
from app.cli import cli
from app.cli.transaction import in_transaction
from app.database.tables.accounts import Role

ACTOR = "command line"

accounts = typer.Typer(help="Accounts for the dashboard, and API tokens.", no_args_is_help=True)
cli.add_typer(accounts, name="account")
console = Console(highlight=False, markup=False)

Email = Annotated[str, typer.Argument(help="E-mail address with which the account logs in.")]
MadeUp = Annotated[
    bool, typer.Option("--made-up", help="Make up a password and print it once; do not ask.")
]


@accounts.command()
def create(
    email: Email,
    role: Annotated[
        Role, typer.Option(help="An owner changes things, a viewer looks.")
    ] = Role.VIEWER,
    made_up: MadeUp = False,
) -> None:
    """Create an account; the password is asked for, or made up and printed once."""
    password = _password(made_up=made_up)
    in_transaction(
        lambda session: create_account(
            session, email=email, password=password, role=role, actor=ACTOR
        )
    )
    console.print(f"{email} may log in as {role}.")
    _print_made_up(password, made_up=made_up)


@accounts.command()
def password(email: Email, made_up: MadeUp = False) -> None:
    """Give an account a new password; it is logged out everywhere."""
    new = _password(made_up=made_up)
    in_transaction(lambda session: set_password(session, email=email, password=new, actor=ACTOR))
    console.print(f"{email} has a new password and is logged out everywhere.")
    _print_made_up(new, made_up=made_up)


@accounts.command()
def token(
    email: Email,
    name: Annotated[str, typer.Option(help="What the token is for.")] = "command line",
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 90,
) -> None:
    """Print a new API token of an account; it acts with the account's role."""
    made = in_transaction(
        lambda session: create_api_token(
            session, email=email, name=name, days=days, now=datetime.now(UTC)
        )
    )
    console.print("Shown only now; send it as “Authorization: Bearer …”:")
    # Not by rich, which would wrap it.
    typer.echo(made)


@accounts.command("list")
def list_all() -> None:
    """List the accounts."""
    table = Table("E-mail address", "Role", "Created (UTC)", "State")
    for account in in_transaction(list_accounts):
        state = "disabled" if account.disabled_at else "active"
        table.add_row(account.email, account.role, f"{account.created_at:%Y-%m-%d %H:%M}", state)
    console.print(table)


def _password(*, made_up: bool) -> str:
    if made_up:
        return made_up_password()
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _print_made_up(password: str, *, made_up: bool) -> None:
    if made_up:
        console.print(f"Password: {password}  (shown only now; note it)", style="bold")
