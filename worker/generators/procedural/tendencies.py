"""What settings do to a variant: flaws and error rates from steps, guidance and resolution.

Pushing a setting away from a variant's default adds to every flaw it concerns, as independent
causes do: 1 - (1 - a)(1 - b).  So every flaw and rate is monotone in how far it is pushed.
"""

from dataclasses import asdict, dataclass

import numpy as np

from app.pool.catalogue import CatalogueEntry
from worker.generators.procedural.misreading import ErrorRates
from worker.generators.procedural.settings import SettledSettings
from worker.generators.procedural.variants import Flaws, Strength

COSINE_GAIN = 1.4  # a cosine schedule gets as far with so many times fewer steps
DEAD_ZONE = 0.30  # octaves of guidance around the default without effect


@dataclass(frozen=True)
class Push:
    """How far the settings push a generator out of its comfort, each in [0, 1]."""

    unfinished: float  # too few steps
    weak: float  # too little guidance
    strong: float  # too much guidance
    coarse: float  # below the native resolution
    stretched: float  # above it, or of an unusual aspect


def push_of(entry: CatalogueEntry, settings: SettledSettings) -> Push:
    """Measure settings against the defaults of a catalogue entry."""
    width, height = settings.width, settings.height
    gain = COSINE_GAIN if settings.scheduler == "cosine" else 1.0
    done = settings.steps * gain / entry.default_steps
    octaves = float(np.log2(max(settings.guidance, 0.01) / entry.default_guidance))
    native = (entry.native_width_px * entry.native_height_px) ** 0.5
    larger = float(np.log2((width * height) ** 0.5 / native))
    longer = abs(float(np.log2(width / height * entry.native_height_px / entry.native_width_px)))
    return Push(
        unfinished=_unit(1 - float(np.log1p(9 * done) / np.log(10))),
        weak=_unit((-octaves - DEAD_ZONE) / 2.2),
        strong=_unit((octaves - DEAD_ZONE) / 2.1),
        coarse=_unit((-larger - 0.1) / 2.5),
        stretched=_unit((larger - 0.1) / 2 + max(longer - 0.6, 0) / 3),
    )


def flaws_of(strength: Strength, push: Push, rng: np.random.Generator) -> Flaws:
    """Return the flaws of one picture: the variant's own, give or take luck, and those pushed."""
    own = asdict(strength.flaws)
    luck = np.clip(np.exp(strength.variety * rng.standard_normal(len(own))), 0.4, 1.9)
    pushed = {
        "noise": 0.95 * push.unfinished**1.5,
        "blur": _either(0.65 * push.unfinished, 0.45 * push.stretched),
        "blotches": _either(0.75 * push.unfinished, 0.15 * push.weak),
        "warp": _either(0.45 * push.unfinished, 0.35 * push.stretched),
        "flatness": _either(0.5 * push.unfinished, 0.35 * push.weak),
        "banding": 0.35 * push.strong,
        "jaggedness": 0.9 * push.coarse,
        "washout": 0.95 * push.weak,
        "oversaturation": 1.0 * push.strong,
        "halo": 0.9 * push.strong,
    }
    return Flaws(
        **{
            name: _either(_unit(own[name] * factor), _unit(pushed[name] * factor**0.5))
            for name, factor in zip(own, luck.tolist(), strict=True)
        }
    )


def errors_of(strength: Strength, push: Push) -> ErrorRates:
    """Return the error rates of a variant under these settings."""
    unformed = max(0.0, push.unfinished - 0.25) / 0.75  # a few steps missing only look bad
    neglect = _either(0.75 * push.weak, 0.5 * unformed)
    pushed = {
        "absent": _either(0.5 * push.weak, 0.75 * unformed),
        "recoloured": _either(0.65 * push.weak, 0.3 * unformed, 0.12 * push.strong),
        "reshaped": _either(0.4 * push.weak, 0.4 * unformed),
        "extra": _either(0.35 * push.weak, 0.8 * push.stretched, 0.1 * push.strong),
        "resized": neglect,
        "remade": neglect,
        "misplaced": neglect,
        "background": neglect,
    }
    own = asdict(strength.errors)
    return ErrorRates(**{name: _either(own[name], pushed[name]) for name in own})


def _either(*causes: float) -> float:
    """Combine independent causes, each in [0, 1]."""
    return 1 - float(np.prod([1 - cause for cause in causes]))


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
