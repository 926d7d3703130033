"""What every metric predicts for one picture, and for no other."""

from factories import make_study
from metric_factory import list_image_ids, make_metric

from app.database.engine import SessionFactory
from app.pool.image_predictions import list_image_predictions
from app.storage.blobs import BlobStore


async def test_each_metric_once_by_title_and_version(
    sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=2)
        first, second = await list_image_ids(session)
        await make_metric(session, "ours", noise=0)
        await make_metric(session, "niqe", noise=0, version="b", higher_is_better=False)
        await make_metric(session, "niqe", noise=0, version="a", higher_is_better=False)
        await make_metric(session, "musiq", noise=0, missing=1)
        of_first = await list_image_predictions(session, image_id=first)
        of_second = await list_image_predictions(session, image_id=second)
        assert await list_image_predictions(session, image_id=second + 1) == []
    assert [(p.title, p.version) for p in of_first] == [("NIQE", "a"), ("NIQE", "b"), ("ours", "")]
    assert [p.title for p in of_second] == ["MUSIQ", "NIQE", "NIQE", "ours"]
    assert {p.value for p in of_second} == {1.0}
    assert [p.higher_is_better for p in of_second] == [True, False, False, True]
