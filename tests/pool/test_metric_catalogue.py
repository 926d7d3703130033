"""The catalogue of metrics: complete, consistent, and found under whatever name people write."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.pool.metric_catalogue import (
    Family,
    Measures,
    MetricEntry,
    find_metric_entry,
    load_metric_catalogue,
    metric_title,
)

# What a benchmark of generated pictures contains at least.
EXPECTED = {
    "NIQE": (Family.HANDCRAFTED, Measures.QUALITY, False),
    "BRISQUE": (Family.HANDCRAFTED, Measures.QUALITY, False),
    "PIQE": (Family.HANDCRAFTED, Measures.QUALITY, False),
    "CNNIQA": (Family.LEARNED, Measures.QUALITY, True),
    "DBCNN": (Family.LEARNED, Measures.QUALITY, True),
    "HyperIQA": (Family.LEARNED, Measures.QUALITY, True),
    "MUSIQ": (Family.LEARNED, Measures.QUALITY, True),
    "MANIQA": (Family.LEARNED, Measures.QUALITY, True),
    "CLIP-IQA": (Family.VISION_LANGUAGE, Measures.QUALITY, True),
    "LIQE": (Family.VISION_LANGUAGE, Measures.QUALITY, True),
    "Q-Align": (Family.VISION_LANGUAGE, Measures.QUALITY, True),
    "CLIPScore": (Family.VISION_LANGUAGE, Measures.ALIGNMENT, True),
    "BLIP": (Family.VISION_LANGUAGE, Measures.ALIGNMENT, True),
    "ImageReward": (Family.REWARD, Measures.PREFERENCE, True),
    "PickScore": (Family.REWARD, Measures.PREFERENCE, True),
    "HPS v2": (Family.REWARD, Measures.PREFERENCE, True),
}
# As `pyiqa` 0.1.16 lists them with `lower_better`; it does not compute the others.
PYIQA_LOWER = {"piqe", "niqe", "ilniqe", "brisque"}


@pytest.mark.parametrize("title", EXPECTED)
def test_the_metrics_of_benchmarks_are_described(title: str) -> None:
    entry = find_metric_entry(title)
    assert entry is not None
    assert entry.title == title
    assert (entry.family, entry.measures, entry.higher_is_better) == EXPECTED[title]


def test_every_entry_names_its_source() -> None:
    for entry in load_metric_catalogue().values():
        assert entry.source.endswith(f"{entry.venue}, {entry.year}.")
        assert entry.description.endswith(".")


def test_directions_agree_with_the_library_that_computes_them() -> None:
    computed = [entry for entry in load_metric_catalogue().values() if entry.pyiqa]
    assert len(computed) >= 20
    assert {e.pyiqa for e in computed if not e.higher_is_better} == PYIQA_LOWER


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("CLIP-IQA", "clipiqa"),
        ("clip_iqa", "clipiqa"),
        ("CLIPIQA+", "clipiqa-plus"),
        ("HPSv2", "hps-v2"),
        ("hps_v2", "hps-v2"),
        ("Image Reward", "imagereward"),
        ("Q-Align", "qalign"),
        (" brisque ", "brisque"),
    ],
)
def test_a_metric_is_found_under_the_names_that_people_write(written: str, key: str) -> None:
    entry = find_metric_entry(written)
    assert entry is not None
    assert entry.key == key


@pytest.mark.parametrize("written", ["", "my metric", "HPS v2.1", "niqe_matlab", "质量"])
def test_what_is_not_known_is_not_guessed(written: str) -> None:
    assert find_metric_entry(written) is None
    assert metric_title(written) == written


def _entry(**changed: object) -> dict[str, object]:
    return dict(load_metric_catalogue()["piqe"]) | changed


@pytest.mark.parametrize(
    "changed",
    [
        {"lowest": 1, "highest": 1},
        {"needs_weights": True},
        {"measures": "alignment"},
        {"code": "http://example.org"},
        {"colour": "red"},
        {"key": "PIQE"},
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MetricEntry.model_validate(_entry(**changed))


def test_two_entries_never_answer_to_one_name(tmp_path: Path) -> None:
    table = "\n".join(
        f'[[metric]]\nkey = "{key}"\ntitle = "Same-Name"\nfamily = "learned"\n'
        'measures = "quality"\nhigher_is_better = true\nneeds_prompt = false\n'
        'needs_weights = true\ndescription = "x"\ncode = "https://example.org"\n'
        'authors = "A"\npaper = "P"\nvenue = "V"\nyear = 2020\n'
        for key in ("one", "two")
    )
    (tmp_path / "metrics.toml").write_text(table)
    with pytest.raises(ValueError, match="samename"):
        load_metric_catalogue(tmp_path / "metrics.toml")
