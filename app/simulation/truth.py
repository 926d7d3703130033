"""What the pictures of a study are really like, as far as their provenance says so.

A picture of the procedural generators records its true losses, each in [0, 1].  For any other a
latent loss is drawn from the picture's bytes: the same picture is then as good for every rater,
but nothing true is known about it.
"""

import hashlib
import uuid
from dataclasses import dataclass

import numpy as np
from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import FloatArray, Scale
from app.database.tables import Image, Stimulus
from app.results.ratings.loading import scale_of
from app.study.protocol import Protocol

# Above 1: the first flaws of a picture cost more than the same flaws on top of others.
CURVATURE = 1.2

STIMULI = (
    select(Stimulus.id, Image.sha256, Image.provenance["truth"].label("truth"))
    .join(Image, Image.id == Stimulus.image_id)
    .where(Stimulus.study_id == bindparam("study_id"))
    .order_by(Stimulus.id)
)
# All presentations of the sitting to which a presentation belongs, with the rater's public code.
SITTING = text(
    """
    SELECT presentation.public_id, presentation.stimulus_id, rater.public_code
    FROM presentation AS known
    JOIN presentation ON presentation.sitting_id = known.sitting_id
    JOIN rater ON rater.id = presentation.rater_id
    WHERE known.public_id = :presentation_id
    """
)


@dataclass(frozen=True, eq=False)
class Truth:
    """True scores of a study's stimuli, shape (stimuli, dimensions), in the order of ``row``.

    ``recorded`` stimuli have their truth from the generator; of the others it was made up.
    """

    row: dict[int, int]
    scores: FloatArray
    recorded: int


@dataclass(frozen=True)
class Sitting:
    """The stimulus behind each presentation of a sitting, and the code of its rater."""

    code: str
    stimuli: dict[uuid.UUID, int]


def true_score(loss: FloatArray, scale: Scale) -> FloatArray:
    """The score a flawless judge would give: low + (high - low) · (1 - loss) ^ CURVATURE.

    A loss of 0 has the highest score, a loss of 1 the lowest; the order of losses is kept.
    """
    return scale.low + (scale.high - scale.low) * (1 - np.clip(loss, 0, 1)) ** CURVATURE


def latent_loss(sha256: str, dimension: str) -> float:
    """A loss in [0, 1) that depends on the picture and the dimension alone, evenly spread."""
    digest = hashlib.sha256(f"{sha256} {dimension}".encode()).digest()
    return int.from_bytes(digest[:6]) / (1 << 48)


async def load_truth(session: AsyncSession, *, study_id: int, protocol: Protocol) -> Truth:
    """The truth about every stimulus of a study, in one query."""
    row: dict[int, int] = {}
    losses, recorded = [], 0
    for stimulus in await session.execute(STIMULI, {"study_id": study_id}):
        known = [_recorded_loss(stimulus.truth, d.key) for d in protocol.dimensions]
        recorded += None not in known
        row[stimulus.id] = len(row)
        losses.append(
            [
                latent_loss(stimulus.sha256, d.key) if loss is None else loss
                for d, loss in zip(protocol.dimensions, known, strict=True)
            ]
        )
    table = np.array(losses, dtype=np.float64).reshape(len(row), len(protocol.dimensions))
    return Truth(row, true_score(table, scale_of(protocol.scale)), recorded)


async def find_sitting(session: AsyncSession, *, presentation_id: uuid.UUID) -> Sitting | None:
    """The sitting a presentation belongs to; None if there is no such presentation."""
    rows = (await session.execute(SITTING, {"presentation_id": presentation_id})).all()
    if not rows:
        return None
    return Sitting(rows[0].public_code, {row.public_id: row.stimulus_id for row in rows})


def _recorded_loss(truth: object, dimension: str) -> float | None:
    """The loss that a picture's provenance names for this dimension, if it names one."""
    loss = truth.get(f"{dimension}_loss") if isinstance(truth, dict) else None
    return float(loss) if isinstance(loss, int | float) else None
