"""``beholder study …`` as somebody types it."""

import asyncio
import json

import pytest
from factories import make_image
from pydantic import SecretStr
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.cli import cli
from app.database.tables import Stimulus, Study
from app.database.tables.study import StudyState
from app.errors import InvalidInput, ProtocolRefused, WrongStudyState
from app.study.studies import protocol_of
from app.study.templates import ACR_5, quality_and_alignment


@pytest.fixture
def beholder(settings, database_url, sessions, monkeypatch):
    """Type a command; what it prints, or the error that its sentence comes from."""
    own = settings.model_copy(update={"database_url": SecretStr(database_url)})
    monkeypatch.setattr("app.cli.transaction.get_settings", lambda: own)
    monkeypatch.setattr("app.cli.study.get_settings", lambda: own)
    monkeypatch.setenv("COLUMNS", "160")

    async def type_it(*words: object) -> str:
        typed = ["study", *map(str, words)]
        result = await asyncio.to_thread(CliRunner().invoke, cli, typed)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return type_it


async def find_study(sessions):
    async with sessions() as session:
        return await session.scalar(select(Study))


async def test_a_study_goes_from_a_draft_to_its_end(beholder, sessions, blobs):
    async with sessions.begin() as session:
        for number in range(8):
            await make_image(session, blobs, generator=f"model-{number % 2}")
    await beholder("create", "trial", "--title", "A [bold] trial", "--template", "acr-5")
    assert protocol_of(await find_study(sessions)).scale == ACR_5
    printed = await beholder("add", "trial", "--training", 3, "--generator", "model-0")
    assert "3 training pictures were added" in printed
    async with sessions() as session:
        query = select(Stimulus.kind, func.count()).group_by(Stimulus.kind)
        kinds = {kind.value: count for kind, count in await session.execute(query)}
    assert kinds["training"] == 3
    assert kinds["main"] >= 1, "pictures to rate are what training left over"
    assert "/rate/trial" in await beholder("open", "trial")
    assert "A [bold] trial" in await beholder("list")
    await beholder("pause", "trial")
    await beholder("open", "trial")
    await beholder("close", "trial")
    assert (await find_study(sessions)).state is StudyState.CLOSED
    with pytest.raises(WrongStudyState):
        await beholder("open", "trial")


async def test_a_protocol_of_one_s_own_is_taken_whole(beholder, sessions, tmp_path):
    own = quality_and_alignment(target_ratings=7)
    path = tmp_path / "protocol.json"
    path.write_text(own.model_dump_json())
    await beholder("create", "trial", "--title", "A trial", "--protocol", path)
    assert protocol_of(await find_study(sessions)) == own


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", InvalidInput),
        ("[]", InvalidInput),
        ("[" * 100_000, InvalidInput),
        (json.dumps({"dimensions": []}), ProtocolRefused),
    ],
)
async def test_a_protocol_that_is_none_is_refused(beholder, sessions, tmp_path, content, error):
    path = tmp_path / "protocol.json"
    path.write_text(content)
    with pytest.raises(error):
        await beholder("create", "trial", "--title", "A trial", "--protocol", path)
    assert await find_study(sessions) is None


async def test_a_target_that_is_too_high_is_said_in_a_sentence(beholder, sessions):
    with pytest.raises(ProtocolRefused) as refusal:
        await beholder("create", "trial", "--title", "A trial", "--target", 99_999)
    (problem,) = refusal.value.problems
    assert problem.where == "target_ratings"
    assert problem.sentence.startswith("At most ")
    assert await find_study(sessions) is None
