"""The commands that fill the pool, as a person types them."""

import asyncio
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from factories import picture_bytes
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.cli import cli, main
from app.database.engine import SessionFactory
from app.database.tables import GenerationItem, Image, Prompt
from app.settings import get_settings

Run = Callable[..., Awaitable[str]]

PLAN = """
name = "demo"
seed = 7
images_per_prompt = 2
[prompts]
texts = ["a red circle", "two blue squares", "Shakira drives"]
[[generators]]
name = "procedural-studio"
"""


@pytest.fixture
def run(
    database_url: str, sessions: SessionFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Runs `beholder …` on the test database and returns what it printed; status 0 expected."""
    monkeypatch.setenv("BEHOLDER_DATABASE_URL", database_url)
    monkeypatch.setenv("BEHOLDER_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("app.cli.pool.configure_logging", lambda settings, quiet: None)
    get_settings.cache_clear()

    async def run(*words: str | Path) -> str:
        arguments = [str(word) for word in words]
        done = await asyncio.to_thread(CliRunner().invoke, cli, arguments)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    yield run
    get_settings.cache_clear()


async def count(sessions: SessionFactory, table: type[Prompt | Image | GenerationItem]) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_prompts_are_imported_composed_and_listed(
    run: Run, sessions: SessionFactory, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a [red] dog\na cat\n")
    (tmp_path / "b.csv").write_text("prompt,tag\na cat,animals\nan owl,animals\n")
    said = await run("prompts", "import", tmp_path / "a.txt", tmp_path / "b.csv")
    assert "a.txt: 2 prompts read, 2 added, 0 merged." in said
    assert "b.csv: 2 prompts read, 1 added, 1 merged." in said
    assert "5 added" in await run("prompts", "compose", "--count", "5", "--seed", "1")
    listed = await run("prompts", "list", "--search", "dog")
    assert "a [red] dog" in listed
    assert "owl" not in listed


async def test_of_several_files_none_is_imported_when_one_is_bad(
    run: Run, sessions: SessionFactory, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a dog\n")
    (tmp_path / "b.txt").write_bytes(b"\xff\n")
    with pytest.raises(Exception, match="one mistake"):
        await run("prompts", "import", tmp_path / "a.txt", tmp_path / "b.txt")
    assert await count(sessions, Prompt) == 0


async def test_images_are_imported_after_a_dry_run(
    run: Run, sessions: SessionFactory, tmp_path: Path
) -> None:
    archive = tmp_path / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.png", picture_bytes())
    manifest = tmp_path / "m.csv"
    manifest.write_text("file,prompt,generator\na.png,a dog,SDXL\na.png,a cat,SDXL\n")
    said = await run("import", "images", archive, "--manifest", manifest, "--dry-run")
    assert "2 images of 1 generators in 1 picture files" in said
    assert "nothing was imported" in said
    assert await count(sessions, Image) == 0
    assert "2 images added" in await run("import", "images", archive, "--manifest", manifest)
    assert "2 merged" in await run("import", "images", archive, "--manifest", manifest)


async def test_a_plan_is_previewed_queued_and_watched(
    run: Run, sessions: SessionFactory, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    said = await run("generate", plan, "--preview")
    assert "6 pictures of 3 prompts" in said
    assert "1 of 3 prompts are outside the grammar" in said
    assert await count(sessions, GenerationItem) == 0
    assert "Plan 'demo' queued in 1 chunks." in await run("generate", plan)
    status = await run("generate", "status")
    assert status.split("\n")[1].split() == ["demo", "procedural-studio", "6", "0", "0"]
    assert "0 pictures will be tried again" in await run("generate", "retry", "demo")


def test_a_refusal_is_printed_line_by_line_with_status_1(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN.replace("seed = 7", "seed = -7"))
    monkeypatch.setattr("sys.argv", ["beholder", "generate", str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "seed: Input should be greater than or equal to 0." in capsys.readouterr().err
