from factories import make_protocol, make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.study import StimulusKind
from app.storage.blobs import BlobStore
from app.study.stimulus_list import StimulusOrder, list_stimuli


async def test_stimuli_are_listed_by_their_ratings_a_page_at_a_time(
    session: AsyncSession, blobs: BlobStore
) -> None:
    study_id = await make_study(session, blobs, stimuli=4, protocol=make_protocol(training=1))
    await make_sitting(session, rater_id=await make_rater(session), rated=2)

    async def counts(order: StimulusOrder, **page: int) -> list[int]:
        found = await list_stimuli(
            session, study_id=study_id, kind=StimulusKind.MAIN, order=order, **page
        )
        return [stimulus.usable_count for stimulus in found]

    assert await counts(StimulusOrder.ADDED) == [1, 1, 0, 0]
    assert await counts(StimulusOrder.FEWEST) == [0, 0, 1, 1]
    assert await counts(StimulusOrder.MOST, limit=3) == [1, 1, 0]
    assert await counts(StimulusOrder.MOST, limit=3, offset=3) == [0]
    everything = await list_stimuli(session, study_id=study_id)
    assert [stimulus.kind for stimulus in everything].count(StimulusKind.TRAINING) == 1
    assert everything[0].prompt.startswith("a picture number")
