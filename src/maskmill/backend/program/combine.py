"""Set operations: how many masks cover a pixel decides."""

from __future__ import annotations

import numpy as np

from maskmill.backend.arrays import Array
from maskmill.backend.contract import SetOp
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import (
    SHIFT,
    keys_of,
    masks_from_depth,
    masks_from_flips,
    rows_of,
)
from maskmill.masks import Masks


def combine(a: Masks, b: Masks, op: SetOp) -> Masks:
    n = len(b) if len(a) == 1 else len(a)
    both = Masks.concatenate([a[xp.arange(n) % len(a)], b[xp.arange(n) % len(b)]]) if n else a
    interleaved = xp.arange(2 * n).reshape(2, n).T.reshape(-1)
    groups = xp.arange(0, 2 * n + 1, 2)
    return merge(both[interleaved], groups, op, b.sizes if len(a) == 1 else a.sizes)


def complement(masks: Masks) -> Masks:
    rows = xp.arange(len(masks), dtype=np.int64) << SHIFT
    ends = rows + masks.sizes.astype(np.int64).prod(axis=1)
    return masks_from_flips(xp.concatenate([keys_of(masks), rows, ends]), masks.sizes)


def merge(masks: Masks, groups: Array, op: SetOp, sizes: Array) -> Masks:
    keys = keys_of(masks, rows_of(groups))
    if op == "symmetric_difference":
        return masks_from_flips(keys, sizes)
    n_masks = xp.diff(groups)
    step = xp.where(xp.arange(len(keys)) % 2 == 0, 1, -1)  # a span starts, a span stops
    if op == "union":
        least = xp.ones(len(sizes), np.int64)
    elif op == "intersection":
        # No mask at all restricts nothing: one that covers the image stands in.
        none = xp.flatnonzero(n_masks == 0)
        ends = sizes[none].astype(np.int64).prod(axis=1)
        keys = xp.concatenate([keys, none << SHIFT, (none << SHIFT) + ends])
        step = xp.concatenate([step, xp.full(len(none), 1), xp.full(len(none), -1)])
        least = xp.maximum(n_masks, 1)
    else:
        # The first mask counts as much as all others of its group, and each of them takes one away.
        first = xp.zeros(len(masks), bool)
        first[groups[:-1][n_masks > 0]] = True
        weight = xp.where(first, xp.repeat(n_masks, n_masks), -1)
        step = step * weight[rows_of(masks.offsets)]
        least = xp.maximum(n_masks, 1)
    return masks_from_depth(keys, step, least, sizes)
