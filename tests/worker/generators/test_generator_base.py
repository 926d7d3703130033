"""One bad request fails itself, not its chunk."""

from PIL import Image

from worker.generators.base import (
    GenerationError,
    Rendering,
    RenderRequest,
    RenderSettings,
    render_each,
)


def _render_even(request: RenderRequest) -> Rendering:
    if request.seed % 2:
        raise GenerationError("Odd.", retryable=True)
    return Rendering(Image.new("RGB", (8, 8)), {"seed": request.seed})


def test_every_request_gets_its_own_outcome_in_order() -> None:
    requests = [RenderRequest("a star", "any", seed) for seed in range(4)]
    outcomes = list(render_each(requests, _render_even))
    assert [type(outcome) for outcome in outcomes] == [Rendering, GenerationError] * 2
    assert isinstance(outcomes[2], Rendering)
    assert outcomes[2].provenance == {"seed": 2}
    assert isinstance(outcomes[3], GenerationError)
    assert outcomes[3].message == "Odd."
    assert outcomes[3].retryable


def test_rendering_is_lazy() -> None:
    first = next(
        render_each([RenderRequest("a star", "any", seed) for seed in (0, 1)], _render_even)
    )
    assert isinstance(first, Rendering)


def test_settings_are_json() -> None:
    assert RenderSettings(steps=3, extra={"eta": 0.1}).as_json() == {
        "guidance": None,
        "steps": 3,
        "width": None,
        "height": None,
        "scheduler": None,
        "extra": {"eta": 0.1},
    }
