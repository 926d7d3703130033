"""What the command line says instead of a traceback."""

import pytest

from app import cli
from app.settings import get_settings


@pytest.fixture(autouse=True)
def read_settings_anew():
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def run_main(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["beholder", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.mark.parametrize("url", ["garbage", "postgresql://host:port/name", "mysql://host/name"])
@pytest.mark.parametrize(
    "words", [("study", "list"), ("account", "list"), ("migrate",), ("doctor",)]
)
def test_an_address_that_names_no_database_is_said(monkeypatch, capsys, url, words):
    monkeypatch.setenv("BEHOLDER_DATABASE_URL", url)
    assert run_main(monkeypatch, *words) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "BEHOLDER_DATABASE_URL: This must have the form postgresql://" in said
    assert url not in said


@pytest.mark.parametrize("words", [("study", "list"), ("migrate",)])
def test_an_option_the_driver_does_not_know_is_said(monkeypatch, capsys, words):
    monkeypatch.setenv("BEHOLDER_DATABASE_URL", "postgresql:///name?colour=green")
    assert run_main(monkeypatch, *words) == 1
    said = capsys.readouterr().err
    assert "cannot be reached" in said
    assert "colour" in said
