"""One rater beside the panel: their score of a stimulus and the mean of everybody else's."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.study.protocol import Scale
from app.study.studies import get_study, protocol_of


@dataclass(frozen=True)
class BesidePanel:
    """A stimulus as one rater scored it and as the others did, in the protocol's dimensions."""

    image_id: int
    own: tuple[float, ...]
    others: tuple[float, ...]
    other_raters: int


# At most ``most`` of the rater's stimuli, spread evenly by a hash so that the same ones come each
# time; the others' ratings are found by ix_presentation_stimulus_id.
BESIDE = text(
    """
    WITH chosen AS (
        SELECT presentation.id, presentation.stimulus_id, presentation.rater_id
        FROM rater
        JOIN presentation ON presentation.rater_id = rater.id
        WHERE rater.study_id = :study_id AND rater.public_code = :code
            AND presentation.phase = 'main' AND presentation.state = 'rated'
        ORDER BY hashint8extended(presentation.stimulus_id, 0)
        LIMIT :most
    ), mine AS (
        SELECT chosen.*, rating.levels
        FROM chosen
        JOIN rating ON rating.presentation_id = chosen.id AND rating.superseded_at IS NULL
    )
    SELECT stimulus.image_id, mine.levels, count(*) AS other_raters,
        ARRAY[avg(other.levels[1]), avg(other.levels[2]),
              avg(other.levels[3]), avg(other.levels[4])] AS means
    FROM mine
    JOIN stimulus ON stimulus.id = mine.stimulus_id
    JOIN presentation
        ON presentation.stimulus_id = mine.stimulus_id AND presentation.phase = 'main'
        AND presentation.rater_id <> mine.rater_id
    JOIN rater ON rater.id = presentation.rater_id AND rater.status IN ('active', 'completed')
    JOIN rating AS other
        ON other.presentation_id = presentation.id AND other.superseded_at IS NULL
    GROUP BY stimulus.id, mine.levels
    ORDER BY stimulus.id
    """
)


async def list_beside_panel(
    session: AsyncSession, *, slug: str, public_code: str, most: int = 300
) -> list[BesidePanel]:
    """Stimuli that this rater and at least one other usable rater rated, at most so many."""
    study = await get_study(session, slug=slug)
    values = {"study_id": study.id, "code": public_code, "most": most}
    rows = (await session.execute(BESIDE, values)).mappings()
    scale = protocol_of(study).scale
    return [_beside(row, scale) for row in rows]


def mean_differences(beside: Sequence[BesidePanel]) -> tuple[float, ...]:
    """How much higher than the others this rater scores on average, dimension by dimension."""
    own = zip(*(each.own for each in beside), strict=True)
    others = zip(*(each.others for each in beside), strict=True)
    return tuple(fmean(a) - fmean(b) for a, b in zip(own, others, strict=True))


def _beside(row: RowMapping, scale: Scale) -> BesidePanel:
    low, step = float(scale.low), float(scale.step)
    means = row["means"][: len(row["levels"])]
    return BesidePanel(
        image_id=row["image_id"],
        own=tuple(low + step * level for level in row["levels"]),
        others=tuple(low + step * float(mean) for mean in means),
        other_raters=row["other_raters"],
    )
