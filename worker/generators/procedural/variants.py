"""How well each procedural generator draws and how well it obeys: their strengths as a table."""

from dataclasses import dataclass, field

from worker.generators.procedural.misreading import ErrorRates


@dataclass(frozen=True)
class Flaws:
    """How strongly each flaw of a picture shows, in [0, 1]; 0 is flawless, 1 ruins it."""

    noise: float = 0.0  # speckle that was never removed
    blur: float = 0.0
    blotches: float = 0.0  # slow stains of colour
    warp: float = 0.0  # wobbling outlines
    flatness: float = 0.0  # no light, shadow or grain
    banding: float = 0.0  # steps in smooth tones
    jaggedness: float = 0.0  # coarse pixels
    washout: float = 0.0  # pale and hazy
    oversaturation: float = 0.0  # glaring colours, clipped tones
    halo: float = 0.0  # bright rims around edges


@dataclass(frozen=True)
class Strength:
    """What a variant does at its own default settings.

    `flaws` and `errors` are typical values; single pictures vary about them by `variety`, the
    deviation of the logarithm.
    """

    flaws: Flaws = field(default_factory=Flaws)
    errors: ErrorRates = field(default_factory=ErrorRates)
    variety: float = 0.0


STRENGTHS = {
    "procedural-reference": Strength(variety=0.3),
    "procedural-atelier": Strength(
        flaws=Flaws(noise=0.03, blur=0.03),
        errors=ErrorRates(
            absent=0.07,
            recoloured=0.14,
            reshaped=0.06,
            extra=0.10,
            resized=0.20,
            remade=0.15,
            misplaced=0.32,
            background=0.22,
        ),
        variety=0.6,
    ),
    "procedural-studio": Strength(
        flaws=Flaws(noise=0.05, blur=0.12, blotches=0.05, flatness=0.15, halo=0.10),
        errors=ErrorRates(
            absent=0.03,
            recoloured=0.04,
            reshaped=0.02,
            extra=0.05,
            resized=0.08,
            remade=0.06,
            misplaced=0.10,
            background=0.06,
        ),
        variety=0.5,
    ),
    "procedural-sketch": Strength(
        flaws=Flaws(blur=0.04, warp=0.30, flatness=0.55, banding=0.32, halo=0.1),
        errors=ErrorRates(
            absent=0.02,
            recoloured=0.05,
            reshaped=0.03,
            extra=0.03,
            resized=0.06,
            remade=0.10,
            misplaced=0.05,
            background=0.06,
        ),
        variety=0.4,
    ),
    "procedural-draft": Strength(
        flaws=Flaws(
            noise=0.10,
            blur=0.20,
            blotches=0.25,
            warp=0.22,
            flatness=0.35,
            banding=0.15,
            jaggedness=0.15,
        ),
        errors=ErrorRates(
            absent=0.10,
            recoloured=0.20,
            reshaped=0.10,
            extra=0.20,
            resized=0.25,
            remade=0.30,
            misplaced=0.30,
            background=0.25,
        ),
        variety=0.5,
    ),
}
