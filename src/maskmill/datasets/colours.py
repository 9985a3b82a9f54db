"""Colours of categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill.datasets.palette import voc_palette

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.datasets.dataset import Category

__all__ = ["VOID_COLOUR", "category_colours"]

VOID_COLOUR: Final = (224, 224, 192)
"""As in PASCAL VOC."""


def category_colours(categories: Sequence[Category]) -> Array:
    """Colour of each category: its own or, where it has none, its turn in the VOC colour map.

    Returns
    -------
    uint8 array, shape (C, 3)
    """
    colours = voc_palette(len(categories) + 1)[1:]
    for row, category in enumerate(categories):
        if category.colour is not None:
            colours[row] = category.colour
    return np.asarray(colours)
