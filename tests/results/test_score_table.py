import pytest
from dashboard import make_rated_study, make_run
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import RunScore, Stimulus
from app.results.image_runs import list_image_runs
from app.results.score_table import ScoreColumn, ScoreOrder, count_scored, list_score_table
from app.storage.blobs import BlobStore


@pytest.fixture
async def run_id(session: AsyncSession, blobs: BlobStore) -> int:
    await make_rated_study(session, blobs)
    return await make_run(session)


@pytest.mark.parametrize("column", list(ScoreColumn))
@pytest.mark.parametrize("is_descending", [True, False])
async def test_the_table_is_in_the_order_of_its_column(
    session: AsyncSession, run_id: int, column: ScoreColumn, is_descending: bool
) -> None:
    order = ScoreOrder("alignment", column, is_descending)
    table = await list_score_table(session, run_id=run_id, order=order)
    values = [getattr(stimulus.scores["alignment"], column.value) for stimulus in table]
    assert len(values) == 24
    assert values == sorted(values, reverse=is_descending)
    assert set(table[0].scores) == {"quality", "alignment", "overall"}


async def test_what_is_not_defined_comes_last_in_either_direction(
    session: AsyncSession, run_id: int
) -> None:
    row = await session.scalar(
        select(RunScore).where(RunScore.dimension == "quality").order_by(RunScore.stimulus_id)
    )
    assert row is not None
    row.mos = None
    await session.flush()
    for is_descending in (True, False):
        order = ScoreOrder("quality", ScoreColumn.MOS, is_descending)
        table = await list_score_table(session, run_id=run_id, order=order)
        assert table[-1].stimulus_id == row.stimulus_id


async def test_the_table_is_cut_into_pages_and_narrowed_to_a_generator(
    session: AsyncSession, run_id: int
) -> None:
    order = ScoreOrder("overall")
    whole = await list_score_table(session, run_id=run_id, order=order)
    pages = [
        stimulus
        for offset in (0, 10, 20)
        for stimulus in await list_score_table(
            session, run_id=run_id, order=order, limit=10, offset=offset
        )
    ]
    assert pages == list(whole)
    assert await count_scored(session, run_id=run_id) == {"model-a": 12, "model-b": 12}
    one = await list_score_table(session, run_id=run_id, order=order, generator="model-a")
    assert {stimulus.generator for stimulus in one} == {"model-a"}
    assert len(one) == 12


async def test_a_picture_has_its_scores_under_every_run_newest_first(
    session: AsyncSession, run_id: int
) -> None:
    again = await make_run(session)
    image_id = await session.scalar(select(Stimulus.image_id).order_by(Stimulus.id).limit(1))
    assert image_id is not None
    newest, oldest = await list_image_runs(session, image_id=image_id)
    assert (newest.run_id, oldest.run_id) == (again, run_id)
    assert newest.scores == oldest.scores, "the same ratings give the same numbers"
    assert set(newest.scores) == {"quality", "alignment", "overall"}
