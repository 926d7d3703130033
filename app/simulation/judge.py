"""One simulated rater's mind: what they think of each picture, and how long they look at it."""

import asyncio
import uuid
from dataclasses import dataclass

from app.errors import Conflict
from app.results.ratings.loading import scale_of
from app.simulation.errand import Errand
from app.simulation.panel import MEDIAN_DWELL_MS, PanelMember, draw_dwell_ms, draw_opinions
from app.simulation.patience import ask_patiently
from app.simulation.truth import find_sitting

HONEST_DWELL_MS = max(MEDIAN_DWELL_MS.values())


@dataclass(frozen=True)
class Opinion:
    """What one rater thinks of a stimulus: a level for each dimension."""

    stimulus: int
    levels: tuple[int, ...]


class Judge:
    """Opinions of all stimuli, drawn beforehand; ``code`` is known from the first picture on."""

    def __init__(self, errand: Errand, member: PanelMember) -> None:
        self.code: str | None = None
        self._errand = errand
        truth, scale = errand.truth, scale_of(errand.protocol.scale)
        self._opinions = draw_opinions(member, truth.scores, scale, seed=errand.seed)
        self._dwell_ms = draw_dwell_ms(member, len(truth.row), seed=errand.seed)
        self._stimuli: dict[uuid.UUID, int] = {}

    async def judge(self, presentation: uuid.UUID) -> Opinion:
        """The opinion of what a presentation shows, which only the database knows."""
        if presentation not in self._stimuli:
            await self._look_up(presentation)
        stimulus = self._stimuli[presentation]
        row = self._errand.truth.row.get(stimulus)
        if row is None:
            raise Conflict("The study was given new pictures during the simulation.")
        return Opinion(stimulus, tuple(self._opinions[row].tolist()))

    async def look(self, stimulus: int) -> int:
        """How long this rater looks, in ms; really waits where the simulation has a pace."""
        drawn_ms = int(self._dwell_ms[self._errand.truth.row[stimulus]])
        if not self._errand.pace_s:
            return drawn_ms
        wait_s = self._errand.pace_s * drawn_ms / HONEST_DWELL_MS
        await asyncio.sleep(wait_s)
        return round(wait_s * 1000)

    async def _look_up(self, presentation: uuid.UUID) -> None:
        """Learn the stimuli behind all presentations of this one's sitting."""
        found = await ask_patiently(
            self._errand.sessions,
            lambda session: find_sitting(session, presentation_id=presentation),
            patience_s=self._errand.patience_s,
        )
        if found is None:
            raise Conflict("The server shows pictures that are not in this database.")
        self.code = found.code
        self._stimuli.update(found.stimuli)
