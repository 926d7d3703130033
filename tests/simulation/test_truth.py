"""From a picture's losses to the score a flawless judge would give."""

import uuid

import numpy as np
import pytest
from factories import make_image, make_protocol
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import Scale
from app.database.tables.study import StimulusKind
from app.simulation.truth import find_sitting, latent_loss, load_truth, true_score
from app.storage.blobs import BlobStore
from app.study.stimuli import add_stimuli
from app.study.studies import create_study

SCALE = Scale(low=1, step=1, level_max=4)


@pytest.mark.parametrize(("loss", "score"), [(0, 5), (1, 1), (-0.1, 5), (1.1, 1)])
def test_no_loss_has_the_highest_score_and_a_whole_loss_the_lowest(
    loss: float, score: float
) -> None:
    assert true_score(np.array([loss]), SCALE).tolist() == [score]


def test_more_loss_is_a_lower_score_and_the_first_flaw_costs_most() -> None:
    scores = true_score(np.linspace(0, 1, 50), SCALE)
    steps = np.diff(scores)
    assert (steps < 0).all()
    assert (np.diff(steps) > 0).all()


def test_a_latent_loss_depends_on_picture_and_dimension_and_is_evenly_spread() -> None:
    assert latent_loss("ab", "quality") == latent_loss("ab", "quality")
    assert latent_loss("ab", "quality") != latent_loss("ab", "alignment")
    losses = [latent_loss(f"{number:064x}", "quality") for number in range(2000)]
    assert np.percentile(losses, (0, 25, 50, 75, 100)) == pytest.approx(
        [0, 0.25, 0.5, 0.75, 1], abs=0.03
    )


async def test_recorded_truth_is_used_and_counted(session: AsyncSession, blobs: BlobStore) -> None:
    protocol = make_protocol()
    study_id = await create_study(
        session, slug="example", title="An example", protocol=protocol, actor="test"
    )
    provenances: list[dict[str, object]] = [
        {"truth": {"quality_loss": 0.0, "alignment_loss": 1}},
        {"truth": {"quality_loss": 1.0}},
        {"truth": "unknown"},
        {},
    ]
    images = [await make_image(session, blobs, provenance=p) for p in provenances]
    await add_stimuli(
        session, slug="example", image_ids=images, kind=StimulusKind.MAIN, actor="test"
    )
    truth = await load_truth(session, study_id=study_id, protocol=protocol)
    assert truth.recorded == 1
    assert truth.scores[0].tolist() == [5, 0]
    assert truth.scores[1, 0] == 0
    assert sorted(truth.row.values()) == [0, 1, 2, 3]


async def test_a_study_without_pictures_has_no_truth(session: AsyncSession) -> None:
    protocol = make_protocol()
    study_id = await create_study(
        session, slug="example", title="An example", protocol=protocol, actor="test"
    )
    truth = await load_truth(session, study_id=study_id, protocol=protocol)
    assert truth.scores.shape == (0, 2)


async def test_an_unknown_presentation_has_no_sitting(session: AsyncSession) -> None:
    assert await find_sitting(session, presentation_id=uuid.uuid4()) is None
