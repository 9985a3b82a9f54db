"""Masks to polygons: vertical edges of the outline, linked along the lines between pixel rows.

A pixel differs from its left neighbour where the mask and the mask moved by one column differ: the
two sorted lists of flips give all vertical edges. Their ends, sorted along each line between rows,
are the corners: the first and the second bound a horizontal edge, so do the third and the fourth,
and so on. Where four pixels meet of which two opposite ones are set, two ends share a corner; which
of them comes first decides how the outline turns there.

An edge runs up if the foreground is right of it, down if it is left: the foreground lies on the
right hand of who walks along, as seen on a screen.
"""

from __future__ import annotations

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.program.edges import Edges, vertical_edges
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.simplify import simplify
from maskmill.backend.program.sweep import keys_of
from maskmill.masks import Masks
from maskmill.polygons import Polygons


def trace(masks: Masks, tolerance: float) -> Polygons:
    edges = vertical_edges(masks)
    order = _corners(edges)
    following = _link(edges, order)
    ring = _smallest_of_cycle(following)
    # A ring that passes a corner twice is cut there in two.
    first, second = _twice(edges, order)
    again = first[ring[order[first] // 2] == ring[order[second] // 2]]
    order[again], order[again + 1] = order[again + 1], order[again]
    following = _link(edges, order)
    ring = _smallest_of_cycle(following)

    part = _part_of_ring(masks, edges, order, ring)
    roots = xp.flatnonzero(ring == xp.arange(len(ring)))
    roots = roots[xp.lexsort((roots, part[roots]))]
    coords, lengths = _vertices(edges, following, ring, roots)
    ring_offsets = ragged.offsets_from_lengths(lengths)
    if tolerance > 0:
        kept = simplify(coords, ring_offsets, tolerance)
        lengths = xp.add.reduceat(kept, ring_offsets[:-1]) if len(lengths) else lengths
        coords, ring_offsets = coords[kept], ragged.offsets_from_lengths(lengths)
    outlines = xp.flatnonzero(edges.up[roots])
    n_parts = xp.bincount(edges.mask[roots[outlines]], minlength=len(masks))
    return Polygons.from_trusted(
        coords.astype(np.float64),
        ring_offsets,
        xp.append(outlines, len(roots)).astype(np.int64),
        ragged.offsets_from_lengths(n_parts),
        masks.sizes,
    )


def _corners(edges: Edges) -> Array:
    """Ends of edges (2e the top of edge e, 2e+1 its bottom) in pairs: horizontal edges.

    Foreground pixels that touch at a corner only are not connected.
    """
    end = xp.arange(2 * len(edges.x))
    order = xp.lexsort((end, _rows(edges), edges.mask[end // 2]))
    first, second = _twice(edges, order)
    turned = edges.up[order[first] // 2]
    first, second = first[turned], second[turned]
    order[first], order[second] = order[second], order[first]
    return order


def _rows(edges: Edges) -> Array:
    """Row line of every end."""
    rows: Array = xp.stack([edges.top, edges.bottom], axis=1).reshape(-1)
    return rows


def _twice(edges: Edges, order: Array) -> tuple[Array, Array]:
    """Places in ``order`` of the two ends of each corner that two edges end at."""
    y, x, mask = _rows(edges)[order], edges.x[order // 2], edges.mask[order // 2]
    first = xp.flatnonzero((y[1:] == y[:-1]) & (x[1:] == x[:-1]) & (mask[1:] == mask[:-1]))
    return first, first + 1


def _link(edges: Edges, order: Array) -> Array:
    """The edge that follows each edge."""
    one, other = order[::2], order[1::2]
    leaves = (one % 2 == 1) == edges.up[one // 2]  # an edge that runs up leaves its bottom
    following = xp.zeros(len(edges.x), np.int64)
    following[xp.where(leaves, other, one) // 2] = xp.where(leaves, one, other) // 2
    return following


def _smallest_of_cycle(following: Array) -> Array:
    """Smallest member of the cycle of each edge: its leftmost, topmost edge."""
    smallest = xp.arange(len(following))
    hop = following
    for _ in range(len(following).bit_length()):
        smallest = xp.minimum(smallest, smallest[hop])
        hop = hop[hop]
    return smallest


def _part_of_ring(masks: Masks, edges: Edges, order: Array, ring: Array) -> Array:
    """First edge of the outline that each edge's part has.

    The pixel above the first one of a hole is foreground. The edge on top of its run is that of a
    ring that began before: the outline, or another hole of the part.
    """
    holes = xp.flatnonzero((ring == xp.arange(len(ring))) & ~edges.up)
    mask, x, y = edges.mask[holes], edges.x[holes], edges.top[holes]
    height = masks.sizes[mask, 0].astype(np.int64)
    bounds = keys_of(masks)
    above = (mask << 32) + x * height + y - 1
    start = bounds[xp.searchsorted(bounds, above, side="right") - 1] if len(holes) else above
    row = xp.maximum((start & (2**32 - 1)) - x * height, 0)
    # The last end on that line at or left of x.
    line = xp.concatenate([edges.mask[order // 2] << 32, mask << 32]) + xp.concatenate(
        [_rows(edges)[order], row]
    )
    _, line = xp.unique(line, return_inverse=True)
    ends = (line[: len(order)] << 32) + edges.x[order // 2]
    at = xp.searchsorted(ends, (line[len(order) :] << 32) + x, side="right") - 1
    outer = xp.arange(len(ring))
    outer[holes] = ring[order[at] // 2]
    for _ in range(len(holes).bit_length()):
        outer = outer[outer]
    part: Array = outer[ring]
    return part


def _vertices(edges: Edges, following: Array, ring: Array, roots: Array) -> tuple[Array, Array]:
    """Corners of the rings that start with these edges, and how many each has."""
    edge = xp.arange(len(ring))
    is_root = ring == edge
    to_go = (~is_root).astype(np.int64)  # edges until the ring closes
    hop = xp.where(is_root, edge, following)
    for _ in range(len(edge).bit_length()):
        to_go = to_go + to_go[hop]
        hop = hop[hop]
    n_edges = xp.bincount(ring, minlength=len(ring))
    place = xp.where(is_root, 0, n_edges[ring] - to_go)
    # From the first corner on: an outline runs right from there, a hole down.
    tail = 2 * place - edges.up[ring]
    tail = xp.where(tail < 0, 2 * n_edges[ring] - 1, tail)
    head = 2 * place + 1 - edges.up[ring]
    lengths = 2 * n_edges[roots]
    start = xp.zeros(len(ring), np.int64)
    start[roots] = ragged.offsets_from_lengths(lengths)[:-1]
    coords = xp.zeros((int(lengths.sum()), 2), np.int64)
    coords[start[ring] + tail] = xp.stack([edges.x, xp.where(edges.up, edges.bottom, edges.top)], 1)
    coords[start[ring] + head] = xp.stack([edges.x, xp.where(edges.up, edges.top, edges.bottom)], 1)
    return coords, lengths
