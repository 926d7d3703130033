"""Computing in a thread that nothing waits for when the process ends.

``asyncio.to_thread`` would do, but Python waits for its threads at the end: a server that is told
to stop would hang until the bootstrap is through.  A run that is cut off is taken up again.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What the function returns or raises, computed in a daemon thread of its own."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[R] = loop.create_future()

    def work() -> None:
        settle: Callable[[], Any]
        try:
            settle = partial(_settle, outcome, result=function(*args, **kwargs))
        except BaseException as error:
            settle = partial(_settle, outcome, error=error)
        with suppress(RuntimeError):  # The loop has ended meanwhile, and nobody waits any more.
            loop.call_soon_threadsafe(settle)

    threading.Thread(target=work, name="analysis", daemon=True).start()
    return await outcome


def _settle(
    outcome: "asyncio.Future[R]", *, result: R | None = None, error: BaseException | None = None
) -> None:
    if outcome.cancelled():
        return
    if error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(result)  # type: ignore[arg-type]
