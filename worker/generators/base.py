"""What any generator is: requests in; a picture with its provenance, or an error, out for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from PIL import Image


@dataclass(frozen=True)
class RenderSettings:
    """How to render.  None means the generator's own default; sides are in px."""

    guidance: float | None = None
    steps: int | None = None
    width: int | None = None
    height: int | None = None
    scheduler: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class RenderRequest:
    """One picture that is wanted; `generator` is a name in the catalogue."""

    prompt: str
    generator: str
    seed: int
    settings: RenderSettings = field(default_factory=RenderSettings)


@dataclass(frozen=True)
class Rendering:
    """One finished picture; `provenance` is JSON and holds the settings that were really used."""

    image: Image.Image
    provenance: dict[str, Any]


class GenerationError(Exception):
    """This picture could not be generated.

    `retryable` tells whether trying again may help (a busy service) or not (a refused setting).
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        self.message = message
        self.retryable = retryable
        super().__init__(message)


class Generator(Protocol):
    """Renders chunks of requests that share a generator and, for batching, a shape.

    `render` yields exactly one outcome per request, in order, as each is ready: what is wrong
    with one picture fails that picture alone.  It raises `GenerationError` only for what fails
    the whole chunk, such as a model that cannot be loaded.
    """

    def render(
        self, requests: Sequence[RenderRequest]
    ) -> Iterator[Rendering | GenerationError]: ...


def render_each(
    requests: Sequence[RenderRequest], render_one: Callable[[RenderRequest], Rendering]
) -> Iterator[Rendering | GenerationError]:
    """Render one by one, for generators without batches; a failed picture yields its error."""
    for request in requests:
        try:
            yield render_one(request)
        except GenerationError as error:
            yield error
