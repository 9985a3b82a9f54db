"""Colours of labels: colour maps, palettes, and ids written as colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from maskmill.backend.arrays import as_integers

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["category_palette", "ids_from_rgb", "rgb_from_ids", "voc_palette"]

MAX_IDS: Final = 2**24
"""Ids that three bytes can tell apart."""


def voc_palette(n: int = 256) -> npt.NDArray[np.uint8]:
    """Colour map of PASCAL VOC: the bits of a label dealt out to red, green and blue.

    Parameters
    ----------
    n : int, 0 to 2**24
        Number of colours.

    Returns
    -------
    uint8 array, shape (n, 3)
        Red, green and blue of the labels 0 to n-1, all different. The first 256 are those of the
        VOC development kit (``VOClabelcolormap``).

    Raises
    ------
    ValueError
        If ``n`` is out of range.

    Notes
    -----
    Bit 3k of the label is bit 7-k of red, bit 3k+1 of green, bit 3k+2 of blue. O(n).

    Examples
    --------
    >>> voc_palette(4).tolist()
    [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
    """
    if not 0 <= n <= MAX_IDS:
        raise ValueError(
            f"voc_palette: n must be between 0 and 2**24, got {n}. There are no more colours."
        )
    labels = np.arange(n, dtype=np.int32)
    colours = np.zeros((n, 3), np.uint8)
    for k in range(8):
        for channel in range(3):
            bit = labels >> (3 * k + channel) & 1
            colours[:, channel] |= (bit << (7 - k)).astype(np.uint8)
    return colours


def category_palette(labels: object, colours: object) -> npt.NDArray[np.uint8]:
    """Palette that gives each category its own colour.

    Parameters
    ----------
    labels : int array, shape (n,)
        Label of each category, 0 to 255, all different.
    colours : int array, shape (n, 3)
        Red, green and blue of each, 0 to 255.

    Returns
    -------
    uint8 array, shape (max(labels) + 1, 3)
        Labels in between are black. No categories give one colour, black, for the background.

    Raises
    ------
    TypeError
        If labels or colours are no integers.
    ValueError
        If a label or a colour is out of range or a label comes twice; the message names the
        category.

    Examples
    --------
    >>> category_palette([2], [[220, 20, 60]]).tolist()
    [[0, 0, 0], [0, 0, 0], [220, 20, 60]]
    """
    given = np.asarray(labels)
    if given.ndim != 1:
        raise ValueError(
            f"category_palette: labels must have shape (n,), got {given.shape}. "
            "Give one label a category."
        )
    rows = as_integers("category_palette", "labels", given, given.shape)
    triples = np.asarray(colours)
    if not triples.size:
        triples = triples.reshape(0, 3)
    values = as_integers("category_palette", "colours", triples, (len(rows), 3))
    for name, column, bad in (
        ("labels", rows, (rows < 0) | (rows > 255)),
        ("colours", values, ((values < 0) | (values > 255)).any(axis=1)),
    ):
        if bad.any():
            i = int(np.argmax(bad))
            raise ValueError(
                f"category_palette: {name} must be between 0 and 255, got {column[i].tolist()} at "
                f"category {i}. A PNG palette has 256 colours of 3 bytes."
            )
    twice = np.ones(len(rows), bool)
    twice[np.unique(rows, return_index=True)[1]] = False
    if twice.any():
        i = int(np.argmax(twice))
        raise ValueError(
            f"category_palette: labels must be distinct, got {rows[i]} again at category {i}. "
            "Give every category its own label."
        )
    palette = np.zeros((int(rows.max(initial=0)) + 1, 3), np.uint8)
    palette[rows] = values
    return palette


def rgb_from_ids(ids: Array) -> npt.NDArray[np.uint8]:
    """Write ids as colours, R + 256 G + 65536 B, as COCO panoptic does.

    Parameters
    ----------
    ids : int array, any shape, 0 to 2**24 - 1

    Returns
    -------
    uint8 array, shape (..., 3)

    Raises
    ------
    TypeError
        If ``ids`` are no integers.
    ValueError
        If an id is negative or above 2**24 - 1; ids are never wrapped.

    Examples
    --------
    >>> rgb_from_ids(np.array([[260]])).tolist()
    [[[4, 1, 0]]]
    """
    given = np.asarray(ids)
    if given.dtype.kind not in "iu":
        raise TypeError(
            f"rgb_from_ids: ids must be integers, got {given.dtype}. Convert them explicitly."
        )
    if given.size and not 0 <= int(given.min()) <= int(given.max()) < MAX_IDS:
        bad = given.min() if given.min() < 0 else given.max()
        raise ValueError(
            f"rgb_from_ids: ids must be between 0 and 2**24 - 1, got {bad}. Renumber the segments."
        )
    rgb = np.empty((*given.shape, 3), np.uint8)
    for channel in range(3):  # the last byte of each shifted id; a third of the time of a view
        np.copyto(rgb[..., channel], given >> 8 * channel, casting="unsafe")
    return rgb


def ids_from_rgb(rgb: Array) -> npt.NDArray[np.int32]:
    """Read ids from colours: R + 256 G + 65536 B.

    Parameters
    ----------
    rgb : uint8 array, shape (..., 3)

    Returns
    -------
    int32 array, shape (...)

    Raises
    ------
    TypeError
        If ``rgb`` is not uint8.
    ValueError
        If the last axis has not 3 channels. An alpha channel is no part of an id.

    Examples
    --------
    >>> ids_from_rgb(np.array([4, 1, 0], np.uint8))
    array(260, dtype=int32)
    """
    given = np.asarray(rgb)
    if given.dtype != np.uint8:
        raise TypeError(
            f"ids_from_rgb: rgb must be uint8, got {given.dtype}. Ids are made of bytes."
        )
    if given.ndim < 1 or given.shape[-1] != 3:
        raise ValueError(
            f"ids_from_rgb: rgb must have shape (..., 3), got {given.shape}. "
            "Drop an alpha channel first."
        )
    ids = np.array(given[..., 2], np.int32)
    for channel in (1, 0):
        ids <<= 8
        ids |= given[..., channel]
    return ids
