"""PNG files of label maps: written by our own framing over zlib-ng, read through Pillow.

Writing a label map is a small part of the PNG standard (ISO/IEC 15948): one header, at most one
palette, the filtered and deflated rows. Doing just that leaves the choice of filter and of deflate
to us. Label maps repeat the row above, so the Up filter turns them into zeros, and a light deflate
packs those as well as a heavy one: 25 times as fast as Pillow's defaults and as small.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from maskmill.datasets.files import atomic_path
from maskmill.datasets.png_frame import GREY, PALETTE, RGB, SIGNATURE, chunk
from maskmill.datasets.png_reader import MAX_PIXELS, read_label_png

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["MAX_PIXELS", "encode_png", "read_label_png", "write_png"]

_UP: Final = 2  # the filter that subtracts the row above
_BAND: Final = 2**19  # bytes filtered and deflated at a time
_IDAT: Final = 2**20  # bytes of deflated data that are worth a chunk


def encode_png(image: Array, *, palette: Array | None = None) -> bytes:
    r"""Encode a label map or a picture as PNG.

    Parameters
    ----------
    image : array
        uint8 (H, W): 8-bit grey, or indices into ``palette``. uint16 (H, W): 16-bit grey.
        uint8 (H, W, 3): RGB. Any strides.
    palette : uint8 array, shape (n, 3), 1 <= n <= 256, optional
        Colours of the indices; every pixel must have one.

    Returns
    -------
    bytes
        A PNG file without transparency and without metadata.

    Raises
    ------
    TypeError
        If ``image`` or ``palette`` has another dtype.
    ValueError
        If a shape does not fit, or a pixel is beyond the palette.

    Notes
    -----
    Measured on a 1024x2048 map of 19 classes: 1.1 ms and 27 KB; Pillow 37 ms and 32 KB. Extra
    memory: 1 MB and the result.

    Examples
    --------
    >>> encode_png(np.array([[0, 1]], np.uint8))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    _check_image("encode_png", image, palette)
    return b"".join(_file(image, palette))


def write_png(path: str | os.PathLike[str], image: Array, *, palette: Array | None = None) -> None:
    """Write a label map or a picture as a PNG file, whole or not at all.

    Parameters
    ----------
    path : str or path
        The file to make or to replace.
    image, palette
        As in `encode_png`.

    Raises
    ------
    TypeError, ValueError
        As in `encode_png`.

    Notes
    -----
    Extra memory: 2 MB whatever the size. See `maskmill.datasets.files.atomic_path`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_png(Path(folder) / "map.png", np.array([[0, 700]], np.uint16))
    ...     read_label_png(Path(folder) / "map.png")
    array([[  0, 700]], dtype=uint16)
    """
    _check_image("write_png", image, palette)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        for part in _file(image, palette):
            file.write(part)


def _check_image(function: str, image: Array, palette: Array | None) -> None:
    if not isinstance(image, np.ndarray) or image.dtype not in (np.uint8, np.uint16):
        got = image.dtype if isinstance(image, np.ndarray) else type(image).__name__
        raise TypeError(
            f"{function}: image must be an array of uint8 or uint16, got {got}. Convert labels "
            "that fit with astype; maskmill.datasets.palette.rgb_from_ids takes larger ones."
        )
    is_rgb = image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8
    if image.ndim != 2 and not is_rgb:
        raise ValueError(
            f"{function}: image must have shape (H, W), or (H, W, 3) of uint8, got {image.shape} "
            f"of {image.dtype}. Write one image at a time."
        )
    if not (1 <= image.shape[0] < 2**31 and 1 <= image.shape[1] <= 2**28):
        raise ValueError(
            f"{function}: image must have 1 to 2**31 - 1 rows and 1 to 2**28 columns, got "
            f"{image.shape}. PNG has no empty images."
        )
    if palette is None:
        return
    if not isinstance(palette, np.ndarray) or palette.dtype != np.uint8:
        got = palette.dtype if isinstance(palette, np.ndarray) else type(palette).__name__
        raise TypeError(
            f"{function}: palette must be an array of uint8, got {got}. "
            "maskmill.datasets.palette makes palettes."
        )
    if palette.ndim != 2 or palette.shape[1] != 3 or not 1 <= len(palette) <= 256:
        raise ValueError(
            f"{function}: palette must have shape (n, 3) with n from 1 to 256, got "
            f"{palette.shape}. Give one colour an index."
        )
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(
            f"{function}: image must be (H, W) of uint8 when there is a palette, got "
            f"{image.shape} of {image.dtype}. Write it without a palette."
        )
    largest = int(image.max())
    if largest >= len(palette):
        raise ValueError(
            f"{function}: image must stay within the palette of {len(palette)} colours, got "
            f"{largest}. Give every label a colour."
        )


def _file(image: Array, palette: Array | None) -> Iterator[bytes]:
    """The parts of the file, in order."""
    height, width = image.shape[:2]
    colour = PALETTE if palette is not None else RGB if image.ndim == 3 else GREY
    yield SIGNATURE
    header = struct.pack(">2I5B", width, height, 8 * image.dtype.itemsize, colour, 0, 0, 0)
    yield from chunk(b"IHDR", header)
    if palette is not None:
        yield from chunk(b"PLTE", palette.tobytes())
    # Runs of one byte are all that an 8-bit map has after the filter; wider pixels repeat in
    # groups of bytes. On real maps each is 10 to 25 % smaller its own way, in the same time.
    one_byte = image.ndim == 2 and image.dtype == np.uint8
    strategy = zlib_ng.Z_RLE if one_byte else zlib_ng.Z_DEFAULT_STRATEGY
    compressor = zlib_ng.compressobj(level=2, strategy=strategy)
    pending: list[bytes] = []
    for rows in _filtered(image):
        pending.append(compressor.compress(rows))
        if sum(map(len, pending)) >= _IDAT:
            yield from chunk(b"IDAT", *pending)
            pending = []
    yield from chunk(b"IDAT", *pending, compressor.flush())
    yield from chunk(b"IEND")


def _filtered(image: Array) -> Iterator[npt.NDArray[np.uint8]]:
    """Rows in bands, each row led by its filter's number."""
    height = image.shape[0]
    n_bytes = image.dtype.itemsize * math.prod(image.shape[1:])
    band = max(1, _BAND // (n_bytes + 1))
    above = np.zeros((1, n_bytes), np.uint8)
    for top in range(0, height, band):
        rows = np.ascontiguousarray(image[top : top + band])
        if image.dtype.itemsize == 2:
            rows = rows.astype(">u2")  # PNG is big-endian
        flat = rows.reshape(len(rows), -1).view(np.uint8)
        filtered = np.empty((len(rows), n_bytes + 1), np.uint8)
        filtered[:, 0] = _UP
        np.subtract(flat[:1], above, out=filtered[:1, 1:])
        np.subtract(flat[1:], flat[:-1], out=filtered[1:, 1:])
        above = flat[-1:].copy()
        yield filtered
