"""Connected components: stretches that touch those of the next column get one number.

A span is one stretch, or two if it goes on in the next column without touching itself there. Moved
one column on, a stretch meets those that it touches; with diagonals it reaches one pixel further at
each end inside the column.
"""

from __future__ import annotations

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.contract import Connectivity
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import SHIFT, masks_from_flips, rows_of
from maskmill.masks import Masks


def components(masks: Masks, connectivity: Connectivity) -> tuple[Masks, Array]:
    diagonal = connectivity == 8
    mask, start, stop = _stretches(masks, diagonal)
    height = masks.sizes[mask, 0].astype(np.int64)
    up = xp.where(diagonal & (start % height != 0), 1, 0)
    down = xp.where(diagonal & (stop % height != 0), 1, 0)
    row = mask << (SHIFT + 1)  # moved positions end beyond 2**32
    first = xp.searchsorted(row + stop + height + down, row + start, side="right")
    last = xp.searchsorted(row + start + height - up, row + stop, side="left")
    n_touching = xp.maximum(last - first, 0)
    root = _roots(
        len(mask), xp.repeat(xp.arange(len(mask)), n_touching), ragged.spread(first, n_touching)
    )
    roots, component = xp.unique(root, return_inverse=True)
    component = component.reshape(-1) << SHIFT
    sizes = masks.sizes[mask[roots]]
    groups = ragged.offsets_from_lengths(xp.bincount(mask[roots], minlength=len(masks)))
    # A stretch that ends where the next one of its component starts is one span with it.
    return masks_from_flips(xp.concatenate([component + start, component + stop]), sizes), groups


def _stretches(masks: Masks, diagonal: bool) -> tuple[Array, Array, Array]:
    """Mask, start and stop of stretches that are connected in themselves."""
    mask = rows_of(masks.offsets // 2)
    start, stop = masks.bounds.reshape(-1, 2).astype(np.int64).T
    height = masks.sizes[mask, 0].astype(np.int64)
    seam = (start // height + 1) * height
    length = stop - start
    whole = (stop <= seam) | (length > height) | (diagonal & (length == height))
    pieces = xp.where(whole, 1, 2)
    starts = xp.repeat(start, pieces)
    stops = xp.repeat(stop, pieces)
    second = (xp.cumsum(pieces) - 1)[~whole]
    starts[second] = seam[~whole]
    stops[second - 1] = seam[~whole]
    return xp.repeat(mask, pieces), starts, stops


def _roots(n: int, a: Array, b: Array) -> Array:
    """Smallest node that each of n nodes is connected with by the edges ab."""
    root = xp.arange(n)
    while True:
        least = xp.minimum(root[a], root[b])
        if xp.array_equal(root[a], root[b]):
            return root
        xp.minimum.at(root, root[a], least)
        xp.minimum.at(root, root[b], least)
        while not xp.array_equal(root, root[root]):
            root = root[root]
