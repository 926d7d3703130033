"""Downloads that are written while they are sent, for the dashboard and the API alike."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.web.state import AppState

Export = Callable[[AsyncSession], AsyncGenerator[str, None]]


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

    return StreamingResponse(
        pieces(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
