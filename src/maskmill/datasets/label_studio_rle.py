"""Label Studio's run lengths: the pixels of a brush, as packed bits.

The bytes are those of the package rle-pack of thi.ng. A header gives the number of values (32
bits), the bits of a value less 1 (5) and four lengths less 1 (4 each). Then packets follow: a bit
that says whether one value is repeated, two bits that choose one of the lengths, that many bits
with the number of values less 1, and one value or all of them. The values are red, green, blue and
alpha of each pixel, row by row; Label Studio draws what has alpha.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill.datasets.crops import transpose_masks
from maskmill.errors import InvalidMaskError
from maskmill.masks import Masks

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["from_label_studio_rle", "to_label_studio_rle"]

_HEADER: Final = 53
"""Bits."""
_LENGTHS: Final = (3, 4, 8, 16)
"""Bits of the numbers of values, as Label Studio writes them."""


def from_label_studio_rle(rle: Sequence[int] | bytes, size: tuple[int, int]) -> Masks:
    """Build a mask from the run lengths of a brush.

    Parameters
    ----------
    rle : bytes, or sequence of int
        Label Studio's ``value.rle``.
    size : (height, width)
        ``original_height`` and ``original_width``.

    Returns
    -------
    Masks, 1 mask
        The pixels that are not wholly transparent.

    Raises
    ------
    InvalidMaskError
        If the bytes are cut off, hold another number of values than the image has, or values of
        other than 8 bits.

    Notes
    -----
    O(packets + values that are not repeated); the picture is never unpacked.

    Examples
    --------
    >>> from maskmill import area, encode
    >>> brush = to_label_studio_rle(encode(np.eye(3, dtype=bool)))
    >>> area(from_label_studio_rle(brush, (3, 3)))
    array([3])
    """
    height, width = size
    try:
        data = bytes(rle)
    except ValueError:
        raise InvalidMaskError(
            "from_label_studio_rle: rle must be bytes, got a number beyond 0 to 255. "
            "Take value.rle as it is."
        ) from None
    starts, stops = _alpha_runs(data, 4 * height * width)
    bounds = np.empty(2 * len(starts), np.int64)
    bounds[0::2], bounds[1::2] = starts, stops
    if len(bounds):
        kept = np.ones(len(bounds), bool)
        touch = bounds[2::2] == bounds[1:-1:2]
        kept[2::2] &= ~touch
        kept[1:-1:2] &= ~touch
        bounds = bounds[kept]
    rows = Masks.from_trusted(
        bounds.astype(np.uint32),
        np.array([0, len(bounds)], np.int64),
        np.array([[width, height]], np.int32),
    )
    return transpose_masks(rows)


def _alpha_runs(data: bytes, n_values: int) -> tuple[Array, Array]:
    """Pixels with alpha, row by row: starts and stops of runs, which may touch."""
    n_bits = 8 * len(data)
    if n_bits < _HEADER:
        raise InvalidMaskError(_cut_off(len(data)))
    header = int.from_bytes(data[:7], "big") >> 3
    stated = header >> 21
    if stated != n_values:
        raise InvalidMaskError(
            f"from_label_studio_rle: rle must hold 4 values a pixel, {n_values}, got {stated}. "
            "Check that size is (original_height, original_width)."
        )
    if header >> 16 & 31 != 7:
        raise InvalidMaskError(
            f"from_label_studio_rle: rle must hold values of 8 bits, got {(header >> 16 & 31) + 1}."
        )
    lengths = [(header >> shift & 15) + 1 for shift in (12, 8, 4, 0)]
    array = np.frombuffer(data + bytes(8), np.uint8)
    padded = data + bytes(8)
    starts: list[Array | list[int]] = []
    stops: list[Array | list[int]] = []
    plain_starts: list[int] = []
    plain_stops: list[int] = []
    at, value_at = _HEADER, 0
    while value_at < n_values:
        # A packet's flag, length and first value have at most 27 bits: one word holds them.
        word = int.from_bytes(padded[at >> 3 : (at >> 3) + 8], "big") << (at & 7)
        word &= 0xFFFFFFFFFFFFFFFF
        bits = lengths[word >> 61 & 3]
        n = (word >> (61 - bits) & ((1 << bits) - 1)) + 1
        end = value_at + n
        if end > n_values:
            raise InvalidMaskError(
                f"from_label_studio_rle: rle must hold {n_values} values, got more. "
                "Export the annotation again."
            )
        at += 3 + bits
        if word >> 63:
            at += 8
            if at > n_bits:
                raise InvalidMaskError(_cut_off(len(data)))
            if word >> (53 - bits) & 255:
                first, last = value_at >> 2, (end >> 2)  # pixels whose alpha is in the run
                if last > first:
                    plain_starts.append(first)
                    plain_stops.append(last)
        else:
            if at + 8 * n > n_bits:
                raise InvalidMaskError(_cut_off(len(data)))
            byte, shift = at >> 3, at & 7
            # Alpha is the last of the four values of a pixel.
            skip = 3 - (value_at & 3)
            if n <= 8:
                word = int.from_bytes(padded[byte : byte + n + 1], "big")
                for k in range(skip, n, 4):
                    if word >> (8 * (n - k) - shift) & 255:
                        pixel = (value_at + k) >> 2
                        plain_starts.append(pixel)
                        plain_stops.append(pixel + 1)
            elif skip < n:
                alpha = array[byte + skip : byte + n : 4].astype(np.uint16) << 8
                alpha |= array[byte + skip + 1 : byte + n + 1 : 4]
                visible = np.flatnonzero(alpha >> (8 - shift) & 255) + ((value_at + skip) >> 2)
                starts += [plain_starts, visible]
                stops += [plain_stops, visible + 1]
                plain_starts, plain_stops = [], []
            at += 8 * n
        value_at = end
    starts.append(plain_starts)
    stops.append(plain_stops)
    return (
        np.concatenate([np.asarray(s, np.int64) for s in starts]),
        np.concatenate([np.asarray(s, np.int64) for s in stops]),
    )


def _cut_off(n_bytes: int) -> str:
    return (
        f"from_label_studio_rle: rle must be whole, got {n_bytes} bytes that break off. "
        "Export the annotation again."
    )


def to_label_studio_rle(mask: Masks) -> bytes:
    """Give a mask as the run lengths of a brush.

    Parameters
    ----------
    mask : Masks, 1 mask
        Of fewer than 2**30 pixels.

    Returns
    -------
    bytes
        ``list(...)`` of them is Label Studio's ``value.rle``: white where the mask is, and what is
        transparent has all four values 0.

    Raises
    ------
    ValueError
        If there is not one mask, or it has too many pixels.

    Examples
    --------
    >>> from maskmill import encode
    >>> list(to_label_studio_rle(encode(np.eye(2, dtype=bool))))
    [0, 0, 0, 16, 57, 27, 252, 127, 243, 128, 71, 254]
    """
    if len(mask) != 1:
        raise ValueError(
            f"to_label_studio_rle: mask must be one mask, got {len(mask)}. Select one."
        )
    n_pixels = int(mask.sizes[0].astype(np.int64).prod())
    if n_pixels >= 2**30:
        raise ValueError(
            f"to_label_studio_rle: mask must have fewer than 2**30 pixels, got {n_pixels}."
        )
    bounds = transpose_masks(mask).bounds.astype(np.int64)
    edges = np.concatenate([[0], 4 * bounds, [4 * n_pixels]])
    runs = np.diff(edges)
    values = np.arange(len(runs)) % 2 * 255
    runs, values = runs[runs > 0], values[runs > 0]
    pieces = -(-runs // 65536)
    rest = runs - 65536 * (pieces - 1)
    ends = np.cumsum(pieces) - 1
    lengths = np.full(int(pieces.sum()), 65536)
    lengths[ends] = rest
    values = np.repeat(values, pieces)
    choice = np.searchsorted(1 << np.array(_LENGTHS), lengths)
    bits = np.array(_LENGTHS)[choice]
    packets = ((4 | choice) << bits | lengths - 1) << 8 | values
    # Bits of each packet, the last ones of 32, one row a packet.
    table = np.unpackbits(packets.astype(">u4").view(np.uint8).reshape(-1, 4), axis=1)
    used = np.arange(32) >= 32 - (11 + bits)[:, np.newaxis]
    header = 4 * n_pixels << 21 | 7 << 16
    for i, length in enumerate(_LENGTHS):
        header |= (length - 1) << (12 - 4 * i)
    head = np.unpackbits(np.frombuffer((header << 3).to_bytes(7, "big"), np.uint8))[:_HEADER]
    return np.packbits(np.concatenate([head, table[used]])).tobytes()
