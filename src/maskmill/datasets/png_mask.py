"""Masks as PNG files inside JSON, as LabelMe and Supervisely write them."""

from __future__ import annotations

import base64
import binascii
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from maskmill.datasets.png_frame import inflate, read_frame
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["decode_base64", "decode_zlib", "read_mask_png", "write_mask_png"]

PNG_BYTES: Final = 1 << 16
"""Bytes that a PNG may have beside its pixels, for its chunks."""


def read_mask_png(content: bytes, max_pixels: int) -> Array:
    """Read a mask from the bytes of a PNG file.

    Where the picture has transparency, the mask is what is not wholly transparent; otherwise it is
    what is not zero.

    Parameters
    ----------
    content : bytes
    max_pixels : int
        Refuse larger pictures before they are unpacked.

    Returns
    -------
    bool array, shape (H, W)

    Raises
    ------
    FormatError
        If it is no PNG file, is damaged, or has more pixels.
    """
    frame = read_frame("mask", content)
    if frame.width * frame.height > max_pixels:
        raise FormatError(
            f"mask must have at most the {max_pixels} pixels of its image, got "
            f"{frame.width}x{frame.height}. Export it again."
        )
    inflate("mask", frame)  # a file that is cut off or unpacks to more than its size raises here
    try:
        with Image.open(BytesIO(content)) as image:
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                transparent: Array = np.asarray(image.convert("RGBA"))[:, :, 3] > 0
                return transparent
            pixels = np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FormatError(f"mask must hold valid rows, got: {error}. Export it again.") from None
    mask = pixels.reshape(*pixels.shape[:2], -1).any(axis=2)
    return np.asarray(mask)


def write_mask_png(mask: Array, *, transparent: bool = False) -> bytes:
    """Write a mask as a PNG file of two colours; the background may be transparent."""
    image = Image.fromarray(np.asarray(mask, np.uint8), "L")
    file = BytesIO()
    if transparent:
        image.putpalette([0, 0, 0, 255, 255, 255])
        image.save(file, "png", transparency=0, bits=1)
    else:
        image.point([0, *[255] * 255], "1").save(file, "png")
    return file.getvalue()


def decode_base64(text: str) -> bytes:
    """Decode base64; raise FormatError for foreign characters."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise FormatError(f"must be base64, got: {error}. Export it again.") from None


def decode_zlib(content: bytes, max_bytes: int) -> bytes:
    """Unpack bytes, at most so many; raise FormatError if it is cut off or holds more."""
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(content, max_bytes)
    except zlib.error as error:
        raise FormatError(f"must be deflated data, got: {error}. Export it again.") from None
    if not inflater.eof:
        what = "more than that" if len(found) == max_bytes else "data that break off"
        raise FormatError(f"must unpack to at most {max_bytes} bytes, got {what}.")
    return found
