"""The pixels that a metric judges: those that raters see."""

import io

import numpy as np
from PIL import Image

from app.errors import NotFound
from app.pool.metric_predictions import UnscoredPicture
from app.storage.blobs import BlobStore
from worker.metrics.base import PictureUnscorable, Pixels

SURROUND = (108, 108, 108)
"""The grey of the rating page, on which a transparent picture lies there."""


def load_pixels(blobs: BlobStore, picture: UnscoredPicture) -> Pixels:
    """The picture's display rendition as RGB; raises PictureUnscorable."""
    try:
        content = blobs.get(picture.display_sha256)
        image: Image.Image = Image.open(io.BytesIO(content))
        image.load()
    except (NotFound, OSError) as error:
        reason = getattr(error, "message", str(error))
        raise PictureUnscorable(f"The picture cannot be read: {reason}") from error
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, SURROUND)
        image = Image.alpha_composite(ground, image)
    return np.asarray(image.convert("RGB"))
