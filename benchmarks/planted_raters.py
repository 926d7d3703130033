"""How often the checks find bad raters who were planted among honest ones.

Run `python benchmarks/planted_raters.py` (about half a minute). Every panel has 21 honest raters,
with biases and inconsistencies of their own, and one rater of each planted kind. The table shows
the share of panels in which each kind was proposed for rejection, and honest raters proposed per
panel, with the bad ones and in a panel by themselves, for the default proposal and for each rule
by itself. `--seed` draws other panels.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.run import REJECTING, Configuration
from app.analysis.screening import (
    BT500,
    BT1788,
    P913,
    VQEG,
    Agreement,
    BT500OnZ,
    Check,
    Status,
    Variation,
)
from app.analysis.simulation import RaterKind, SimulatedRater, simulated_matrix

PANELS, HONEST = 40, 21
PLANTED = [kind for kind in RaterKind if kind is not RaterKind.HONEST]
SCALES = {
    "five levels": Scale(low=1, step=1, level_max=4),
    "0 to 5 in tenths": Scale(low=0, step=0.1, level_max=50),
}
# Stimuli, and the share of them that each rater sees.
DESIGNS = {
    "dense, 150 each": (150, 1.0),
    "dense, 30 each": (30, 1.0),
    "10 %, 200 each": (2000, 0.1),
    "10 %, 100 each": (1000, 0.1),
    "10 %, 50 each": (500, 0.1),
    "10 %, 20 each": (200, 0.1),
}
RULES: dict[str, Sequence[Check]] = {
    "Default proposal": [c for c in Configuration().checks if c.name in REJECTING],
    "Agreement alone": [Agreement()],
    "Variation alone": [Variation()],
    "BT.500": [BT500()],
    "BT.500 on z-scores": [BT500OnZ()],
    "P.913": [P913()],
    "BT.1788": [BT1788()],
    "VQEG": [VQEG()],
}


class Found(NamedTuple):
    """Share of panels in which each kind was proposed, and honest raters proposed per panel.

    alone : honest raters proposed where nobody is bad.
    """

    kinds: list[float]
    honest: float
    alone: float


def panel(seed: int, scale: Scale, stimuli: int, share: float) -> RatingMatrix:
    """21 honest raters and one of each planted kind, in one dimension."""
    luck = np.random.default_rng(seed)
    span = scale.high - scale.low
    quality = luck.normal(scale.low + 0.52 * span, 0.18 * span, (stimuli, 1))
    kinds = [RaterKind.HONEST] * HONEST + PLANTED
    raters = [
        SimulatedRater(
            kind,
            bias=float(luck.normal(0, 0.07 * span)),
            inconsistency=float(0.14 * span * np.exp(luck.normal(0, 0.25))),
        )
        for kind in kinds
    ]
    return simulated_matrix(
        np.clip(quality, scale.low, scale.high),
        raters,
        scale,
        luck,
        dimensions=["quality"],
        stimuli_each=round(share * stimuli),
    )


def study(checks: Sequence[Check], panels: Sequence[RatingMatrix]) -> Found:
    """How often the checks, taken together, propose each kind."""
    proposed = np.array([_proposed(checks, matrix) for matrix in panels])
    alone = [_proposed(checks, matrix.of_raters(matrix.rater_ids[:HONEST])) for matrix in panels]
    return Found(
        kinds=proposed[:, HONEST:].mean(axis=0).tolist(),
        honest=float(proposed[:, :HONEST].sum(axis=1).mean()),
        alone=float(np.sum(alone, axis=1).mean()),
    )


def _proposed(checks: Sequence[Check], matrix: RatingMatrix) -> list[bool]:
    failed = {
        item.rater_id
        for check in checks
        for item in check.evidence(matrix)
        if item.status is Status.FAILED
    }
    return [rater_id in failed for rater_id in matrix.rater_ids]


def main() -> None:
    """Print one table for each scale and rule."""
    parser = argparse.ArgumentParser(description="How often the checks find planted bad raters.")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first panel")
    first = parser.parse_args().seed
    heads = "".join(f"{kind:>12}" for kind in PLANTED)
    for scale_name, scale in SCALES.items():
        designs = {
            name: [panel(seed, scale, *design) for seed in range(first, first + PANELS)]
            for name, design in DESIGNS.items()
        }
        for rule, checks in RULES.items():
            print(f"\n{rule}, scale of {scale_name}\n{'':18}{heads}  honest per panel   alone")
            for name, panels in designs.items():
                found = study(checks, panels)
                shares = "".join(f"{share:12.0%}" for share in found.kinds)
                print(f"{name:18}{shares}{found.honest:12.2f} of {HONEST}{found.alone:8.2f}")


if __name__ == "__main__":
    main()
