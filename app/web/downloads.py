"""Downloads that are written while they are sent, for the dashboard and the API alike."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.results.exports import FileForm, Table, write_file
from app.web.state import AppState

Export = Callable[[AsyncSession], AsyncGenerator[str, None]]
TableOf = Callable[[AsyncSession], Awaitable[Table]]


async def csv_download(
    state: AppState, session: AsyncSession, *, filename: str, export: Export
) -> StreamingResponse:
    """A CSV file, piece by piece from a database session of its own.

    The request's session ends before the answer begins, so it only tries the first piece: what
    cannot be exported is refused in a sentence, and not in the middle of a file.
    """
    async with aclosing(export(session)) as trial:
        await anext(trial)

    async def pieces() -> AsyncIterator[str]:
        async with state.sessions() as own:
            async for piece in export(own):
                yield piece

    return _attachment(pieces(), filename, "text/csv")


async def table_download(
    state: AppState, session: AsyncSession, *, name: str, form: FileForm, table: TableOf
) -> StreamingResponse:
    """A table as a file of this form, piece by piece from a database session of its own.

    What cannot be exported is refused by the request's own session, before the answer begins.
    """
    trial = await table(session)
    await trial.pages.aclose()

    async def pieces() -> AsyncIterator[bytes]:
        async with state.sessions() as own:
            async for piece in write_file(await table(own), form):
                yield piece

    return _attachment(pieces(), f"{name}.{form}", form.media_type)


def _attachment(pieces: AsyncIterator[Any], filename: str, media_type: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)
