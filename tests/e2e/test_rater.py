"""A rater in a real browser: by keyboard, by touch, without script, without a connection."""

import io
import math
from collections.abc import Awaitable, Callable, Sequence

import pytest
from factories import make_protocol, make_study, picture_bytes
from PIL import Image as PillowImage
from playwright.async_api import Browser, BrowserContext, FloatRect, Locator, Page, Request, expect
from rater_browser import token_of
from sqlalchemy import Row, select, update

from app.database.engine import SessionFactory
from app.database.tables import Image, Presentation, Prompt, Rating, Sitting
from app.storage.blobs import BlobStore
from app.storage.pictures import store_picture
from app.study.protocol import ACR_5, Protocol

Launch = Callable[..., Awaitable[Browser]]
NewContext = Callable[..., Awaitable[BrowserContext]]

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
FINGER_PX = 44


@pytest.fixture
def open_study(sessions: SessionFactory, blobs: BlobStore) -> Callable[..., Awaitable[None]]:
    """Opens the study “example”; a picture may be given that all its stimuli show."""

    async def open_it(protocol: Protocol | None = None, picture: bytes | None = None) -> None:
        async with sessions.begin() as session:
            await make_study(session, blobs, protocol=protocol or make_protocol(presentations=4))
            if picture is not None:
                facts = vars(store_picture(blobs, picture))
                await session.execute(update(Image).values(facts))

    return open_it


OpenStudy = Callable[..., Awaitable[None]]


async def begin(context: BrowserContext) -> Page:
    """Join and start without looking at the pages on the way; the first picture."""
    found = await context.request.get("/rate/example")
    form = {"csrf": token_of(await found.text()), "consent_version": "1", "source": "link"}
    await context.request.post("/rate/example/consent", form=form)
    await context.request.post("/rate/example/start", form=form)
    page = await context.new_page()
    await page.goto("/rate/example")
    return page


async def begin_with_script(context: BrowserContext) -> Page:
    """The same, and wait until the picture can be judged."""
    return await ready(await begin(context))


async def ready(page: Page) -> Page:
    """Wait until the script has put the picture in its place."""
    await expect(page.locator(".stage.is-measured > .picture")).to_be_visible()
    return page


def place(page: Page) -> Locator:
    return page.locator("[data-place]")


def field(page: Page, dimension: str) -> Locator:
    return page.locator(f"[name=score_{dimension}]")


async def press(page: Page, keys: str) -> None:
    for key in keys.split():
        await page.keyboard.press(key)


async def tab_to(page: Page, name: str) -> None:
    """Walk with the Tab key to the button of this name."""
    button = page.get_by_role("button", name=name)
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await button.evaluate("button => button === document.activeElement"):
            return
    pytest.fail(f"the keyboard does not reach “{name}”")


async def rows_in(sessions: SessionFactory) -> Sequence[Row[tuple[Rating, Presentation]]]:
    """All ratings with their presentations, in the order they were shown and corrected."""
    async with sessions() as session:
        found = await session.execute(
            select(Rating, Presentation)
            .join(Presentation, Presentation.id == Rating.presentation_id)
            .order_by(Presentation.position, Rating.revision)
        )
        return found.all()


async def levels_in(sessions: SessionFactory) -> list[list[int]]:
    return [rating.levels for rating, _ in await rows_in(sessions)]


async def box_of(locator: Locator) -> FloatRect:
    box = await locator.bounding_box()
    assert box is not None
    return box


# --- the whole way ---


