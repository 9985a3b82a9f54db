"""Label maps: the last mask painted over a pixel gives its label; runs of one label are a mask."""

from __future__ import annotations

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import rows_of
from maskmill.masks import Masks


def label_map(
    masks: Masks,
    labels: Array,
    order: Array,
    groups: Array,
    sizes: Array,
    background: int,
    out: Array,
) -> None:
    map_starts = ragged.offsets_from_lengths(sizes.astype(np.int64).prod(axis=1))[:-1]
    painted = masks[order]
    spans = painted.bounds.reshape(-1, 2).astype(np.int64)
    lengths = spans[:, 1] - spans[:, 0]
    span_mask = rows_of(painted.offsets // 2)
    position = ragged.spread(spans[:, 0], lengths)
    mask = xp.repeat(span_mask, lengths)
    image = rows_of(groups)[mask]
    height, width = sizes[image, 0], sizes[image, 1].astype(np.int64)
    pixel = map_starts[image] + position % height * width + position // height
    rank = xp.full(len(out), -1, np.int64)  # of the last mask painted there
    xp.maximum.at(rank, pixel, mask)
    touched = rank >= 0
    out[:] = background
    out[touched] = labels[order][rank[touched]].astype(out.dtype)


def from_label_map(maps: Array, ignore: Array) -> tuple[Masks, Array, Array]:
    n, height, width = maps.shape
    n_pixels = height * width
    flat = maps.transpose(0, 2, 1).reshape(-1).astype(np.int64)
    position = xp.arange(len(flat))
    starts = xp.flatnonzero((position % max(n_pixels, 1) == 0) | (flat != xp.roll(flat, 1)))
    stops = xp.append(starts[1:], len(flat))[: len(starts)]
    kept = ~xp.isin(flat[starts], ignore)
    starts, stops = starts[kept], stops[kept]
    label, image = flat[starts], starts // max(n_pixels, 1)
    order = xp.lexsort((starts, label, image))
    starts, stops, label, image = starts[order], stops[order], label[order], image[order]
    new = xp.ones(len(order), bool)
    new[1:] = (label[1:] != label[:-1]) | (image[1:] != image[:-1])
    first = xp.flatnonzero(new)
    offsets = 2 * xp.append(first, len(order)).astype(np.int64)
    bounds = xp.stack([starts, stops], axis=1) - (image * n_pixels)[:, np.newaxis]
    sizes = xp.tile(xp.array([height, width], np.int32), (len(first), 1))
    masks = Masks.from_trusted(bounds.reshape(-1).astype(np.uint32), offsets, sizes)
    groups = ragged.offsets_from_lengths(xp.bincount(image[first], minlength=n))
    return masks, label[first], groups
