"""The procedural generators: from a request to a picture that knows its true losses."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from random import Random
from typing import Any

import numpy as np
from PIL import Image

from app.pool.catalogue import Backend, CatalogueEntry, UnknownGenerator, get_generator
from app.pool.composition import Composition, GrammarError
from app.pool.grammar import compose, parse
from worker.generators.base import GenerationError, Rendering, RenderRequest, render_each
from worker.generators.procedural.degradations import degraded, quality_loss
from worker.generators.procedural.fields import Picture
from worker.generators.procedural.judgement import OUTSIDE_THE_GRAMMAR, Alignment, alignment_of
from worker.generators.procedural.layout import laid_out
from worker.generators.procedural.misreading import read
from worker.generators.procedural.painting import Brush, developed, painted
from worker.generators.procedural.settings import settled
from worker.generators.procedural.tendencies import errors_of, flaws_of, push_of
from worker.generators.procedural.variants import STRENGTHS, Flaws


class ProceduralGenerator:
    """Draws compositional prompts on the CPU; each picture takes a fraction of a second.

    The same request gives the same picture.  The same prompt and seed keep layout and noise when
    steps or guidance change.  A prompt outside the grammar gets a composition derived from its
    hash, which the provenance says: `understood` is false and the alignment loss 1.
    """

    def render(self, requests: Sequence[RenderRequest]) -> Iterator[Rendering | GenerationError]:
        """Yield one outcome per request, in order; a refused request fails itself alone."""
        return render_each(requests, render_one)


def render_one(request: RenderRequest) -> Rendering:
    """Render one request; raise `GenerationError` for an unknown name or a refused setting.

    1. Understand the prompt and settle the settings.
    2. Draw by lot, from named streams, this picture's flaws and mistakes.
    3. Lay out what was read, paint it and put the flaws on.
    4. Judge the scene against the prompt and record everything.
    """
    entry = _entry(request.generator)
    settings = settled(entry, request.settings)
    composition, understood = understanding_of(request.prompt)
    said = composition.phrase() if understood else request.prompt
    streams = _Streams(f"{entry.name}\n{request.seed}\n{said}")

    strength, push = STRENGTHS[entry.name], push_of(entry, settings)
    flaws = flaws_of(strength, push, streams.of("luck"))
    reading = read(composition, errors_of(strength, push), streams.of("reading"))

    scene = laid_out(reading, settings.width, settings.height, streams.of("layout"))
    light = painted(scene, streams.of("paint"), Brush(flaws.flatness, flaws.warp))
    picture = degraded(developed(light), flaws, streams.of("noise"))

    alignment = alignment_of(scene, composition) if understood else OUTSIDE_THE_GRAMMAR
    provenance = {
        "generator": entry.name,
        "revision": entry.revision,
        "procedural": True,
        "seed": request.seed,
        "settings": settings.as_json(),
        "understood": understood,
        "composition": composition.phrase(),
        "background": str(scene.background),
        "objects": [item.as_json() for item in scene.objects],
        "truth": _truth(flaws, alignment),
    }
    return Rendering(_image(picture), provenance)


def understanding_of(prompt: str) -> tuple[Composition, bool]:
    """Return what a prompt says, or a composition fixed by its hash and False."""
    try:
        return parse(prompt), True
    except GrammarError:
        return compose(Random(sha256(prompt.encode()).hexdigest())), False


class _Streams:
    """Independent streams of random numbers, so that one use of luck never shifts another."""

    def __init__(self, identity: str) -> None:
        self.identity = identity

    def of(self, purpose: str) -> np.random.Generator:
        digest = sha256(f"{purpose}\n{self.identity}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest))


def _entry(name: str) -> CatalogueEntry:
    try:
        entry = get_generator(name)
    except UnknownGenerator as error:
        raise GenerationError(error.message) from error
    if entry.backend is not Backend.PROCEDURAL:
        raise GenerationError(f"{name} is not a procedural generator.")
    return entry


def _truth(flaws: Flaws, alignment: Alignment) -> dict[str, Any]:
    """Say what is really wrong with the picture; losses and components lie in [0, 1]."""
    return {
        "quality_loss": round(quality_loss(flaws), 4),
        "alignment_loss": round(alignment.loss, 4),
        "faults": list(alignment.faults),
        "quality": {name: round(value, 4) for name, value in asdict(flaws).items()},
    }


def _image(picture: Picture) -> Image.Image:
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
