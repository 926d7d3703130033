"""One simulated rater at work: consent, instructions, pictures, breaks, thanks; page by page."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from app.errors import BeholderError, Conflict
from app.rating.raters import SIMULATED
from app.rating.sitting_state import StepKind
from app.simulation.browser import Browser, Refused
from app.simulation.cookie_file import Identity
from app.simulation.errand import Errand
from app.simulation.forms import find_form
from app.simulation.judge import Judge, Opinion
from app.simulation.observations import Acknowledged, Ending
from app.simulation.panel import PanelMember

# What the start page's script would measure; a simulated rater has an ordinary desktop window.
WINDOW = {
    "viewport_width_px": "1280",
    "viewport_height_px": "800",
    "screen_width_px": "1920",
    "screen_height_px": "1080",
    "pixel_ratio": "1",
    "colour_depth": "24",
    "zoom": "1",
}
REST_AGAIN_S = 0.5
# An answer may be refused because a place was given back meanwhile; more often is a fault.
MOST_REFUSALS_IN_A_ROW = 3


@dataclass(frozen=True)
class Part:
    """The part one simulated rater took."""

    member: PanelMember
    code: str | None
    ending: Ending
    ratings: int
    problem: str | None = None


async def take_part(errand: Errand, member: PanelMember) -> Part:
    """Go through a study as one rater; whatever goes wrong ends this rater's part alone."""
    browser = Browser(
        errand.url,
        transport=errand.connect(),
        retries=errand.observations.retries,
        patience_s=errand.patience_s,
    )
    rater = _Rater(errand, member, browser)
    problem = None
    try:
        ending = await rater.take_part()
    except (BeholderError, httpx.HTTPError, SQLAlchemyError) as error:
        ending, problem = Ending.FAILED, str(error)
    finally:
        await browser.close()
    return Part(member, rater.judge.code, ending, rater.ratings, problem)


class _Rater:
    """The state of one rater's part."""

    def __init__(self, errand: Errand, member: PanelMember, browser: Browser) -> None:
        self.judge = Judge(errand, member)
        self.ratings = 0
        self._errand = errand
        self._member = member
        self._browser = browser
        self._home = f"/rate/{errand.slug}"
        self._rated: set[int] = set()

    async def take_part(self) -> Ending:
        """Do what each page asks for until there is nothing more to do."""
        self._recall()
        page = await self._browser.open(f"{self._home}?source={SIMULATED}")
        started, rated_before = 0, -1
        while True:
            if find_form(page, "/consent"):
                page = await self._browser.submit(page, "/consent")
                self._remember()
            elif find_form(page, "/break/end"):
                page = await self._rest(page)
            elif find_form(page, "/ratings"):
                if not await self._rate(page):
                    return Ending.DROPPED_OUT
                page = await self._browser.open(self._home)
            elif self._may_start(page, started) and self.ratings > rated_before:
                started, rated_before = started + 1, self.ratings
                page = await self._browser.submit(page, "/start", **WINDOW)
            else:
                return self._ending(page)

    def _may_start(self, page: str, started: int) -> bool:
        return started < self._errand.sittings and find_form(page, "/start") is not None

    def _ending(self, page: str) -> Ending:
        """How it ended, by the last page, which offers to withdraw only to who took part."""
        if f"{self._home}/withdraw" not in page:
            return Ending.TURNED_AWAY
        return Ending.FINISHED if self.judge.code else Ending.NOTHING_LEFT

    async def _rest(self, page: str) -> str:
        """Sit the break out."""
        if self._errand.pace_s:
            await asyncio.sleep(self._errand.protocol.sitting.break_seconds)
        try:
            return await self._browser.submit(page, "/break/end")
        except Refused as error:
            if error.status != Conflict.status:
                raise
            await asyncio.sleep(REST_AGAIN_S)
            return await self._browser.open(self._home)

    async def _rate(self, page: str) -> bool:
        """Rate picture after picture until another page is due; False means: gone, wordlessly.

        As the page's script does, it asks after each answer what comes next; unlike the script
        it fetches no picture ahead, so that the whole way to the next picture is measured.
        """
        form = find_form(page, "/ratings")
        token = form.fields["csrf"] if form else ""
        seen = self._errand.observations
        asked_at, refusals = time.perf_counter(), 0
        while views := await self._browser.ask(f"{self._home}/upcoming"):
            await self._browser.fetch(views[0]["picture"])
            seen.next_picture_s.append(time.perf_counter() - asked_at)
            try:
                receipt = await self._answer(views[0], token)
            except Refused as error:
                seen.refused[str(error)] += 1
                refusals += 1
                if refusals == MOST_REFUSALS_IN_A_ROW:
                    raise
                continue
            asked_at, refusals = time.perf_counter(), 0
            if self.ratings == self._member.stays_for:
                return False
            if receipt["next"] != StepKind.RATE:
                break
        return True

    async def _answer(self, view: dict[str, Any], token: str) -> dict[str, Any]:
        """Look at a picture, say what this rater thinks of it, and note the receipt."""
        protocol, presentation = self._errand.protocol, uuid.UUID(view["id"])
        opinion = await self.judge.judge(presentation)
        answer = {
            "csrf": token,
            "presentation": view["id"],
            "revision": "1",
            "dwell_ms": str(await self.judge.look(opinion.stimulus)),
            "shown_width_px": str(view["width"]),
            "shown_height_px": str(view["height"]),
        }
        for dimension, level in zip(protocol.dimensions, opinion.levels, strict=True):
            answer[f"score_{dimension.key}"] = str(protocol.scale.score_of(level))
        sent_at = time.perf_counter()
        receipt: dict[str, Any] = await self._browser.send(f"{self._home}/ratings", answer)
        self._errand.observations.submit_s.append(time.perf_counter() - sent_at)
        self._note(receipt, presentation, opinion)
        return receipt

    def _note(self, receipt: dict[str, Any], presentation: uuid.UUID, opinion: Opinion) -> None:
        """Count what the server acknowledged, which may differ from what was sent."""
        seen = self._errand.observations
        held = tuple(self._errand.protocol.levels_of(receipt["scores"]))
        seen.acknowledged.append(Acknowledged(presentation, held))
        seen.altered += held != opinion.levels
        seen.replayed += not receipt["is_new"]
        seen.repeats += opinion.stimulus in self._rated
        self._rated.add(opinion.stimulus)
        self.ratings += 1
        self._remember()

    def _recall(self) -> None:
        """Be the rater that this member was before an interruption."""
        kept = self._errand.cookie_file and self._errand.cookie_file.find(self._member.number)
        if kept:
            self.judge.code = kept.code
            self._browser.take_cookies(kept.cookies)

    def _remember(self) -> None:
        """Note who this member is; the file changes only with the first cookies and the code."""
        if self._errand.cookie_file is not None:
            identity = Identity(self._browser.cookies, self.judge.code)
            self._errand.cookie_file.keep(self._member.number, identity)
