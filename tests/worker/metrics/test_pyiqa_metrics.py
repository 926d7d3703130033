"""The adapter to ``pyiqa``, with stand-ins for the library and torch: neither is installed here.

What the stand-ins do was compared once with the real ones (pyiqa 0.1.16, torch 2.15): the names
of the calls, their arguments, and the errors that missing weights raise.
"""

import sys
import types
from importlib import metadata
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest

from app.pool.metric_catalogue import load_metric_catalogue
from worker.metrics import pyiqa_metrics
from worker.metrics.base import MetricUnavailable, PictureUnscorable
from worker.metrics.pyiqa_metrics import PyiqaMetric
from worker.metrics.registry import open_predictor

CATALOGUE = load_metric_catalogue()
PICTURE = np.full((20, 30, 3), 51, dtype=np.uint8)


class Tensor:
    """As much of a tensor as the adapter uses."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __getitem__(self, index: Any) -> "Tensor":
        return Tensor(self.values[index])

    def __truediv__(self, number: float) -> "Tensor":
        return Tensor(self.values / number)

    def __float__(self) -> float:
        return float(self.values)

    def to(self, device: str) -> "Tensor":
        return self

    def float(self) -> "Tensor":
        return Tensor(self.values.astype(np.float32))

    def squeeze(self) -> "Tensor":
        return Tensor(self.values.squeeze())


class Library(types.ModuleType):
    """``pyiqa`` with two metrics, and what it was asked for."""

    def __init__(self) -> None:
        super().__init__("pyiqa")
        self.asked: list[Any] = []
        self.opening: Exception | None = None
        self.judging: Exception | None = None

    def list_models(self) -> list[str]:
        return ["musiq", "clipscore"]

    def create_metric(self, name: str, device: str) -> Any:
        sys.stdout.write("Downloading …")
        self.asked.append((name, device))
        if self.opening:
            raise self.opening

        def judge(pixels: Tensor, **more: Any) -> Tensor:
            if self.judging:
                raise self.judging
            self.asked.append((pixels.values.shape, float(pixels.values.max()), more))
            return Tensor([[pixels.values.mean()]])

        return judge


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """Both libraries as if they were installed."""
    found = Library()

    def device(name: str) -> str:
        if name not in {"cpu", "cuda"}:
            raise RuntimeError(name)
        return name

    torch: Any = types.ModuleType("torch")
    torch.from_numpy, torch.device = Tensor, device
    torch.cuda = types.SimpleNamespace(is_available=lambda: False)
    configs: Any = types.ModuleType("pyiqa.default_model_configs")
    configs.DEFAULT_CONFIGS = {
        "musiq": {"metric_opts": {"type": "MUSIQ", "pretrained": "koniq10k"}},
        "clipscore": {"metric_opts": {"type": "CLIPScore", "not": object()}},
    }
    modules = {"pyiqa": found, "torch": torch, "pyiqa.default_model_configs": configs}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(pyiqa_metrics, "version", lambda name: "0.1.16")
    return found


def test_a_metric_judges_pixels_between_0_and_1(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    metric = PyiqaMetric(CATALOGUE["musiq"], None)
    assert metric.predict(PICTURE, "a fox") == pytest.approx(0.2)
    assert metric.version == "pyiqa 0.1.16"
    assert metric.settings == {"name": "musiq", "type": "MUSIQ", "pretrained": "koniq10k"}
    assert library.asked == [("musiq", "cpu"), ((1, 3, 20, 30), pytest.approx(0.2), {})]
    assert capsys.readouterr().out == ""


def test_a_metric_of_alignment_gets_the_prompt(library: Library) -> None:
    metric = open_predictor(CATALOGUE["clipscore"], device="cpu")
    metric.predict(PICTURE, "a fox")
    assert library.asked[-1][2] == {"caption_list": ["a fox"]}
    assert metric.settings == {"name": "clipscore", "type": "CLIPScore"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (URLError("no name"), "Its weights are not on this machine and could not be fetched"),
        (ConnectionError("reset"), "could not be fetched (ConnectionError: reset)."),
        (ModuleNotFoundError("No module named 'x'"), "pyiqa could not set it up"),
        (RuntimeError("out of memory\nlong story"), "RuntimeError: out of memory"),
    ],
)
def test_what_cannot_be_opened_has_a_reason(library: Library, error: Exception, said: str) -> None:
    library.opening = error
    with pytest.raises(MetricUnavailable) as unavailable:
        PyiqaMetric(CATALOGUE["musiq"], None)
    assert said in str(unavailable.value)
    assert "\n" not in str(unavailable.value)


def test_a_picture_that_it_cannot_judge_has_a_reason(library: Library) -> None:
    metric = PyiqaMetric(CATALOGUE["musiq"], None)
    library.judging = AssertionError("too small")
    with pytest.raises(PictureUnscorable, match="pyiqa failed: AssertionError: too small"):
        metric.predict(PICTURE, "")


@pytest.mark.parametrize(
    ("device", "said"),
    [("cuda", "no CUDA device"), ("cuda:1", "no CUDA device"), ("banana", "no device 'banana'")],
)
def test_a_device_that_is_not_there_is_a_reason(library: Library, device: str, said: str) -> None:
    with pytest.raises(MetricUnavailable, match=said):
        PyiqaMetric(CATALOGUE["musiq"], device)


def test_a_metric_that_this_version_lacks_is_a_reason(library: Library) -> None:
    with pytest.raises(MetricUnavailable, match="does not compute NIQE"):
        PyiqaMetric(CATALOGUE["niqe"], None)


def test_without_the_library_the_reason_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(pyiqa_metrics, "version", missing)
    with pytest.raises(MetricUnavailable, match=r"pip install 'beholder\[metrics\]'"):
        open_predictor(CATALOGUE["musiq"])


def test_what_no_library_computes_leads_to_its_authors() -> None:
    with pytest.raises(MetricUnavailable, match="THUDM/ImageReward"):
        open_predictor(CATALOGUE["imagereward"])


def test_our_own_formula_goes_before_the_library_s() -> None:
    metric = open_predictor(CATALOGUE["piqe"])
    assert metric.version == "beholder piqe@1"
    assert metric.predict(PICTURE, "") == 100.0
