"""Run lengths to dense masks: a pixel is set where an odd number of flips lies at or before it."""

from __future__ import annotations

from maskmill.backend.arrays import Array
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import rows_of
from maskmill.masks import Masks


def decode(masks: Masks, out: Array) -> None:
    n, height, width = out.shape
    flips = xp.zeros((n, height * width + 1), bool)
    flips[rows_of(masks.offsets), masks.bounds] = True
    column_major = xp.logical_xor.accumulate(flips, axis=1)[:, :-1]
    out[...] = column_major.reshape(n, width, height).transpose(0, 2, 1)
