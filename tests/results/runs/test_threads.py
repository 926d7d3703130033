"""Threads that nobody waits for."""

import asyncio
import threading

import pytest

from app.results.runs.threads import in_thread


async def test_the_result_comes_back_from_another_thread():
    assert await in_thread(threading.get_ident) != threading.get_ident()
    assert await in_thread(divmod, 7, 2) == (3, 1)


async def test_an_error_comes_back_as_it_was_raised():
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 1, 0)


async def test_the_thread_is_no_reason_for_the_process_to_stay():
    assert await in_thread(lambda: threading.current_thread().daemon)


async def test_who_gives_up_waiting_is_not_disturbed_by_the_result():
    go_on = threading.Event()
    waiting = asyncio.ensure_future(in_thread(go_on.wait, 5))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await asyncio.sleep(0.05)
