"""What the dashboard shows of a run: distributions, points, means per generator."""

import pytest
from factories import NOW, make_protocol

from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.summaries import (
    excerpt,
    find_points,
    list_distributions,
    list_generator_means,
)


async def run(session, panel, **configuration):
    return await run_analysis(
        session,
        slug=panel.slug,
        configuration=AnalysisConfiguration(**configuration),
        actor="o",
        now=NOW,
    )


async def test_distribution_counts_every_stimulus_with_a_score_once(open_panel, session):
    panel = await open_panel(stimuli=6)
    qualities = (0, 4, 5, 49, 50)  # 0.0, 0.4, 0.5, 4.9, 5.0; the sixth has no rating
    await panel.add_rater({s: (q, 25) for s, q in zip(panel.stimuli[:5], qualities, strict=True)})
    quality, alignment, overall = await list_distributions(
        session, run_id=await run(session, panel), bins=10
    )
    assert (quality.dimension, quality.label, quality.low, quality.high) == (
        "quality",
        "Quality",
        0.0,
        5.0,
    )
    assert quality.counts == (2, 1, 0, 0, 0, 0, 0, 0, 0, 2)
    assert alignment.counts == (0, 0, 0, 0, 0, 5, 0, 0, 0, 0)
    assert overall.label == "Overall"
    assert sum(overall.counts) == 5


async def test_points_are_quality_against_alignment(open_panel, session):
    panel = await open_panel(stimuli=3)
    await panel.add_rater({s: (10 * i, 50 - i) for i, s in enumerate(panel.stimuli[:2])})
    points = await find_points(session, run_id=await run(session, panel))
    assert (points.x_label, points.y_label, points.low, points.high) == (
        "Quality",
        "Alignment",
        0.0,
        5.0,
    )
    assert [(p.stimulus_id, p.x, p.y) for p in points.points] == [
        (panel.stimuli[0], 0.0, 5.0),
        (panel.stimuli[1], 1.0, pytest.approx(4.9)),
    ]
    assert points.points[0].generator == "model-a"
    assert points.points[0].prompt.startswith("a picture number")


async def test_one_dimension_has_no_points(open_panel, session):
    plain = make_protocol()
    panel = await open_panel(
        stimuli=1, protocol=plain.model_copy(update={"dimensions": plain.dimensions[:1]})
    )
    await panel.add_rater({panel.stimuli[0]: (1,)})
    assert await find_points(session, run_id=await run(session, panel)) is None


async def test_means_per_generator_by_hand(open_panel, session):
    # model-a has the stimuli 0, 2, 4 with quality 1, 2, 3; model-b has 1 and 3 with 4 and 4.
    panel = await open_panel(stimuli=5)
    qualities = (10, 40, 20, 40, 30)
    await panel.add_rater({s: (q, 0) for s, q in zip(panel.stimuli, qualities, strict=True)})
    means = await list_generator_means(session, run_id=await run(session, panel, level=0.9))
    # The better generator first, each with its dimensions in protocol order.
    assert [(mean.generator, mean.dimension) for mean in means] == [
        ("model-b", "quality"),
        ("model-b", "alignment"),
        ("model-b", "overall"),
        ("model-a", "quality"),
        ("model-a", "alignment"),
        ("model-a", "overall"),
    ]
    a = means[3]
    assert (a.stimuli, a.mean, a.sd) == pytest.approx((3, 2.0, 1.0))
    # t(0.95, 2) = 2.91999 over the stimuli, times 1 / √3.
    assert (a.ci_low, a.ci_high) == pytest.approx((2 - 1.685854, 2 + 1.685854), abs=1e-5)
    b = means[0]
    assert (b.stimuli, b.mean, b.ci_low, b.ci_high) == (2, 4.0, None, None)


async def test_rounding_is_no_interval(open_panel, session):
    # Overall 2.1 for every stimulus, in different ways of adding up.
    panel = await open_panel(stimuli=6, generators=("model-a",))
    for _ in range(3):
        await panel.add_rater({s: (7 * i, 42 - 7 * i) for i, s in enumerate(panel.stimuli)})
    means = await list_generator_means(session, run_id=await run(session, panel))
    assert (means[2].dimension, means[2].ci_low) == ("overall", None)


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("a red circle", "a red circle"),
        ("two\nlines  and   spaces", "two lines and spaces"),
        ("x" * 90, "x" * 90),
        ("x" * 91, "x" * 89 + "…"),
    ],
)
def test_an_excerpt_fits(prompt, shown):
    assert excerpt(prompt) == shown
