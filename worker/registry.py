"""Which generator renders for which backend of the catalogue.

A generator is opened once per process, when it is first needed, so that a machine without a GPU
never loads what it cannot use.  With a worker concurrency above one it is used by several threads
at once.
"""

from collections.abc import Callable
from functools import cache

from app.pool.catalogue import Backend, UnknownGenerator, get_generator
from worker.generators.base import GenerationError, Generator


def _open_procedural() -> Generator:
    from worker.generators.procedural.generator import ProceduralGenerator

    return ProceduralGenerator()


OPENERS: dict[Backend, Callable[[], Generator]] = {Backend.PROCEDURAL: _open_procedural}


def find_generator(name: str) -> Generator:
    """What renders for this name of the catalogue; raises GenerationError when nothing does."""
    try:
        backend = get_generator(name).backend
    except UnknownGenerator as error:
        raise GenerationError(error.message) from error
    return _open(backend)


@cache
def _open(backend: Backend) -> Generator:
    if backend not in OPENERS:
        raise GenerationError(f"This worker cannot render for the backend '{backend}'.")
    try:
        return OPENERS[backend]()
    except ImportError as error:
        raise GenerationError(
            f"This worker lacks what the backend '{backend}' needs: {error}."
        ) from error
