"""Pictures: what is accepted, what is refused and why, and that renditions hold pixels only."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from app.errors import ImageRefused
from app.storage.blobs import BlobStore
from app.storage.pictures import decode_picture, store_picture


def noise(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    channels = len(mode)
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(pixels.squeeze(), mode)


def encoded(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def stored_display(blobs: BlobStore, content: bytes) -> tuple[bytes, Image.Image]:
    display = blobs.get(store_picture(blobs, content).display_sha256)
    return display, Image.open(io.BytesIO(display))


@pytest.mark.parametrize(
    ("form", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_the_rendition_has_the_same_pixels_and_the_original_stays(form, media_type, blobs) -> None:
    content = encoded(noise(), form)
    picture = store_picture(blobs, content)
    assert (picture.width, picture.height, picture.media_type) == (40, 30, media_type)
    assert blobs.get(picture.sha256) == content
    display = Image.open(io.BytesIO(blobs.get(picture.display_sha256)))
    original = Image.open(io.BytesIO(content)).convert("RGB")
    assert np.array_equal(np.asarray(display), np.asarray(original))
    assert display.format == "PNG"


def test_the_rendition_says_nothing_about_where_the_picture_comes_from(blobs) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "secret-model, steps 20, cfg 7")
    notes.add_itxt("workflow", '{"model": "secret-model"}')
    exif = Image.Exif()
    exif[0x010E] = "secret-model"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(noise(), pnginfo=notes, exif=exif, icc_profile=profile)
    content += b"secret-model after the end"
    assert b"secret-model" in content
    display, picture = stored_display(blobs, content)
    assert b"secret-model" not in display
    assert picture.info == {}
    assert [chunk for chunk in (b"tEXt", b"iTXt", b"eXIf", b"iCCP") if chunk in display] == []


def test_a_picture_turned_by_its_camera_is_shown_upright(blobs) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = store_picture(blobs, encoded(noise(40, 30), "JPEG", exif=exif, quality=95))
    assert (picture.width, picture.height) == (30, 40)


def test_transparency_is_kept(blobs) -> None:
    _, display = stored_display(blobs, encoded(noise(mode="RGBA")))
    assert np.array_equal(np.asarray(display), np.asarray(noise(mode="RGBA")))


def test_grey_and_cmyk_and_16_bit_become_what_a_screen_shows(blobs) -> None:
    deep = Image.fromarray(np.full((20, 20), 65535, dtype=np.uint16))
    for content in (
        encoded(noise(mode="L")),
        encoded(noise(mode="CMYK"), "JPEG"),
        encoded(deep),
    ):
        _, display = stored_display(blobs, content)
        assert display.mode == "RGB"
    assert np.asarray(display).min() == 255


def bomb() -> bytes:
    return encoded(Image.new("1", (20_000, 20_000)))


def truncated() -> bytes:
    content = encoded(noise(200, 200))
    return content[: len(content) // 2]


def animated() -> bytes:
    return encoded(noise(), "WEBP", save_all=True, append_images=[noise().rotate(90)], duration=50)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a PNG"),
        (b"banana", "not a PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG"),
        (encoded(noise(), "GIF"), "not a PNG"),
        (encoded(noise(), "TIFF"), "not a PNG"),
        (encoded(noise(8, 8)), "smaller than"),
        (bomb(), "more than 64 million"),
        (truncated(), "damaged"),
        (animated(), "animated"),
    ],
)
def test_what_cannot_be_rated_is_refused_in_a_sentence(content, reason, blobs) -> None:
    with pytest.raises(ImageRefused, match=reason):
        store_picture(blobs, content)


def test_a_refused_picture_leaves_nothing_behind(blobs, settings) -> None:
    with pytest.raises(ImageRefused):
        store_picture(blobs, truncated())
    assert not settings.blob_folder.exists()


def test_a_limit_is_on_pixels_not_on_bytes() -> None:
    with pytest.raises(ImageRefused, match="more than 1 million"):
        decode_picture(encoded(Image.new("RGB", (1001, 1000))), limit_megapixels=1)
