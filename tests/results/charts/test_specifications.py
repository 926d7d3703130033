"""Charts say what the data say, in colours and shapes that can be told apart."""

import pytest

from app.results.charts.specifications import (
    PALETTE,
    SHAPES,
    distribution_chart,
    generator_means_chart,
    points_chart,
    rating_counts_chart,
)
from app.results.summaries import Distribution, GeneratorMean, Point, Points


def points_of(generators):
    return Points(
        *("quality", "Quality", "alignment", "Alignment", 0.0, 5.0),
        points=tuple(
            Point(i, 100 + i, generator, f"prompt {i}", 1.0 + i, 2.0)
            for i, generator in enumerate(generators)
        ),
    )


def mean_of(generator, dimension, mean):
    bounds = mean - 1, mean + 1
    return GeneratorMean(generator, dimension, dimension.title(), 9, mean, 0.3, *bounds, prompts=9)


def contrast_with_white(colour):
    """The contrast ratio of WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def test_every_series_has_a_visible_colour_and_a_shape_of_its_own():
    assert len(set(PALETTE)) == len(set(SHAPES)) == len(PALETTE)
    assert min(map(contrast_with_white, PALETTE)) >= 4.5


def test_a_distribution_has_a_bar_for_each_bin():
    chart = distribution_chart(Distribution("quality", "Quality", 0.0, 5.0, (1, 0, 3, 0, 2)))
    assert chart["data"]["values"][2] == {"from": 2.0, "to": 3.0, "stimuli": 3}
    assert chart["encoding"]["x"]["scale"]["domain"] == [0.0, 5.0]
    assert chart["width"] == "container"
    assert "Quality" in chart["description"]


def test_points_carry_what_a_click_needs():
    chart = points_chart(points_of(["a", "b"]))
    datum = chart["data"]["values"][1]
    assert (datum["image_id"], datum["stimulus_id"], datum["x"]) == (101, 1, 2.0)
    assert chart["encoding"]["color"]["scale"]["domain"] == ["a", "b"]
    assert chart["encoding"]["shape"]["scale"]["domain"] == ["a", "b"]


@pytest.mark.parametrize("generators", [["only"], [f"g{i}" for i in range(9)]])
def test_series_that_nobody_could_tell_apart_are_drawn_alike(generators):
    encoding = points_chart(points_of(generators))["encoding"]
    assert "color" not in encoding
    assert "shape" not in encoding


def test_means_have_an_interval_and_a_dot():
    chart = generator_means_chart(
        [mean_of("best", "quality", 4.0), mean_of("worst", "quality", 2.0)], level=0.9
    )
    rule, dot = chart["layer"]
    assert (rule["mark"]["type"], dot["mark"]["type"]) == ("rule", "point")
    assert "90%" in dot["encoding"]["x"]["title"]
    assert rule["encoding"]["y"]["sort"] == ["best", "worst"]
    assert chart["data"]["values"][0]["ci_low"] == 3.0


def test_counts_of_ratings_show_the_target():
    chart = rating_counts_chart([(0, 2), (1, 0), (2, 7)], target=5)
    bars, rule, label = chart["layer"]
    assert bars["data"]["values"][2] == {"ratings": 2, "from": 1.5, "to": 2.5, "stimuli": 7}
    assert bars["encoding"]["x"]["scale"]["domain"] == [-0.5, 5.5]
    assert rule["data"]["values"][0]["target"] == 5
    assert label["data"]["values"][0]["label"] == "target 5"
