"""``beholder analyse`` and ``beholder release`` as somebody types them."""

import asyncio
import json

import pytest
from panel import make_panel
from pydantic import SecretStr
from structlog.testing import capture_logs
from typer.testing import CliRunner

from app.cli import cli
from app.database.tables.rating import RaterStatus
from app.errors import AnalysisImpossible, Conflict, InvalidInput, NotFound


@pytest.fixture
async def panel(sessions, blobs):
    """Two lively raters, one who always answers the same, one excluded."""
    async with sessions.begin() as session:
        made = await make_panel(session, blobs, stimuli=24)
        lively = {s: (2 * i, 46 - 2 * i) for i, s in enumerate(made.stimuli)}
        for _ in range(2):
            await made.add_rater(lively)
        await made.add_rater(dict.fromkeys(made.stimuli, (25, 25)), code="bored[1]")
        await made.add_rater(lively, status=RaterStatus.EXCLUDED)
    return made


@pytest.fixture
def beholder(settings, database_url, monkeypatch):
    """Type a command; what it prints, or the error that its sentence comes from."""
    own = settings.model_copy(update={"database_url": SecretStr(database_url)})
    monkeypatch.setattr("app.cli.results.get_settings", lambda: own)
    monkeypatch.setattr("app.cli.results.configure_logging", lambda _, quiet: None)
    monkeypatch.setenv("COLUMNS", "160")

    async def type_it(*words: object) -> str:
        with capture_logs():
            result = await asyncio.to_thread(CliRunner().invoke, cli, [str(w) for w in words])
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return type_it


async def test_analyse_prints_who_was_rejected_and_why(beholder, panel):
    printed = await beholder("analyse", "example")
    (bored,) = [line for line in printed.splitlines() if "bored[1]" in line]
    assert "rejected" in bored
    assert "Gave the same score to all 24 stimuli" in bored
    for said in (
        "Ratings 72, raters 3: 2 kept, 1 rejected; stimuli with a score: 24 of 24.",
        "Left out: raters excluded 1 (24 ratings), withdrawn 0.",
        "model-a",
        "Alpha",
        "fingerprint",
    ):
        assert said in printed


async def test_analyse_as_json_is_one_document(beholder, panel, tmp_path):
    setup = tmp_path / "setup.json"
    setup.write_text(json.dumps({"rejecting": [], "level": 0.9}))
    report = json.loads(await beholder("analyse", "example", "--json", "--configuration", setup))
    again = json.loads(await beholder("analyse", "example", "--json", "--configuration", setup))
    assert report["run_id"] + 1 == again["run_id"]
    assert report["fingerprint"] == again["fingerprint"]
    assert report["summary"] == again["summary"]
    assert [rater["verdict"] for rater in report["raters"]] == ["kept"] * 3
    assert {mean["generator"] for mean in report["generators"]} == {"model-a", "model-b"}


@pytest.mark.parametrize("text", ['{"level": 7}', "{", '"banana"', "[]", "[" * 100_000])
async def test_a_wrong_configuration_file_is_refused(beholder, panel, tmp_path, text):
    setup = tmp_path / "setup.json"
    setup.write_text(text)
    with pytest.raises(InvalidInput):
        await beholder("analyse", "example", "--configuration", setup)


async def test_release_writes_the_newest_run(beholder, panel, tmp_path):
    folder = tmp_path / "out" / "release"
    with pytest.raises(AnalysisImpossible, match="no analysis run yet"):
        await beholder("release", "example", "--to", folder)
    await beholder("analyse", "example")
    printed = await beholder("release", "example", "--to", folder, "--images", "display")
    assert "24 pictures" in printed
    assert len(list((folder / "images").iterdir())) == 24
    assert (folder / "SHA256SUMS").exists()
    with pytest.raises(Conflict, match="exists already"):
        await beholder("release", "example", "--to", folder)


async def test_a_run_that_no_number_can_be_is_said(beholder, panel, tmp_path):
    with pytest.raises(NotFound, match="no analysis run with this number"):
        await beholder("release", "example", "--to", tmp_path / "out", "--run", 10**20 - 1)


async def test_an_unknown_study_is_said(beholder, sessions):
    with pytest.raises(NotFound):
        await beholder("analyse", "nowhere")
