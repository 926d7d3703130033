"""`beholder doctor`: what is wrong is said, what is good is not called wrong."""

import asyncio
from pathlib import Path

from factories import make_account, make_study
from pydantic import SecretStr
from sqlalchemy import text

from app.cli.doctor import Finding, examine
from app.settings import Settings


def wrong(findings: list[Finding]) -> list[str]:
    return [finding.sentence for finding in findings if finding.is_good is False]


async def findings_of(settings: Settings) -> list[Finding]:
    """The examination runs event loops of its own, so it gets a thread."""
    return await asyncio.to_thread(lambda: list(examine(settings)))


async def test_a_sound_set_up_has_nothing_wrong(settings, database_url, sessions, blobs) -> None:
    async with sessions.begin() as session:
        await make_account(session, email="owner@lab.example")
        await make_study(session, blobs)
    sound = settings.model_copy(update={"database_url": SecretStr(database_url)})
    assert wrong(await findings_of(sound)) == []


async def test_each_fault_has_its_sentence(settings, database_url, sessions, blobs) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=2)
        await session.execute(text("UPDATE stimulus SET usable_count = 7 WHERE id = 1"))
    for blob in settings.blob_folder.rglob("*"):
        if blob.is_file():
            blob.unlink()
    sick = settings.model_copy(update={"database_url": SecretStr(database_url)})
    sentences = " ".join(wrong(await findings_of(sick)))
    assert "There is no owner account" in sentences
    assert "2 of the newest 2 pictures are missing" in sentences
    assert "The counts of 1 stimuli differ" in sentences


async def test_a_server_that_does_not_answer_is_said(settings, tmp_path: Path) -> None:
    url = f"postgresql://nobody@/nothing?host={tmp_path}"
    lost = settings.model_copy(update={"database_url": SecretStr(url)})
    (sentence,) = wrong(await findings_of(lost))
    assert sentence.startswith("The database cannot be used")


async def test_a_data_folder_that_is_a_file_is_said(settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    lost = settings.model_copy(
        update={
            "data_folder": blocked,
            "database_url": SecretStr(f"postgresql://nobody@/nothing?host={tmp_path}"),
        }
    )
    assert "cannot be made" in wrong(await findings_of(lost))[0]
