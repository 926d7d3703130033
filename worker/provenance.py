"""What is recorded with a rendered picture, so that it can be made again and checked."""

import platform
from functools import cache
from importlib.metadata import version
from typing import Any

from app import __version__
from app.pool.items import OpenItem
from worker.generators.base import Rendering


def provenance_of(item: OpenItem, rendering: Rendering, *, seconds: float) -> dict[str, Any]:
    """What was asked, what the generator says it did, with which software, and how long it took.

    ``seconds`` is the time until this picture came out; of a batch, the first carries it all.
    """
    return {
        "device": "cpu",
        **rendering.provenance,
        "prompt": item.prompt,
        "generator": item.condition.generator,
        "revision": item.condition.revision,
        "seed": item.seed,
        "seconds": round(seconds, 3),
        "software": _software(),
    }


@cache
def _software() -> dict[str, str]:
    libraries = {name: version(name) for name in ("numpy", "pillow")}
    return {"beholder": __version__, "python": platform.python_version(), **libraries}
