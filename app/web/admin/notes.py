"""After a deed the browser is sent on, and the next page says in one sentence what was done.

The sentence travels as a name and at most one number in the address, so that nobody can put
words of their own on our pages by sending somebody a link.
"""

from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse

# A sentence, or the sentences for one and for any other number.
NOTES: dict[str, str | tuple[str, str]] = {
    "study-created": "The study has been created as a draft. Next, choose its pictures.",
    "study-changed": "The changes are stored.",
    "study-open": "The study is open. Raters can join by its link.",
    "study-paused": "The study is paused. Nobody can rate until you open it again.",
    "study-closed": "The study is closed. No more ratings are taken.",
    "main-added": ("1 picture to rate was added.", "{n} pictures to rate were added."),
    "training-added": ("1 training picture was added.", "{n} training pictures were added."),
    "stimuli-removed": ("1 picture was taken out.", "{n} pictures were taken out."),
    "image-added": "The picture was added to the study.",
    "rater-excluded": "The rater is excluded. Their ratings no longer count.",
    "rater-readmitted": "The rater takes part again. Their ratings count.",
    "rejection-confirm": "The rejection is confirmed. It counts from the next analysis on.",
    "rejection-overrule": "The proposal is overruled. The rater counts from the next analysis on.",
    "decision-taken-back": "The decision is taken back. The next analysis follows the checks.",
    "run-asked-again": "The analysis is made again, with the decisions as they stand now.",
    "predictions-imported": ("1 prediction was imported.", "{n} predictions were imported."),
    "metric-removed": (
        "The metric was removed with 1 prediction.",
        "The metric was removed with {n} predictions.",
    ),
    "metrics-evaluated": "All metrics have been held against the scores.",
    "run-done": "The analysis is done and stored.",
    "run-discarded": "The run has been given up.",
    "plan-retried": (
        "1 failed picture will be tried again.",
        "{n} failed pictures will be tried again.",
    ),
}


def go_to(address: str, *, note: str | None = None, n: int | None = None) -> RedirectResponse:
    """Send the browser on after a deed, with what to say there."""
    said = {"note": note, "n": n}
    query = urlencode({key: value for key, value in said.items() if value is not None})
    return RedirectResponse(f"{address}?{query}" if query else address, status_code=303)


def find_note(request: Request) -> str | None:
    """The sentence that the address asks for, if it is one of ours."""
    note = NOTES.get(request.query_params.get("note", ""))
    if note is None or isinstance(note, str):
        return note
    n = request.query_params.get("n", "")
    if not n.isdecimal() or len(n) > 9:
        return None
    one, other = note
    return one if int(n) == 1 else other.replace("{n}", f"{int(n):,}")
