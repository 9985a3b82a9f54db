"""Dense masks to run lengths: flips are where a pixel differs from the one before it."""

from __future__ import annotations

import numpy as np

from maskmill.backend.arrays import Array
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import SHIFT, masks_from_keys
from maskmill.masks import Masks


def encode(dense: Array) -> Masks:
    n, height, width = dense.shape
    sizes = xp.tile(xp.array([height, width], np.int32), (n, 1))
    column_major = (dense != 0).transpose(0, 2, 1).reshape(n, height * width)
    edge = xp.zeros((n, 1), bool)
    mask, position = xp.nonzero(xp.diff(column_major, prepend=edge, append=edge, axis=1))
    return masks_from_keys((mask.astype(np.int64) << SHIFT) + position, sizes)