async def test_a_whole_sitting_by_keyboard_alone(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study(make_protocol(presentations=4, training=1))
    page = await (await new_context(viewport=DESKTOP)).new_page()
    await page.goto("/rate/example")
    await tab_to(page, "take part")
    await page.keyboard.press("Enter")
    await tab_to(page, "Start")
    await page.keyboard.press("Enter")

    await expect(place(page)).to_have_text("Practice 1 of 1")
    await expect(page.locator("[data-note]")).to_have_text("not counted")
    await ready(page)
    await press(page, "3 ArrowRight ArrowRight r Enter")
    await expect(place(page)).to_have_text("Picture 1 of 4")
    await expect(page.get_by_text("Practice is over")).to_be_visible()
    await press(page, "0 p Enter")
    await expect(place(page)).to_have_text("Picture 2 of 4")
    await expect(page.get_by_text("Practice is over")).to_be_hidden()
    await press(page, "5 t ArrowLeft Enter")
    await expect(place(page)).to_have_text("Picture 3 of 4")
    await press(page, "Backspace")
    await expect(place(page)).to_have_text("Picture 2 of 4")
    await expect(field(page, "alignment")).to_have_value("4.9")
    await press(page, "w Enter")
    await expect(place(page)).to_have_text("Picture 3 of 4")
    await press(page, "1 q PageUp Enter")
    await expect(place(page)).to_have_text("Picture 4 of 4")
    await press(page, "2 Home e Enter")
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert await levels_in(sessions) == [[32, 40], [0, 0], [50, 49], [50, 20], [10, 15], [0, 30]]
    for rating, _ in await rows_in(sessions):
        assert rating.dwell_ms is not None
        assert 0 < rating.dwell_ms < 30_000
        assert (rating.shown_width_px, rating.shown_height_px) == (64, 64)
    async with sessions() as session:
        (environment,) = await session.scalars(select(Sitting.environment))
    assert environment["viewport_width_px"] == 1280
    assert environment["pixel_ratio"] == 1


async def test_a_whole_sitting_without_script(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study(make_protocol(presentations=2))
    context = await new_context(viewport=PHONE, java_script_enabled=False)
    page = await context.new_page()
    await page.goto("/rate/example")
    await page.get_by_role("button", name="take part").click()
    await page.get_by_role("button", name="Start").click()
    await field(page, "quality").fill("5.05")
    await field(page, "alignment").fill("2")
    await page.get_by_role("button", name="Next picture").click()
    await expect(page.get_by_text("5.05 is outside the scale")).to_be_visible()
    await expect(field(page, "quality")).to_have_value("5.05")
    await expect(field(page, "quality")).to_be_focused()
    await field(page, "quality").fill("4,5")
    await page.keyboard.press("Enter")
    await expect(place(page)).to_have_text("Picture 2 of 2")
    await page.get_by_role("link", name="Previous").click()
    await expect(field(page, "quality")).to_have_value("4.5")
    await field(page, "alignment").fill("3")
    await page.get_by_role("button", name="Save correction").click()
    await field(page, "quality").fill("1")
    await field(page, "alignment").fill("0")
    await page.get_by_role("button", name="Next picture").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert await levels_in(sessions) == [[45, 20], [45, 30], [10, 0]]


async def test_five_words_by_keyboard_and_by_touch(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study(make_protocol(scale=ACR_5, presentations=2))
    page = await begin_with_script(
        await new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    )
    await press(page, "4 q Enter")
    await expect(place(page)).to_have_text("Picture 2 of 2")
    await expect(page.locator("input:checked[type=radio]")).to_have_count(0)
    await page.get_by_role("group", name="Quality").get_by_role("radio", name="3 Fair").tap()
    await page.get_by_role("group", name="Alignment").get_by_role("radio", name="5 Exc").tap()
    await page.get_by_role("button", name="Next picture").tap()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert await levels_in(sessions) == [[3, 0], [2, 4]]


async def test_a_break_counts_down_and_then_lets_the_rater_go_on(
    new_context: NewContext, open_study: OpenStudy
) -> None:
    await open_study(make_protocol(break_every_minutes=0.0001, break_seconds=1))
    page = await begin(await new_context(viewport=DESKTOP))
    go_on = page.get_by_role("button", name="Go on")
    await expect(page.get_by_role("timer")).to_be_visible()
    assert not await go_on.is_visible()
    await expect(go_on).to_be_focused()


# --- answering ---


async def test_what_is_missing_is_said_and_nothing_is_sent(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study()
    page = await begin_with_script(await new_context(viewport=DESKTOP))
    slider = page.get_by_role("slider", name="Alignment")
    await expect(slider).to_have_attribute("aria-valuetext", "not rated yet")
    await press(page, "3 Enter")
    await expect(page.get_by_text("Please also rate alignment.")).to_be_visible()
    await expect(slider).to_be_focused()
    await press(page, "e")
    await expect(slider).to_have_attribute("aria-valuetext", "3.0, Good")
    await expect(page.get_by_text("Please also rate alignment.")).to_be_hidden()
    assert await levels_in(sessions) == []


async def test_keys_go_by_their_place_on_the_keyboard(
    new_context: NewContext, open_study: OpenStudy
) -> None:
    """On a French keyboard the place of Q types an a, and digits need the shift key."""
    await open_study()
    page = await begin_with_script(await new_context(viewport=DESKTOP))
    await page.evaluate(
        """() => {
            for (const [code, key] of [["Digit2", "é"], ["KeyQ", "a"]])
                document.body.dispatchEvent(
                    new KeyboardEvent("keydown", { code, key, bubbles: true }));
        }"""
    )
    await expect(field(page, "quality")).to_have_value("2.0")
    await expect(field(page, "alignment")).to_have_value("1.0")


async def test_single_keys_can_be_switched_off(
    new_context: NewContext, open_study: OpenStudy
) -> None:
    await open_study()
    page = await begin_with_script(await new_context(viewport=DESKTOP))
    await page.get_by_text("Menu").click()
    await page.get_by_label("Single-key shortcuts").uncheck()
    await press(page, "Escape 3")
    await expect(field(page, "quality")).to_have_value("")
    await page.reload()
    await ready(page)
    await press(page, "3")
    await expect(field(page, "quality")).to_have_value("")


async def test_a_scale_is_marked_where_it_is_touched(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study()
    page = await begin_with_script(
        await new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    )
    for dimension, share in (("quality", 0.5), ("alignment", 0.94)):
        rail = await box_of(page.locator(f"[data-scale={dimension}] .line-rail"))
        await page.touchscreen.tap(rail["x"] + share * rail["width"], rail["y"] + 5)
    await expect(field(page, "quality")).to_have_value("2.5")
    await expect(field(page, "alignment")).to_have_value("4.7")
    await page.get_by_role("button", name="Next picture").tap()
    await expect(place(page)).to_have_text("Picture 2 of 4")
    await expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
    assert await levels_in(sessions) == [[25, 47]]


async def test_two_tabs_count_once(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study()
    context = await new_context(viewport=DESKTOP)
    first = await begin_with_script(context)
    second = await context.new_page()
    await second.goto("/rate/example")
    await ready(second)
    await press(first, "1 q Enter")
    await expect(first.locator("[data-saved]")).to_have_text("Saved")
    await press(second, "5 t Enter")
    await expect(second.get_by_text("had been rated already")).to_be_visible()
    await expect(place(second)).to_have_text("Picture 2 of 4")
    assert await levels_in(sessions) == [[10, 10]]


# --- the connection ---


async def test_answers_given_offline_are_kept_and_sent_later(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study()
    context = await new_context(viewport=DESKTOP)
    page = await begin_with_script(context)
    await page.wait_for_load_state("networkidle")
    await context.set_offline(True)
    await press(page, "1 q Enter")
    await expect(place(page)).to_have_text("Picture 2 of 4")
    await press(page, "2 w Enter")
    await expect(place(page)).to_have_text("Picture 3 of 4")
    await expect(page.locator("[data-saved]")).to_have_text("Offline · 2 kept here")
    assert await levels_in(sessions) == []
    await context.set_offline(False)
    await expect(page.locator("[data-saved]")).to_have_text("Saved")
    assert await levels_in(sessions) == [[10, 10], [20, 20]]
    await press(page, "3 e Enter")
    await expect(place(page)).to_have_text("Picture 4 of 4")


async def test_answers_survive_a_closed_tab(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study()
    context = await new_context(viewport=DESKTOP)
    page = await begin_with_script(context)
    await page.wait_for_load_state("networkidle")
    await context.set_offline(True)
    await press(page, "4 r Enter")
    await expect(page.locator("[data-saved]")).to_have_text("Offline · 1 kept here")
    await page.close()
    await context.set_offline(False)
    page = await context.new_page()
    await page.goto("/rate/example")
    await expect(page.locator("[data-saved]")).to_have_text("Saved")
    await expect(place(page)).to_have_text("Picture 2 of 4")
    assert await levels_in(sessions) == [[40, 40]]


async def test_an_answer_that_is_refused_is_said_on_the_page_that_follows(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study()
    context = await new_context(viewport=DESKTOP)
    page = await begin_with_script(context)
    other = await context.new_page()
    await other.goto("/rate/example")
    await other.get_by_text("Menu").click()
    await other.get_by_role("button", name="Finish now").click()
    await expect(other.get_by_role("heading", name="Thank you")).to_be_visible()
    await press(page, "1 q Enter")
    await expect(page.get_by_role("alert")).to_contain_text("sitting is finished")
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert await levels_in(sessions) == []


async def test_the_next_picture_is_there_before_it_is_needed(
    new_context: NewContext, open_study: OpenStudy
) -> None:
    await open_study()
    context = await new_context(viewport=DESKTOP)
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/pictures/" in request.url:
            asked.append(request.url)

    context.on("request", note)
    page = await begin_with_script(context)
    await page.wait_for_load_state("networkidle")
    assert len(set(asked)) == 4  # the first answer has not been given yet
    await press(page, "1 q Enter")
    await expect(place(page)).to_have_text("Picture 2 of 4")
    shown = await page.locator(".stage > .picture").get_attribute("src")
    assert any(address.endswith(shown or "nothing") for address in asked)
    assert len(set(asked)) == 4


# --- what is on the screen ---


def noise(width: int, height: int) -> PillowImage.Image:
    """A picture in which every pixel differs from its neighbours."""
    return PillowImage.effect_noise((width, height), 120).convert("RGB")


def as_png(picture: PillowImage.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("ratio", [1.25, 2])
async def test_each_pixel_of_a_picture_that_fits_is_one_of_the_screen(
    launch: Launch, server_url: str, open_study: OpenStudy, ratio: float
) -> None:
    """On a screen of this density: an emulated one would only scale what was drawn for another."""
    original = noise(301, 200)
    await open_study(picture=as_png(original))
    browser = await launch(f"--force-device-scale-factor={ratio}", "--window-size=1400,1000")
    for has_script in (True, False):
        context = await browser.new_context(
            base_url=server_url, no_viewport=True, java_script_enabled=has_script
        )
        page = await begin(context)
        if has_script:
            await ready(page)
        picture = page.locator(".picture")
        await expect(picture).to_be_visible()
        screen = PillowImage.open(io.BytesIO(await page.screenshot())).convert("RGB")
        assert pixels_at(screen, await box_of(picture), ratio, original.size) == original.tobytes()
    await browser.close()


def pixels_at(
    screen: PillowImage.Image, box: FloatRect, ratio: float, size: tuple[int, int]
) -> bytes:
    """What the screen shows in a box, which must have this size in the screen's own pixels."""
    assert (round(box["width"] * ratio), round(box["height"] * ratio)) == size
    left, top = (math.floor(box[side] * ratio + 0.5) for side in ("x", "y"))
    return screen.crop((left, top, left + size[0], top + size[1])).tobytes()


async def test_a_picture_that_does_not_fit_is_shown_whole_and_can_be_magnified(
    new_context: NewContext, open_study: OpenStudy, sessions: SessionFactory
) -> None:
    await open_study(picture=as_png(PillowImage.new("RGB", (3000, 1500), "teal")))
    page = await begin_with_script(await new_context(viewport=DESKTOP))
    picture, stage = page.locator(".picture"), await box_of(page.locator(".stage"))
    whole = await box_of(picture)
    assert whole["width"] == pytest.approx(stage["width"], abs=1)
    assert whole["height"] == pytest.approx(whole["width"] / 2, abs=1)
    await press(page, "m")
    assert (await box_of(picture))["width"] == 3000
    assert await box_of(page.locator(".stage")) == stage
    await press(page, "m")
    assert await box_of(picture) == whole
    await press(page, "1 q Enter")
    await expect(page.locator("[data-saved]")).to_have_text("Saved")
    ((rating, _),) = await rows_in(sessions)
    assert rating.shown_width_px == round(whole["width"])


@pytest.mark.parametrize("window", [DESKTOP, PHONE, {"width": 360, "height": 640}])
async def test_nothing_moves_between_pictures_and_everything_is_in_view(
    new_context: NewContext,
    open_study: OpenStudy,
    sessions: SessionFactory,
    window: dict[str, int],
) -> None:
    await open_study(picture=picture_bytes(size=500))
    async with sessions.begin() as session:
        long_text = "a very long text " * 200
        prompts = list(await session.scalars(select(Prompt).order_by(Prompt.id)))
        for prompt in prompts[::2]:
            prompt.text = f"{long_text} {prompt.id}"
    is_phone = window is not DESKTOP
    page = await begin_with_script(
        await new_context(viewport=window, has_touch=is_phone, is_mobile=is_phone)
    )
    parts = page.locator(".bar, .stage, .prompt-text, .line, .move")
    boxes = []
    for number in range(2, 5):
        boxes.append([await box_of(part) for part in await parts.all()])
        await press(page, "1 q Enter")
        await expect(place(page)).to_have_text(f"Picture {number} of 4")
    assert boxes[0] == boxes[1] == boxes[2]
    for box in boxes[0]:
        assert box["x"] >= -1
        assert box["x"] + box["width"] <= window["width"] + 1
        assert box["y"] + box["height"] <= window["height"]
    for target in await page.locator(".line, .move, .bar-button").all():
        assert (await box_of(target))["height"] >= FINGER_PX
