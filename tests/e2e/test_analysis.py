"""An analysis in a real browser: asked for, watched, read, compared with another."""

import time
from collections.abc import Awaitable, Callable

import pytest
from dashboard import make_rated_study
from factories import PASSWORD, make_account
from playwright.async_api import BrowserContext, Page, expect

from app.database.engine import SessionFactory
from app.results.runs import parts
from app.results.runs.progress import Step
from app.storage.blobs import BlobStore

NewContext = Callable[..., Awaitable[BrowserContext]]
RESULTS = "/dashboard/studies/example/results"


@pytest.fixture
async def owner(new_context: NewContext, sessions: SessionFactory, blobs: BlobStore) -> Page:
    """An owner's browser, and a study that has been rated."""
    async with sessions.begin() as session:
        await make_account(session, email="owner@lab.example")
        await make_rated_study(session, blobs)
    page = await (await new_context()).new_page()
    await page.goto("/dashboard")
    await page.get_by_label("E-mail address").fill("owner@lab.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    return page


async def test_an_analysis_is_watched_and_compared_with_another(
    owner: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = _slowed_down(monkeypatch)
    await owner.goto(RESULTS)
    await owner.get_by_role("button", name="Run the analysis").click()
    # It takes longer than the form waits for, so its page shows the steps, one after the other.
    await expect(owner.get_by_text("Measuring how reliable the panel is")).to_be_visible()
    await expect(owner.get_by_text("3 of 6")).to_be_visible()
    await owner.goto("/dashboard")
    await owner.goto(f"{RESULTS}/runs")
    await expect(owner.get_by_text("running")).to_be_visible()
    await owner.get_by_role("link", name="Run 1").click()
    slow.clear()
    await expect(owner.get_by_text("The analysis is done and stored.")).to_be_visible()
    await expect(owner.locator("svg, canvas").first).to_be_visible()

    await owner.get_by_role("link", name="Reliability").click()
    await expect(owner.get_by_text("Krippendorff’s α").first).to_be_visible()
    await owner.get_by_role("link", name="Krippendorff’s α").first.click()
    await expect(owner).to_have_url("/dashboard/methods#reliability/krippendorff-alpha-interval")

    await owner.goto(f"{RESULTS}/runs")
    await owner.get_by_text("Run another analysis").click()
    for name in ("Agreement", "Variation", "Control", "Pace"):
        await owner.get_by_role("checkbox", name=name).first.uncheck()
    await owner.get_by_role("button", name="Run the analysis").click()
    await expect(owner.get_by_text("4 of 4")).to_be_visible()
    await owner.goto(f"{RESULTS}/runs")
    await owner.get_by_role("button", name="Compare the two").click()
    await expect(owner.get_by_role("link", name="SAME22")).to_be_visible()
    await expect(owner.get_by_role("heading", name="Largest changes of MOS").first).to_be_visible()
    await expect(owner.locator("svg, canvas").first).to_be_visible()


def _slowed_down(monkeypatch: pytest.MonkeyPatch) -> set[Step]:
    """Let the steps in the set returned last until they are taken out of it."""
    waiting = {Step.RELIABILITY}
    original = parts.panel_reliability

    def slowly(*args: object, **kwargs: object) -> object:
        while waiting:
            time.sleep(0.02)
        return original(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(parts, "panel_reliability", slowly)
    return waiting
