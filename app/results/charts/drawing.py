"""Drawing charts: in the browser by our own copy of Vega, and here as SVG, PNG or PDF.

Drawing in the browser works under our strict content security policy (no ``unsafe-eval``, no
inline style, nothing from another host); tried in Chromium without a single violation.  What
makes it work is in ``chart_bundle``:

* Vega evaluates expressions through its interpreter (``ast: true``), which the bundle contains,
  and never calls ``new Function``;
* neither vega-embed nor its tooltip writes a style element (``defaultStyle: false``,
  ``disableDefaultStyle``).  The page's own style sheet styles the tooltip,
  ``#vg-tooltip-element`` (with the class ``visible`` while it is shown; a table in it).

A page needs the bundle at an address of its own origin and an ES module of a few lines::

    import { drawChart } from "/charts/….js";
    const { view } = await drawChart(element, specification);
    view.addEventListener("click", (event, item) => {
      if (item?.datum?.image_id) location.assign(`/pool/${item.datum.image_id}`);
    });

Specifications are as wide as their container, so the element needs a width of its own.  Without
JavaScript, show ``render(specification, form=SVG)`` in an ``<img>``: there its inline styles do
not fall under the page's policy.  20,000 points take about a second to draw in the browser.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import vl_convert

from app.results.charts.specifications import Specification

EXPORT_WIDTH_PX = 720
PNG_SCALE = 2.0

_SNIPPET = """
const settings = {
  ast: true,
  actions: false,
  defaultStyle: false,
  renderer: "canvas",
  tooltip: { disableDefaultStyle: true },
};
const drawChart = (element, specification) => vegaEmbed(element, specification, settings);
export { drawChart };
"""


class ChartForm(StrEnum):
    """The forms in which a chart can be downloaded."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """The media type of a chart in this form."""
        types = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
        return types[self.value]


@dataclass(frozen=True)
class ChartBundle:
    """The browser's script; its digest belongs into its address, which may be cached for ever."""

    script: bytes
    digest: str


async def render(specification: Specification, *, form: ChartForm) -> bytes:
    """The chart as a file of this form, drawn in a thread."""
    fixed = _with_fixed_width(specification)
    return await asyncio.to_thread(_DRAW[form], fixed)


def _draw_svg(specification: Specification) -> bytes:
    return str(vl_convert.vegalite_to_svg(specification)).encode()


def _draw_png(specification: Specification) -> bytes:
    return bytes(vl_convert.vegalite_to_png(specification, scale=PNG_SCALE))


def _draw_pdf(specification: Specification) -> bytes:
    return bytes(vl_convert.vegalite_to_pdf(specification))


_DRAW = {ChartForm.SVG: _draw_svg, ChartForm.PNG: _draw_png, ChartForm.PDF: _draw_pdf}


async def load_chart_bundle() -> ChartBundle:
    """The browser's script, made once per process (about a second, in a thread)."""
    return await asyncio.to_thread(chart_bundle)


@cache
def chart_bundle() -> ChartBundle:
    """Vega, Vega-Lite and vega-embed as one ES module that exports ``drawChart``."""
    script = str(vl_convert.javascript_bundle(_SNIPPET)).encode()
    return ChartBundle(script=script, digest=hashlib.sha256(script).hexdigest()[:16])


def _with_fixed_width(specification: Specification) -> Specification:
    """A file has no container to take its width from."""
    if specification.get("width") == "container":
        return specification | {"width": EXPORT_WIDTH_PX}
    return specification
