"""``beholder plan-raters`` as somebody types it."""

import asyncio
import json

import pytest
from dashboard import make_rated_study, make_run
from pydantic import SecretStr
from typer.testing import CliRunner

from app.cli import cli
from app.errors import InvalidInput, NotFound


@pytest.fixture
def beholder(settings, database_url, monkeypatch):
    """Type a command; what it prints, or the error that its sentence comes from."""
    own = settings.model_copy(update={"database_url": SecretStr(database_url)})
    monkeypatch.setattr("app.cli.transaction.get_settings", lambda: own)
    monkeypatch.setenv("COLUMNS", "160")

    async def type_it(*words: object) -> str:
        typed = ["plan-raters", *map(str, words)]
        result = await asyncio.to_thread(CliRunner().invoke, cli, typed)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return type_it


async def test_without_anything_it_prints_the_usual_kinds_of_question(beholder):
    printed = await beholder()
    assert "for ±0.5" in printed
    (appeal,) = [line for line in printed.splitlines() if "Appeal" in line]
    assert " 28 " in appeal
    assert " 22 " in appeal
    assert "fewest ratings their next rater first" in printed


async def test_time_and_cost(beholder):
    printed = await beholder(
        "--question", "prompt-match", "--stimuli", 1000, "--seconds", 7.2, "--pay", 10
    )
    assert "31,000 ratings" in printed
    assert "about 62.0 hours of rating, at a cost of 620." in printed


async def test_json_is_one_document(beholder):
    plan = json.loads(await beholder("--a", 0.13, "--half-width", 0.5, "--json"))
    assert [row["raters_for_half_width"] for row in plan["questions"]] == [11]


async def test_another_scale(beholder):
    plan = json.loads(await beholder("--scale", 0, 100, "--a", 0.33, "--json"))
    assert (plan["half_width"], plan["questions"][0]["raters_for_half_width"]) == (12.5, 23)


@pytest.mark.parametrize(
    "words",
    [
        ("--half-width", "-1"),
        ("--reliability", "1.5"),
        ("--a", "7"),
        ("--single", "0"),
        ("--scale", "5", "1"),
        ("--mos", "9"),
        ("--stimuli", "0"),
        ("--half-width", "1e-9"),
        ("--study", "example", "--a", "0.3"),
    ],
)
async def test_what_makes_no_sense_is_refused(beholder, words):
    with pytest.raises(InvalidInput):
        await beholder(*words)


async def test_a_study_is_planned_with_what_it_measured(beholder, sessions, blobs):
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
    assert "Quality (assumed)" in await beholder("--study", "example")
    async with sessions.begin() as session:
        await make_run(session)
    printed = await beholder("--study", "example", "--seconds", 8, "--pay", 12)
    assert "Quality (assumed)" not in printed
    assert "measured by run 1" in printed
    plan = json.loads(await beholder("--study", "example", "--json"))
    assert plan["missing_to_target"] == 0
    assert [row["key"] for row in plan["dimensions"]] == ["quality", "alignment", "overall"]
    with pytest.raises(NotFound):
        await beholder("--study", "nowhere")
