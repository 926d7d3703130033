"""What a run starts from: a configuration without gaps, and the ratings of the moment."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Study
from app.errors import AnalysisImpossible
from app.results.ratings.loading import StudyRatings, load_ratings
from app.results.runs.configuration import AnalysisConfiguration
from app.results.screening.decisions import load_decided
from app.study.studies import protocol_of


async def complete_configuration(
    session: AsyncSession, *, study: Study, configuration: AnalysisConfiguration
) -> AnalysisConfiguration:
    """The configuration as it is stored: whoever repeats the run needs nothing else.

    Decisions that it does not state are those of the moment.  Raises InvalidInput if it does not
    fit the protocol.
    """
    decided = await load_decided(session, study_id=study.id)
    configuration = configuration.decided_by(
        confirmed=decided.confirmed, overruled=decided.overruled
    )
    return configuration.completed_by(protocol_of(study))


async def load_counting(session: AsyncSession, *, study_id: int) -> StudyRatings:
    """The ratings that count at this moment; raises AnalysisImpossible if there is none."""
    ratings = await load_ratings(session, study_id=study_id)
    if ratings.matrix.ratings == 0:
        raise AnalysisImpossible
    return ratings
