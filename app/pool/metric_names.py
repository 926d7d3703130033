"""The metrics that a file of predictions names: which they are, and which way each points."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.pool.metric_catalogue import MetricEntry, find_metric_entry
from app.pool.prompt_text import clean, storing_objection
from app.pool.records import Mistakes

LONGEST_NAME = 100
MOST_METRICS = 200
DIRECTION_UNKNOWN = (
    "“{name}” is not a known metric, so please say whether higher or lower values are better, or"
    " leave it out."
)


@dataclass(frozen=True)
class ImportOptions:
    """What a file of predictions cannot say by itself.

    ``version`` and ``settings`` hold for all its metrics; ``lower``, ``higher`` and ``ignored``
    name metrics (or columns) as the file does.
    """

    version: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    lower: tuple[str, ...] = ()
    higher: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    replace: bool = False


@dataclass(frozen=True)
class NamedMetric:
    """A metric of a file: its name there, and what it is here."""

    name: str
    key: str
    higher_is_better: bool
    entry: MetricEntry | None


class MetricNames:
    """The metrics that were named so far, numbered in their order."""

    def __init__(self, options: ImportOptions, mistakes: Mistakes) -> None:
        self.metrics: list[NamedMetric] = []
        self._mistakes = mistakes
        self._ignored = _plain(options.ignored)
        self._lower, self._higher = _plain(options.lower), _plain(options.higher)
        self._numbers: dict[str, int | None] = {}

    def number_of(self, name: str, said: bool | None, line: int) -> int | None:
        """The number of this metric; None for one that is left out or cannot be used.

        ``said`` is the direction that the line itself gives.
        """
        plain = clean(name).lower()
        if plain not in self._numbers:
            self._numbers[plain] = self._add(clean(name), plain, said, line)
        number = self._numbers[plain]
        if number is not None and said not in (None, self.metrics[number].higher_is_better):
            self._mistakes.add(line, f"The direction of “{name}” is not the one given before.")
        return number

    def note_unused_options(self) -> None:
        """Options that name what the file does not contain are slips of the pen."""
        for name in sorted((self._lower | self._higher | self._ignored) - set(self._numbers)):
            self._mistakes.add(1, f"The options name “{name}”, which is not in the file.")
        for name in sorted(self._lower & self._higher):
            self._mistakes.add(1, f"The options say both directions of “{name}”.")

    def _add(self, name: str, plain: str, said: bool | None, line: int) -> int | None:
        if plain in self._ignored:
            return None
        entry = find_metric_entry(name)
        metric_key = entry.key if entry else name
        higher = self._direction(plain, said, entry)
        same = next((metric for metric in self.metrics if metric.key == metric_key), None)
        if len(name) > LONGEST_NAME or storing_objection(name):
            objection = f"A metric's name is a text of at most {LONGEST_NAME} characters."
        elif same is not None:
            objection = f"“{same.name}” and “{name}” are the same metric."
        elif len(self.metrics) == MOST_METRICS:
            objection = f"One file can hold {MOST_METRICS} metrics at most."
        elif higher is None:
            objection = DIRECTION_UNKNOWN.format(name=name)
        else:
            self.metrics.append(NamedMetric(name, metric_key, higher, entry))
            return len(self.metrics) - 1
        self._mistakes.add(line, objection)
        return None

    def _direction(self, plain: str, said: bool | None, entry: MetricEntry | None) -> bool | None:
        """The options' word goes before the file's, and the file's before the catalogue's."""
        if plain in self._lower | self._higher:
            return plain in self._higher
        if said is not None:
            return said
        return entry.higher_is_better if entry else None


def _plain(names: Iterable[str]) -> set[str]:
    return {clean(name).lower() for name in names}
