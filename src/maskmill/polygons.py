"""`Polygons`: a batch of polygonal masks as flat columns.

::

    coords        float64 [V, 2]   x, y in pixels; pixel (0, 0) covers [0, 1) x [0, 1)
    ring_offsets  int64   [R+1]    ring r owns coords[ring_offsets[r]:ring_offsets[r+1]]
    part_offsets  int64   [P+1]    part p owns rings part_offsets[p]..: an outline, then its holes
    mask_offsets  int64   [N+1]    mask i owns parts mask_offsets[i]..; parts are united
    sizes         int32   [N, 2]   (height, width)

Rings are open: the first vertex is not repeated at the end (a repeated one changes nothing). A ring
of fewer than three vertices encloses nothing. This is GeoArrow's MultiPolygon nesting; COCO's
``segmentation: [[...], [...]]`` is one part per list::

    mask 0 ─┬─ part 0 ─┬─ ring 0   outline   o────────o
            │          └─ ring 1   hole      │ o──o   │   o──o
            └─ part 1 ─── ring 2   outline   │ o──o   │   o──o
                                             o────────o
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from maskmill import ragged
from maskmill.errors import InvalidPolygonError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["Polygons"]

MAX_COORDINATE: Final = 2.0**22
"""Largest absolute coordinate: products of two extents on a grid of 1/256 pixel fit in 64 bits."""


class Polygons:
    """A batch of N polygonal masks: parts with holes, in images of any sizes.

    Parameters
    ----------
    coords : float64 array, shape (V, 2), x and y in pixels
    ring_offsets : int64 array, shape (R+1,)
    part_offsets : int64 array, shape (P+1,)
    mask_offsets : int64 array, shape (N+1,)
    sizes : int32 array, shape (N, 2), (height, width)

    Raises
    ------
    TypeError
        If a column has another dtype; columns are never converted, so that they are never copied.
    InvalidPolygonError
        If offsets do not nest, or a coordinate is not finite or beyond 2**22 pixels.

    Notes
    -----
    A batch is immutable by convention: operations return new batches, slices share memory.
    The check costs O(vertices).

    Examples
    --------
    >>> import numpy as np
    >>> triangle = Polygons(
    ...     coords=np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]),
    ...     ring_offsets=np.array([0, 3]),
    ...     part_offsets=np.array([0, 1]),
    ...     mask_offsets=np.array([0, 1]),
    ...     sizes=np.array([[5, 5]], np.int32),
    ... )
    >>> len(triangle)
    1
    """

    __slots__ = ("coords", "mask_offsets", "part_offsets", "ring_offsets", "sizes")
    __hash__: ClassVar[None]  # type: ignore[assignment]

    coords: Array
    ring_offsets: Array
    part_offsets: Array
    mask_offsets: Array
    sizes: Array

    def __init__(
        self,
        coords: Array,
        ring_offsets: Array,
        part_offsets: Array,
        mask_offsets: Array,
        sizes: Array,
    ) -> None:
        ragged.check_column("Polygons", "coords", coords, np.float64, ndim=2)
        ragged.check_sizes("Polygons", sizes, InvalidPolygonError)
        if coords.shape[1] != 2:
            raise InvalidPolygonError(
                f"Polygons: coords must have shape (V, 2), got {coords.shape}. Give x and y."
            )
        offsets = {
            "mask_offsets": (mask_offsets, len(sizes), len(part_offsets) - 1),
            "part_offsets": (part_offsets, len(part_offsets) - 1, len(ring_offsets) - 1),
            "ring_offsets": (ring_offsets, len(ring_offsets) - 1, len(coords)),
        }
        for name, (column, n_rows, n_values) in offsets.items():
            ragged.check_column("Polygons", name, column, np.int64, ndim=1)
            ragged.check_offsets("Polygons", name, column, n_rows, n_values, InvalidPolygonError)
        self.coords = coords
        self.ring_offsets = ring_offsets
        self.part_offsets = part_offsets
        self.mask_offsets = mask_offsets
        self.sizes = sizes
        self._check_coords()

    def _check_coords(self) -> None:
        bad = ~(np.abs(self.coords) <= MAX_COORDINATE).all(axis=1)
        if bad.any():
            v = int(np.argmax(bad))
            ring = int(np.searchsorted(self.ring_offsets, v, side="right")) - 1
            part = int(np.searchsorted(self.part_offsets, ring, side="right")) - 1
            mask = int(np.searchsorted(self.mask_offsets, part, side="right")) - 1
            x, y = self.coords[v]
            raise InvalidPolygonError(
                f"Polygons: coords of mask {mask} must be finite and within 2**22 pixels, got "
                f"({x}, {y}) at vertex {v - self.ring_offsets[ring]} of ring {ring}. "
                "Repair or drop the mask."
            )

    @classmethod
    def from_trusted(
        cls,
        coords: Array,
        ring_offsets: Array,
        part_offsets: Array,
        mask_offsets: Array,
        sizes: Array,
    ) -> Polygons:
        """Wrap columns that are known to be well formed, without a check."""
        polygons = object.__new__(cls)
        polygons.coords = coords
        polygons.ring_offsets = ring_offsets
        polygons.part_offsets = part_offsets
        polygons.mask_offsets = mask_offsets
        polygons.sizes = sizes
        return polygons

    @classmethod
    def empty(cls) -> Polygons:
        """Make a batch of no masks."""
        zero = np.zeros(1, np.int64)
        return cls.from_trusted(np.zeros((0, 2)), zero, zero, zero, np.zeros((0, 2), np.int32))

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def nbytes(self) -> int:
        """Bytes that the five columns take."""
        columns = (
            self.coords,
            self.ring_offsets,
            self.part_offsets,
            self.mask_offsets,
            self.sizes,
        )
        return sum(int(column.nbytes) for column in columns)

    def __getitem__(self, index: int | slice | Sequence[int] | npt.NDArray[Any]) -> Polygons:
        """Select masks by number, slice, index array or boolean array; always a batch."""
        rows = ragged.rows("Polygons", index, len(self))
        if isinstance(rows, slice):
            rows = np.arange(rows.start, rows.stop, dtype=np.int64)
        mask_offsets, parts = ragged.take(self.mask_offsets, rows)
        part_offsets, rings = ragged.take(self.part_offsets, parts)
        ring_offsets, vertices = ragged.take(self.ring_offsets, rings)
        return Polygons.from_trusted(
            self.coords[vertices], ring_offsets, part_offsets, mask_offsets, self.sizes[rows]
        )

    def __iter__(self) -> Iterator[Polygons]:
        """Iterate over batches of one mask each."""
        return (self[i] for i in range(len(self)))

    @classmethod
    def concatenate(cls, batches: Iterable[Polygons]) -> Polygons:
        """Join batches into one, in order; no batches give an empty batch."""
        parts = list(batches)
        if not parts:
            return cls.empty()
        return cls.from_trusted(
            np.concatenate([p.coords for p in parts]),
            ragged.concatenate_offsets([p.ring_offsets for p in parts]),
            ragged.concatenate_offsets([p.part_offsets for p in parts]),
            ragged.concatenate_offsets([p.mask_offsets for p in parts]),
            np.concatenate([p.sizes for p in parts]),
        )

    def __eq__(self, other: object) -> bool:
        """Tell whether both batches hold the same vertices in the same nesting."""
        if not isinstance(other, Polygons):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in self.__slots__
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Polygons.from_trusted, (
            self.coords,
            self.ring_offsets,
            self.part_offsets,
            self.mask_offsets,
            self.sizes,
        )
