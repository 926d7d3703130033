"""Reliability of the panel, number by number with what each says."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.web.admin.layout import draw
from app.web.admin.results_frame import section_frame
from app.web.ids import QueryId
from app.web.state import SessionDep

router = APIRouter()

# In the order in which to show them: name in the stored document, and what people call it.
COEFFICIENTS = {
    "alpha": "Krippendorff’s α",
    "icc_single": "ICC of one rater",
    "icc_average": "ICC of the panel’s mean",
    "components": "Variance components",
    "split_half_srcc": "Split-half, rank correlation",
    "split_half_plcc": "Split-half, linear correlation",
    "ceiling_srcc": "Noise ceiling, SRCC",
    "ceiling_plcc": "Noise ceiling, PLCC",
}

CORRELATIONS = {
    "mos_srcc": ("Of the MOS, rank correlation", "scores/mos"),
    "mos_plcc": ("Of the MOS, linear correlation", "scores/mos"),
    "within_rater": ("Of the raters’ deviations (halo)", "reliability/halo-within-rater"),
    "disattenuated": ("Corrected for unreliability", "reliability/disattenuated-correlation"),
    "across_halves": (
        "Corrected, across different raters",
        "reliability/disattenuated-across-halves",
    ),
}


@router.get("/dashboard/studies/{slug}/results/reliability")
async def show_reliability(
    request: Request, slug: str, session: SessionDep, run: QueryId = None
) -> Response:
    """How far the raters agree, and how far another panel would give the same scores."""
    frame = await section_frame(session, slug=slug, run_id=run, section="reliability")
    pairs = (frame["section"] or {}).get("pairs", ())
    context = frame | {
        "coefficients": COEFFICIENTS,
        "pairs": [list(_correlations(item["pair"])) for item in pairs],
    }
    return draw(request, "reliability.html", context)


def _correlations(pair: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The correlations between two dimensions: label, value, bounds if any, method."""
    for key, (label, method) in CORRELATIONS.items():
        yield {
            "label": label,
            "method": method,
            "value": pair[key],
            "low": pair.get(f"{key}_low"),
            "high": pair.get(f"{key}_high"),
        }
