"""Charts as files, and in a browser under our own content security policy."""

import io
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image as Pillow
from playwright.async_api import async_playwright

from app.results.charts.drawing import (
    EXPORT_WIDTH_PX,
    PNG_SCALE,
    ChartForm,
    load_chart_bundle,
    render,
)
from app.results.charts.specifications import (
    Specification,
    distribution_chart,
    generator_means_chart,
    points_chart,
    rating_counts_chart,
)
from app.results.summaries import Distribution, GeneratorMean, Point, Points
from app.web.security import SECURITY_HEADERS

CHROMIUM = Path("/usr/bin/chromium")

PAGE = """<!doctype html><title>Charts</title><link rel="icon" href="data:,">
<div id="chart"></div><script type="module" src="/page.js"></script>"""
SCRIPT = """
import { drawChart } from "/charts.js";
const specification = await (await fetch("/chart.json")).json();
const { view } = await drawChart(document.querySelector("#chart"), specification);
view.addEventListener("click", (event, item) => {
  if (item?.datum?.image_id) document.body.dataset.clicked = item.datum.image_id;
});
const [left, top] = view.origin();
document.body.dataset.x = view.padding().left + left + view.scale("x")(2.5);
document.body.dataset.y = view.padding().top + top + view.scale("y")(2.5);
document.body.dataset.drawn = "yes";
"""


def all_charts() -> dict[str, Specification]:
    points = Points(
        *("quality", "Quality", "alignment", "Alignment", 0.0, 5.0),
        points=(Point(1, 77, "a", "a circle", 2.5, 2.5), Point(2, 78, "b", "a star", 1.0, 4.0)),
    )
    means = [GeneratorMean("a", "quality", "Quality", 3, 2.0, 0.1, 1.8, 2.2, prompts=3)]
    return {
        "distribution": distribution_chart(Distribution("q", "Quality", 0.0, 5.0, (1, 2, 3))),
        "points": points_chart(points),
        "means": generator_means_chart(means),
        "counts": rating_counts_chart([(0, 1), (1, 4)], target=3),
    }


@pytest.mark.parametrize("name", ["distribution", "points", "means", "counts"])
async def test_every_chart_becomes_a_file_of_every_form(name):
    chart = all_charts()[name]
    svg = await render(chart, form=ChartForm.SVG)
    assert svg.startswith(b"<svg")
    assert b"<a " not in svg
    assert (await render(chart, form=ChartForm.PDF)).startswith(b"%PDF")
    with Pillow.open(io.BytesIO(await render(chart, form=ChartForm.PNG))) as picture:
        assert picture.format == "PNG"
        assert picture.width == EXPORT_WIDTH_PX * PNG_SCALE


async def test_a_study_without_results_still_draws():
    empty = Points("quality", "Quality", "alignment", "Alignment", 0.0, 5.0, points=())
    for chart in (
        distribution_chart(Distribution("quality", "Quality", 0.0, 5.0, (0, 0))),
        points_chart(empty),
        generator_means_chart([]),
        rating_counts_chart([], target=3),
    ):
        assert (await render(chart, form=ChartForm.SVG)).startswith(b"<svg")


async def test_the_bundle_is_one_module_made_once():
    bundle = await load_chart_bundle()
    assert b"drawChart" in bundle.script[-200:]
    assert b"import " not in bundle.script[:200]
    assert await load_chart_bundle() is bundle


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder with the headers of our pages."""

    def end_headers(self) -> None:
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.mark.e2e
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")
async def test_a_browser_draws_under_our_policy_and_points_can_be_clicked(tmp_path):
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "page.js").write_text(SCRIPT)
    (tmp_path / "chart.json").write_text(json.dumps(all_charts()["points"]))
    (tmp_path / "charts.js").write_bytes((await load_chart_bundle()).script)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    complaints = []
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=["--no-sandbox"]
            )
            page = await browser.new_page(viewport={"width": 700, "height": 600})
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"http://127.0.0.1:{server.server_port}/")
            await page.locator("body[data-drawn=yes]").wait_for(state="attached")
            body, canvas = page.locator("body"), page.locator("#chart canvas")
            x, y = [float(await body.get_attribute(f"data-{axis}")) for axis in "xy"]
            await canvas.click(position={"x": x, "y": y})
            clicked = await body.get_attribute("data-clicked")
            await browser.close()
    finally:
        server.shutdown()
        server.server_close()
    assert complaints == []
    assert clicked == "77"
