"""Who may use the dashboard: accounts look, owners change things, and only from our own forms.

One guard is put on the dashboard's routes as a whole, so that a new route cannot forget it.
"""

from collections.abc import AsyncIterator

from fastapi import Depends, Request

from app.accounts.accounts import require_owner
from app.database.tables.accounts import Role
from app.errors import BeholderError
from app.web.security import SAFE_METHODS, CurrentAccount, OwnForm, require_account
from app.web.state import StateDep

MIB = 1024 * 1024
# No upload may be larger than this, whatever the settings say.
LARGEST_UPLOAD_BYTES = 16 * 1024 * MIB


class UploadTooLarge(BeholderError):
    """This upload is larger than this server takes."""

    status = 413


class LengthRequired(BeholderError):
    """The browser did not say how large the upload is."""

    status = 411


async def require_owner_for_changes(request: Request, account: CurrentAccount) -> None:
    """Refuse a changing request of an account that may only look."""
    request.state.may_change = account.role is Role.OWNER
    if request.method not in SAFE_METHODS:
        require_owner(account)


async def require_bearable_size(request: Request, state: StateDep) -> None:
    """Refuse an upload beyond the settings' limit before anything of it is read."""
    if request.method in SAFE_METHODS:
        return
    announced = request.headers.get("content-length", "")
    if not announced.isdecimal():
        raise LengthRequired
    if int(announced) > state.settings.upload_limit_mib * MIB:
        limit = state.settings.upload_limit_mib
        raise UploadTooLarge(f"At most {limit:,} MiB can be sent at once. Nothing was stored.")


async def close_form(request: Request) -> AsyncIterator[None]:
    """Let go of uploaded files in the end, also of those that were refused."""
    yield
    await request.close()


# In this order: a stranger is sent to the log-in before anything is looked at, and the form, in
# which the token stands, is read last.
GUARD = [
    Depends(require_account),
    Depends(require_owner_for_changes),
    Depends(require_bearable_size),
    Depends(close_form),
    OwnForm,
]
