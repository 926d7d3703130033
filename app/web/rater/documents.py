"""What the rating page's script receives: plain objects, with nothing on how a picture was made."""

from dataclasses import asdict
from typing import Any

from app.rating.progress import Progress
from app.rating.ratings import Receipt
from app.rating.views import View


def view_document(view: View, slug: str) -> dict[str, Any]:
    """One presentation and the address of its picture."""
    facts = asdict(view)
    public_id = str(facts.pop("public_id"))
    return {"id": public_id, "picture": f"/rate/{slug}/pictures/{public_id}"} | facts


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    """What was stored, and what the server wants to show next."""
    return {
        "presentation": str(receipt.presentation),
        "revision": receipt.revision,
        "scores": receipt.scores,
        "is_new": receipt.is_new,
        "progress": progress_document(receipt.progress),
        "next": receipt.next,
    }


def progress_document(progress: Progress) -> dict[str, Any]:
    """How far the sitting is."""
    return {
        "phase": progress.phase,
        "rated": progress.rated,
        "total": progress.total,
        "seconds_left": progress.seconds_left,
    }
