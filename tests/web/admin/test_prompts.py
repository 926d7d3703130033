import httpx
import pytest
from dashboard import submit, text_of
from factories import make_prompt
from sqlalchemy import func, select

from app.database.engine import SessionFactory
from app.database.tables import Prompt

PAGE = "/dashboard/pool/prompts"


async def send(owner: httpx.AsyncClient, name: str, content: bytes) -> httpx.Response:
    return await submit(owner, PAGE, {}, files={"file": (name, content)})


async def count(sessions: SessionFactory) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(Prompt)) or 0


async def test_prompts_come_in_from_a_file(
    owner: httpx.AsyncClient, sessions: SessionFactory
) -> None:
    answer = await send(owner, "prompts.txt", b"a red fox\na blue whale\na red fox\n")
    assert answer.status_code == 200
    assert "3 prompts read: 2 new, 1 merged" in text_of(answer.text)
    assert await count(sessions) == 2
    page = await owner.get(f"{PAGE}?search=whale")
    assert "a blue whale" in page.text
    assert "a red fox" not in page.text


async def test_mistakes_are_listed_by_line_and_nothing_comes_in(
    owner: httpx.AsyncClient, sessions: SessionFactory
) -> None:
    answer = await send(owner, "prompts.jsonl", b'{"prompt": "a red fox"}\n{"prompt": }\n')
    assert answer.status_code == 422
    assert "line 2:" in answer.text
    assert await count(sessions) == 0


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("prompts.docx", b"x", "must end in .txt"),
        ("", b"", "Please choose a file first."),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused(
    owner: httpx.AsyncClient, name: str, content: bytes, sentence: str
) -> None:
    answer = await send(owner, name, content)
    assert answer.status_code == 422
    assert sentence in answer.text


async def test_the_list_goes_on_on_the_next_page(
    owner: httpx.AsyncClient, sessions: SessionFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.admin.prompts.PAGE_SIZE", 2)
    async with sessions.begin() as session:
        ids = [await make_prompt(session, f"prompt {letter}") for letter in "abc"]
    first = (await owner.get(PAGE)).text
    assert f"?after={ids[1]}" in first
    second = (await owner.get(f"{PAGE}?after={ids[1]}")).text
    assert "prompt c" in second
    assert "prompt b" not in second
