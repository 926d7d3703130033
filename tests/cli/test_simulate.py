"""``beholder simulate`` as somebody types it: which raters take part."""

import pytest
from typer.testing import CliRunner

from app.analysis.simulation import RaterKind
from app.cli import cli, simulate


class Planned(Exception):
    """Stops the command where the simulation would begin."""

    def __init__(self, panel) -> None:
        self.panel = panel


@pytest.fixture
def planned(settings, monkeypatch):
    """The panel that a command plans."""

    def stop(_settings, **how):
        raise Planned(how["panel"])

    monkeypatch.setattr(simulate, "get_settings", lambda: settings)
    monkeypatch.setattr(simulate, "configure_logging", lambda *_, **__: None)
    monkeypatch.setattr(simulate, "_simulate", stop)

    def type_it(*words: str):
        result = CliRunner().invoke(cli, ["simulate", "my-study", *words])
        assert isinstance(result.exception, Planned), result.output
        return result.exception.panel

    return type_it


@pytest.mark.parametrize("kind", [kind for kind in RaterKind if kind is not RaterKind.HONEST])
def test_every_kind_of_rater_can_be_planted(planned, kind):
    panel = planned("--raters", "5", f"--{kind}", "2")
    assert panel.raters == 5
    assert {one: count for one, count in panel.planted.items() if count} == {kind: 2}


def test_without_options_all_are_honest(planned):
    assert not any(planned().planted.values())
