"""Pictures: verified by decoding them, and the renditions that people see.

The *display rendition* has the same pixels as the original and nothing else: no text chunks, no
EXIF, no colour profile (a picture with one is converted to sRGB, which is what screens assume).
The *thumbnail* is small and lossy, for the dashboard alone.
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from app.errors import ImageRefused
from app.storage.blobs import BlobStore

ACCEPTED_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
THUMBNAIL_PX = 320
SMALLEST_PX = 16

# The limit is ours, on what the header says (``_check_header``).  Pillow's own is a process-wide
# warning, which threads that decode at the same time cannot each turn into an error.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class StoredPicture:
    """Addresses and facts of a picture in the store."""

    sha256: str
    display_sha256: str
    thumbnail_sha256: str
    width: int
    height: int
    media_type: str
    byte_count: int


def decode_picture(content: bytes, *, limit_megapixels: int) -> tuple[Image.Image, str]:
    """The fully decoded picture (RGB or RGBA, upright, sRGB) and its media type.

    Raises ImageRefused with one sentence for anything that is not one still PNG, JPEG or WebP
    picture of a sensible size, or whose data is damaged.
    """
    try:
        picture = Image.open(io.BytesIO(content), formats=list(ACCEPTED_FORMATS))
        _check_header(picture, limit_megapixels)
        picture.load()
    except UnidentifiedImageError:
        raise ImageRefused("This is not a PNG, JPEG or WebP picture.") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageRefused(f"The picture is damaged: {error}.") from None
    return _normalised(picture), ACCEPTED_FORMATS[str(picture.format)]


def store_picture(blobs: BlobStore, content: bytes, *, limit_megapixels: int = 64) -> StoredPicture:
    """Verify a picture by decoding it, then store the original and both renditions."""
    picture, media_type = decode_picture(content, limit_megapixels=limit_megapixels)
    return StoredPicture(
        sha256=blobs.put(content),
        display_sha256=blobs.put(_display_rendition(picture)),
        thumbnail_sha256=blobs.put(_thumbnail(picture)),
        width=picture.width,
        height=picture.height,
        media_type=media_type,
        byte_count=len(content),
    )


def _check_header(picture: Image.Image, limit_megapixels: int) -> None:
    """Refuse by what the header says, before any pixel is decoded."""
    if picture.width * picture.height > limit_megapixels * 1_000_000:
        raise ImageRefused(_too_large(limit_megapixels))
    if min(picture.size) < SMALLEST_PX:
        raise ImageRefused(f"The picture is smaller than {SMALLEST_PX} pixels.")
    if getattr(picture, "n_frames", 1) > 1:
        raise ImageRefused("The picture is animated; only still pictures can be rated.")


def _too_large(limit_megapixels: int) -> str:
    return f"The picture has more than {limit_megapixels} million pixels."


def _normalised(picture: Image.Image) -> Image.Image:
    """Upright, in sRGB, 8 bits per channel, with transparency only where there is some."""
    upright = ImageOps.exif_transpose(picture)
    profile = upright.info.get("icc_profile")
    has_alpha = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
    target = "RGBA" if has_alpha else "RGB"
    if profile and upright.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            return _converted_to_srgb(upright, profile, target)
        except ImageCms.PyCMSError:
            pass  # An unreadable profile is ignored, as browsers do.
    if upright.mode.startswith("I;16") or upright.mode == "I":
        upright = upright.point(lambda value: value / 257).convert("L")
    return upright.convert(target)


def _converted_to_srgb(picture: Image.Image, profile: bytes, target: str) -> Image.Image:
    """Convert colours from the embedded profile; transparency passes through unchanged."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha is not None else picture
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(
        colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None  # noqa: S101  # None is for inPlace=True only
    if alpha is not None:
        converted.putalpha(alpha)
    return converted.convert(target)


def _display_rendition(picture: Image.Image) -> bytes:
    return _encode(picture, "PNG", compress_level=4)


def _thumbnail(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    return _encode(small, "WEBP", quality=82)


def _encode(picture: Image.Image, form: str, **options: int) -> bytes:
    """The picture's bytes with pixels only: encoders write what ``info`` holds, so it is bare."""
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    buffer = io.BytesIO()
    bare.save(buffer, form, **options)
    return buffer.getvalue()
