"""From a rater's keys to the released number: one study through the pages alone."""

import csv
import io
from collections.abc import Awaitable, Callable

import pytest
from factories import PASSWORD, make_account, make_protocol, make_study
from playwright.async_api import BrowserContext, Page, expect

from app.database.engine import SessionFactory
from app.database.tables.study import StudyState
from app.storage.blobs import BlobStore

NewContext = Callable[..., Awaitable[BrowserContext]]

# Keys of three raters for quality and alignment; every picture gets the same from each.
RATERS = ["1 q", "2 q ArrowRight ArrowRight", "4 t"]
PICTURES = 3


async def log_in(page: Page) -> None:
    await page.goto("/dashboard")
    await page.get_by_label("E-mail address").fill("owner@lab.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()


async def rate_everything(page: Page, keys: str) -> None:
    """A whole sitting: consent, instructions, pictures, thanks."""
    await page.goto("/rate/example")
    await page.get_by_role("button", name="take part").click()
    await page.get_by_role("button", name="Start").click()
    for number in range(1, PICTURES + 1):
        await expect(page.locator("[data-place]")).to_have_text(f"Picture {number} of {PICTURES}")
        await expect(page.locator(".stage.is-measured > .picture")).to_be_visible()
        for key in [*keys.split(), "Enter"]:
            await page.keyboard.press(key)
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


async def test_scores_given_in_a_browser_come_out_as_mos(
    new_context: NewContext, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_account(session, email="owner@lab.example")
        protocol = make_protocol(presentations=PICTURES)
        await make_study(
            session, blobs, stimuli=PICTURES, protocol=protocol, state=StudyState.DRAFT
        )
    owner = await (await new_context()).new_page()
    await log_in(owner)
    await owner.get_by_role("link", name="An example").first.click()
    await owner.get_by_role("button", name="Open").click()
    for keys in RATERS:
        await rate_everything(await (await new_context()).new_page(), keys)

    await owner.get_by_role("link", name="Results").click()
    await owner.get_by_role("button", name="Run the analysis").click()
    await expect(owner.get_by_text("3 of 3").first).to_be_visible()
    await expect(owner.locator("svg, canvas").first).to_be_visible()
    async with owner.expect_download() as download:
        await owner.get_by_role("link", name="Scores, CSV").click()
    table = list(csv.DictReader(io.StringIO(await _content(await download.value))))
    assert len(table) == PICTURES
    for row in table:
        # Quality 1, 2 and 4; alignment 1, 1.2 and 5.
        assert float(row["quality_mos"]) == pytest.approx(7 / 3, abs=1e-12)
        assert float(row["alignment_mos"]) == pytest.approx(7.2 / 3, abs=1e-12)
        assert row["quality_n"] == "3"
        assert float(row["quality_ci_low"]) < 7 / 3 < float(row["quality_ci_high"])


async def _content(download: object) -> str:
    path = await download.path()  # type: ignore[attr-defined]
    return path.read_text()
