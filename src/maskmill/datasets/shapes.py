"""`Shapes`: one column of segmentations, each kept as what it was.

A dataset mixes polygons, run lengths and instances that have a box and nothing more. Turning all
of them into one kind would lose something, so the column holds two batches and tells for every
instance which of them it is in::

    kinds      uint8 [N]    NO_SHAPE, POLYGONS or RUN_LENGTHS
    polygons   Polygons     the instances of kind POLYGONS, in order
    runs       Masks        the instances of kind RUN_LENGTHS, in order
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill import ragged
from maskmill.backend.contract import COCO_STRING, COUNTS, RasterRule, Segmentations
from maskmill.backend.contract import POLYGONS as PARSED_POLYGONS
from maskmill.backend.dispatch import backend_for
from maskmill.errors import StructureError
from maskmill.masks import Masks
from maskmill.ops.coco import interleave
from maskmill.ops.rasterize import rasterize
from maskmill.polygons import Polygons

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["NO_SHAPE", "POLYGONS", "RUN_LENGTHS", "Shapes", "shapes_from_coco"]

NO_SHAPE: Final = 0
POLYGONS: Final = 1
RUN_LENGTHS: Final = 2


class Shapes:
    """Segmentations of N instances.

    Parameters
    ----------
    kinds : uint8 array, shape (N,)
        `NO_SHAPE`, `POLYGONS` or `RUN_LENGTHS`.
    polygons : Polygons
        The instances of kind `POLYGONS`, in order.
    runs : Masks
        The instances of kind `RUN_LENGTHS`, in order.

    Raises
    ------
    ValueError
        If a batch does not hold as many masks as there are instances of its kind.
    """

    __slots__ = ("kinds", "polygons", "runs")

    def __init__(self, kinds: Array, polygons: Polygons, runs: Masks) -> None:
        wanted = np.bincount(kinds, minlength=3)
        if len(wanted) > 3 or wanted[POLYGONS] != len(polygons) or wanted[RUN_LENGTHS] != len(runs):
            raise ValueError(
                f"Shapes: kinds must count the masks of both batches ({len(polygons)} polygons, "
                f"{len(runs)} run lengths), got {wanted.tolist()} of kinds 0, 1, 2. "
                "Give one kind an instance."
            )
        self.kinds = kinds
        self.polygons = polygons
        self.runs = runs

    @classmethod
    def from_masks(cls, masks: Masks) -> Shapes:
        """Wrap masks: every instance is one of run lengths."""
        return cls(np.full(len(masks), RUN_LENGTHS, np.uint8), Polygons.empty(), masks)

    @classmethod
    def from_polygons(cls, polygons: Polygons) -> Shapes:
        """Wrap polygons: every instance is polygonal."""
        return cls(np.full(len(polygons), POLYGONS, np.uint8), polygons, Masks.empty())

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, rows: Array) -> Shapes:
        """Select instances by an array of row numbers."""
        kinds = self.kinds[rows]
        inside = self.rows_in_batches()
        return Shapes(
            kinds,
            self.polygons[inside[rows[kinds == POLYGONS]]],
            self.runs[inside[rows[kinds == RUN_LENGTHS]]],
        )

    def rows_in_batches(self) -> Array:
        """Row of each instance in the batch of its kind, int64 (N,)."""
        rows = np.zeros(len(self.kinds), np.int64)
        for kind in (NO_SHAPE, POLYGONS, RUN_LENGTHS):
            own = np.flatnonzero(self.kinds == kind)
            rows[own] = np.arange(len(own))
        return rows

    def masks(self, sizes: Array, rule: RasterRule = "coco") -> Masks:
        """Turn every instance into a mask.

        Parameters
        ----------
        sizes : int32 array, shape (N, 2)
            (height, width) of the image of each instance.
        rule : {"coco", "center"}
            How polygons become pixels, see `maskmill.rasterize`.

        Returns
        -------
        Masks, N masks
            An instance without a shape gives an empty mask.
        """
        batches = {RUN_LENGTHS: self.runs, POLYGONS: rasterize(self.polygons, rule=rule)}
        n_shapeless = len(self) - len(self.runs) - len(self.polygons)
        batches[NO_SHAPE] = Masks.from_trusted(
            np.zeros(0, np.uint32), np.zeros(n_shapeless + 1, np.int64), sizes[:n_shapeless]
        )
        present = {kind: masks for kind, masks in batches.items() if len(masks)}
        return interleave(present, self.kinds, sizes)


def shapes_from_coco(texts: Sequence[bytes | memoryview], sizes: Array) -> Shapes:
    """Read the raw ``segmentation`` fields of COCO records.

    Parameters
    ----------
    texts : sequence of N bytes-like
        JSON text: lists of polygons, or run lengths as counts or as a string. An empty list or
        null gives an instance without a shape.
    sizes : int32 array, shape (N, 2)
        (height, width) of the image of each record.

    Returns
    -------
    Shapes

    Raises
    ------
    StructureError
        For the first record that is not well formed, or whose run lengths are of another size
        than its image.
    """
    backend = backend_for(None)
    parsed = backend.parse_segmentations(texts)
    run_rows = np.flatnonzero(parsed.kinds != PARSED_POLYGONS)
    differs = (parsed.sizes[run_rows] != sizes[run_rows]).any(axis=1)
    if differs.any():
        i = int(run_rows[np.argmax(differs)])
        raise StructureError(
            i,
            f"hold run lengths of the size of the image, {sizes[i, 0]} high and {sizes[i, 1]} wide",
            f"{parsed.sizes[i, 0]} high and {parsed.sizes[i, 1]} wide",
        )
    polygon_rows = np.flatnonzero(parsed.kinds == PARSED_POLYGONS)
    n_rings = np.diff(parsed.mask_offsets)
    shaped = n_rings > 0
    kinds = np.full(len(texts), RUN_LENGTHS, np.uint8)
    kinds[polygon_rows] = np.where(shaped, POLYGONS, NO_SHAPE)
    polygons = Polygons.from_trusted(
        parsed.coords,
        parsed.ring_offsets,
        np.arange(len(parsed.ring_offsets), dtype=np.int64),  # one ring a part
        ragged.offsets_from_lengths(n_rings[shaped]),
        sizes[polygon_rows[shaped]],
    )
    return Shapes(kinds, polygons, _runs(parsed, sizes))


def _runs(parsed: Segmentations, sizes: Array) -> Masks:
    """Masks of the records of run lengths, in order."""
    backend = backend_for(None)
    of_counts = np.flatnonzero(parsed.kinds == COUNTS)
    of_strings = np.flatnonzero(parsed.kinds == COCO_STRING)
    batches = []
    for rows, read, values, offsets in (
        (of_counts, backend.from_counts, parsed.counts, parsed.count_offsets),
        (of_strings, backend.from_coco_strings, parsed.chars, parsed.char_offsets),
    ):
        if len(rows):
            try:
                batches.append(read(values, offsets, sizes[rows]))
            except StructureError as error:
                raise StructureError(
                    int(rows[error.record]), error.requirement, error.got
                ) from None
    masks = Masks.concatenate(batches)
    if len(batches) < 2:
        return masks
    back = np.argsort(np.concatenate([of_counts, of_strings]), kind="stable")
    return masks[back]
