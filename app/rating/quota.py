"""Quota: how many more main ratings a rater may give, by the protocol and by what is left."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.rating.participation import ActiveParticipation

# What the rater has rated, and whether the study still has a stimulus for them.
COUNT = text(
    """
    SELECT
        (SELECT count(*) FROM presentation
         WHERE rater_id = :rater_id AND phase = 'main' AND state = 'rated'),
        EXISTS (
            SELECT FROM stimulus
            WHERE study_id = :study_id AND kind = 'main'
                AND usable_count + leased_count < :target
                AND NOT EXISTS (
                    SELECT FROM presentation
                    WHERE rater_id = :rater_id AND stimulus_id = stimulus.id
                        AND state <> 'released'
                )
        )
    """
)


async def count_remaining_quota(
    session: AsyncSession, *, participation: ActiveParticipation
) -> int:
    """Main ratings the rater may still give; 0 when the study has no stimulus left for them."""
    rules = participation.protocol.sitting
    rated, is_any_left = (
        await session.execute(
            COUNT,
            {
                "rater_id": participation.rater.id,
                "study_id": participation.study.id,
                "target": participation.protocol.target_ratings,
            },
        )
    ).one()
    return max(0, rules.sittings * rules.presentations - rated) if is_any_left else 0
