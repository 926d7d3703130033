"""Metrics that the library ``pyiqa`` computes: the one place that needs it and torch.

Both are optional, large, and the weights of most metrics are fetched from the internet when a
metric is first opened.  Whatever of that fails is said in a sentence; nothing here stops a run.
``pyiqa``'s licence forbids commercial use.
"""

import contextlib
import importlib
import io
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from app.pool.metric_catalogue import MetricEntry
from worker.metrics.base import MetricUnavailable, PictureUnscorable, Pixels

NOT_INSTALLED = (
    "It needs the library pyiqa, which is not installed: `pip install 'beholder[metrics]'`."
)
LONGEST_REASON = 160


class PyiqaMetric:
    """A metric of the library on one device."""

    def __init__(self, entry: MetricEntry, device: str | None) -> None:
        self._torch, library = _load("torch"), _load("pyiqa")
        name = entry.pyiqa
        if name is None or name not in library.list_models():
            raise MetricUnavailable(f"This version of pyiqa does not compute {entry.title}.")
        self._device = self._find_device(device)
        self._needs_prompt = entry.needs_prompt
        self.version = f"pyiqa {version('pyiqa')}"
        self.settings: Mapping[str, Any] = {"name": name, **_options(name)}
        with _quiet():
            try:
                self._metric = library.create_metric(name, device=self._device)
            except Exception as error:
                raise MetricUnavailable(_sentence_of(error)) from error

    def predict(self, picture: Pixels, prompt: str) -> float:
        """What the library says of this picture, and of its prompt where that matters."""
        pixels = self._torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]
        more = {"caption_list": [prompt]} if self._needs_prompt else {}
        with _quiet():
            try:
                answer = self._metric(pixels.to(self._device).float() / 255, **more)
                return float(answer.squeeze())
            except Exception as error:
                raise PictureUnscorable(f"pyiqa failed: {_first_line(error)}") from error

    def _find_device(self, device: str | None) -> Any:
        cuda = self._torch.cuda.is_available()
        wanted = device or ("cuda" if cuda else "cpu")
        if wanted.startswith("cuda") and not cuda:
            raise MetricUnavailable("This machine has no CUDA device; try --device cpu.")
        try:
            return self._torch.device(wanted)
        except RuntimeError:
            raise MetricUnavailable(f"torch knows no device '{wanted}'.") from None


def _load(name: str) -> Any:
    try:
        version("pyiqa")
    except PackageNotFoundError:
        raise MetricUnavailable(NOT_INSTALLED) from None
    with _quiet():
        try:
            return importlib.import_module(name)
        except Exception as error:
            raise MetricUnavailable(f"{name} cannot be loaded: {_first_line(error)}") from error


def _options(name: str) -> Mapping[str, Any]:
    """How the library sets this metric up, as far as it can be written down."""
    configs = _load("pyiqa.default_model_configs").DEFAULT_CONFIGS
    options = configs[name]["metric_opts"]
    return {key: value for key, value in options.items() if isinstance(value, str | int | float)}


def _sentence_of(error: Exception) -> str:
    if isinstance(error, OSError):  # of which errors of the network are a kind
        return (
            "Its weights are not on this machine and could not be fetched"
            f" ({_first_line(error).rstrip('.')})."
        )
    return f"pyiqa could not set it up: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    """The error in one line with its kind, not too long."""
    line = (str(error).strip() or "no reason given").split("\n")[0]
    return f"{type(error).__name__}: {line[:LONGEST_REASON]}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the library prints and draws (downloads, its log) out of our own answer."""
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield
