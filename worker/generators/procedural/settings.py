"""Settings with every default filled in, or a refusal in one sentence."""

from dataclasses import asdict, dataclass
from typing import Any

from app.pool.catalogue import CatalogueEntry
from worker.generators.base import GenerationError, RenderSettings


@dataclass(frozen=True)
class SettledSettings:
    """What is really used; sides in px."""

    steps: int
    guidance: float
    width: int
    height: int
    scheduler: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def settled(entry: CatalogueEntry, wanted: RenderSettings) -> SettledSettings:
    """Fill in an entry's defaults; raise `GenerationError` for what the entry does not accept."""
    if wanted.extra:
        raise GenerationError(
            f"{entry.name} takes no extra settings, not '{next(iter(wanted.extra))}'."
        )
    objections = entry.objections(
        steps=wanted.steps,
        guidance=wanted.guidance,
        width=wanted.width,
        height=wanted.height,
        scheduler=wanted.scheduler,
    )
    if objections:
        raise GenerationError(" ".join(objections))
    return SettledSettings(
        steps=entry.default_steps if wanted.steps is None else wanted.steps,
        guidance=entry.default_guidance if wanted.guidance is None else wanted.guidance,
        width=entry.native_width_px if wanted.width is None else wanted.width,
        height=entry.native_height_px if wanted.height is None else wanted.height,
        scheduler=wanted.scheduler or entry.default_scheduler,
    )
