"""Label maps from PNG files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from maskmill.datasets.palette import ids_from_rgb
from maskmill.datasets.png_frame import GREY, PALETTE, RGB, Frame, inflate, read_frame
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["MAX_PIXELS", "read_label_png"]

MAX_PIXELS: Final = 2**30
"""Largest height*width that `read_label_png` takes unless it is told otherwise."""

_NONE: Final = 0  # filters: the bytes as they are, and without those of the row above
_UP: Final = 2
_LONG_ROW: Final = 256  # bytes; below, a step of Python for each row costs more than Pillow


def read_label_png(
    path: str | os.PathLike[str], *, rgb: bool = False, max_pixels: int = MAX_PIXELS
) -> Array:
    """Read a label map from a PNG file.

    Parameters
    ----------
    path : str or path
    rgb : bool
        Read colours as numbers, R + 256 G + 65536 B, as COCO panoptic writes its ids. By default
        the file must hold the labels themselves: grey values, or palette indices.
    max_pixels : int
        Refuse larger images before they are unpacked. Default: 2**30.

    Returns
    -------
    array, shape (H, W)
        uint8 for up to 8 bits a pixel (a 4-bit grey map of 0 to 15 gives 0 to 15), uint16 for 16
        bits, int32 with ``rgb``. Transparency and the colours of a palette do not matter.

    Raises
    ------
    FormatError
        If the file is no PNG, is cut off or damaged, has colours or alpha where labels are
        expected, or more than ``max_pixels``. The message names the file.
    OSError
        If the file cannot be opened.

    Notes
    -----
    Rows as `maskmill.datasets.png.write_png` makes them are put together here, those of other
    writers by Pillow's decoder. Pillow's limit of pixels and its tolerance of files that are cut
    off, which belong to the whole process, are neither used nor changed.

    Examples
    --------
    >>> import tempfile
    >>> from maskmill.datasets.png import write_png
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_png(Path(folder) / "ids.png", np.array([[[4, 1, 0]]], np.uint8))
    ...     read_label_png(Path(folder) / "ids.png", rgb=True)
    array([[260]], dtype=int32)
    """
    name = os.fspath(path)
    frame = read_frame(f"read_label_png: {name}", Path(path).read_bytes())
    if frame.width * frame.height > max_pixels:
        raise FormatError(
            f"read_label_png: {name} must have at most {max_pixels} pixels, got "
            f"{frame.width}x{frame.height}. Pass max_pixels to allow more."
        )
    if rgb and (frame.colour not in (GREY, RGB, PALETTE) or frame.depth == 16):
        raise FormatError(
            f"read_label_png: {name} must hold 8-bit colours without alpha when rgb=True, got "
            f"{frame.kind}. Convert the file first."
        )
    if not rgb and frame.colour not in (GREY, PALETTE):
        raise FormatError(
            f"read_label_png: {name} must hold grey values or palette indices, got {frame.kind}. "
            "Pass rgb=True if its colours are numbers (R + 256 G + 65536 B)."
        )
    pixels = _pixels(name, frame, inflate(f"read_label_png: {name}", frame))
    if not rgb:
        return pixels
    return ids_from_rgb(pixels if frame.colour == RGB else _colours(name, frame, pixels))


# Mode and raw mode of Pillow, by depth. Shallow pixels are unpacked as indices even where they are
# grey, because Pillow would spread grey values over 0 to 255.
_MODES: Final = {
    1: ("P", "P;1"),
    2: ("P", "P;2"),
    4: ("P", "P;4"),
    8: ("L", "L"),
    16: ("I;16", "I;16B"),
}


def _pixels(name: str, frame: Frame, rows: bytes) -> Array:
    n_bytes = len(rows) // frame.height - 1
    if frame.depth >= 8 and not frame.interlaced and n_bytes >= _LONG_ROW:
        filtered = np.frombuffer(rows, np.uint8).reshape(frame.height, n_bytes + 1)
        filters = filtered[:, 0]
        if ((filters == _NONE) | (filters == _UP)).all():
            return _add_up(frame, filters, filtered[:, 1:].copy())
    mode, raw_mode = ("RGB", "RGB") if frame.colour == RGB else _MODES[frame.depth]
    size = (frame.width, frame.height)
    try:
        image = Image.frombytes(mode, size, frame.data, "zip", raw_mode, frame.interlaced)
    except ValueError as error:
        raise FormatError(
            f"read_label_png: {name} must hold valid rows, got: {error}. Write it again."
        ) from error
    pixels: Array = np.array(image)
    return pixels.astype(np.uint16 if frame.depth == 16 else np.uint8, copy=False)


def _add_up(frame: Frame, filters: Array, flat: Array) -> Array:
    for y in np.flatnonzero(filters == _UP).tolist():
        if y:
            np.add(flat[y], flat[y - 1], out=flat[y])
    if frame.colour == RGB:
        return flat.reshape(frame.height, frame.width, 3)
    return flat.view(">u2").astype(np.uint16) if frame.depth == 16 else flat


def _colours(name: str, frame: Frame, pixels: Array) -> Array:
    if frame.colour == GREY:
        grey = pixels * np.uint8(255 // (2**frame.depth - 1))
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    palette = np.frombuffer(frame.palette, np.uint8).reshape(-1, 3)
    largest = int(pixels.max())
    if largest >= len(palette):
        raise FormatError(
            f"read_label_png: {name} must stay within its palette of {len(palette)} colours, got "
            f"{largest}. Write it again."
        )
    return palette[pixels]
