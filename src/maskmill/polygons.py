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
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from maskmill import ragged, structure
from maskmill.backend.arrays import namespace, place_of, plain, readable
from maskmill.backend.doors import tensors
from maskmill.loading import loading

if TYPE_CHECKING:
    import pyarrow as pa

    from maskmill.backend.arrays import Array
    from maskmill.backend.contract import BackendName
    from maskmill.ops.coco import Holes

__all__ = ["Polygons"]


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
    The check costs O(vertices), and for columns on a device a copy of them to the host.

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
        columns = (coords, ring_offsets, part_offsets, mask_offsets, sizes)
        place_of(*columns)
        structure.check_polygons(*map(readable, columns))
        self.coords = plain(coords)
        self.ring_offsets = plain(ring_offsets)
        self.part_offsets = plain(part_offsets)
        self.mask_offsets = plain(mask_offsets)
        self.sizes = plain(sizes)

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

    @classmethod
    def from_coco(
        cls,
        segmentations: Iterable[object],
        sizes: object,
        *,
        backend: BackendName | None = None,
    ) -> Polygons:
        """Build polygons from the ``segmentation`` fields of COCO annotations.

        Parameters
        ----------
        segmentations : iterable of N segmentations
            Lists of ``[x, y, x, y, ...]``, one a part; none or None gives a mask without parts.
            Arrays serve as lists, and `msgspec.Raw` as its JSON text.
        sizes : (height, width), or int array (N, 2)
        backend : {"numpy", "cpu", "cuda", "cupy"}, optional

        Returns
        -------
        Polygons, N masks
            Each list is a part of one ring: COCO has no holes.

        Raises
        ------
        InvalidPolygonError
            If a segmentation is malformed or holds run lengths; the message names the first one.
        ValueError
            If ``sizes`` has the wrong shape.

        Examples
        --------
        >>> Polygons.from_coco([[[0, 0, 4, 0, 0, 4]], []], (5, 5)).mask_offsets
        array([0, 1, 1])
        """
        with loading:
            from maskmill.ops import coco

        return coco.polygons_from_coco(segmentations, sizes, backend)

    def to_coco(self, *, holes: Holes = "raise") -> list[list[list[float]]]:
        """Give the polygons of each mask as COCO writes them.

        Parameters
        ----------
        holes : {"raise", "fill"}
            What to do with parts that have holes, which COCO cannot say: raise, or write their
            outlines only. `maskmill.rasterize` and `Masks.to_coco` keep holes, as run lengths.

        Returns
        -------
        list of N lists
            One ``[x, y, x, y, ...]`` a part. `from_coco` gives equal polygons back.

        Raises
        ------
        InvalidPolygonError
            If a part has holes and ``holes="raise"``; the message names the mask.

        Examples
        --------
        >>> Polygons.from_coco([[[0, 0, 4, 0, 0, 4]], []], (5, 5)).to_coco()
        [[[0.0, 0.0, 4.0, 0.0, 0.0, 4.0]], []]
        """
        with loading:
            from maskmill.ops import coco

        return coco.polygons_to_coco(self, holes)

    def to_arrow(self) -> pa.StructArray:
        """Give an Arrow array; see `maskmill.arrow`, whose ``field`` names the column."""
        with loading:
            from maskmill import arrow

        return arrow.polygons_to_arrow(self)

    @classmethod
    def from_arrow(cls, array: object) -> Polygons:
        """Build polygons from an Arrow array or column, checked; see `maskmill.arrow`."""
        with loading:
            from maskmill import arrow

        return arrow.polygons_from_arrow(array)

    def __len__(self) -> int:
        return len(self.sizes)

    def __repr__(self) -> str:
        with loading:
            from maskmill import display

        return display.describe_polygons(self)

    def _repr_png_(self) -> bytes | None:
        with loading:
            from maskmill import display

        return display.draw_polygons(self)

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

    @tensors
    def __getitem__(self, index: int | slice | Sequence[int] | npt.NDArray[Any]) -> Polygons:
        """Select masks by number, slice, index array or boolean array; always a batch."""
        rows = ragged.rows("Polygons", index, len(self))
        rows = ragged.index_of(self.sizes, rows)
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
    @tensors
    def concatenate(cls, batches: Iterable[Polygons]) -> Polygons:
        """Join batches into one, in order; no batches give an empty batch."""
        parts = ragged.batches("Polygons.concatenate", batches, Polygons)
        if not parts:
            return cls.empty()
        place_of(*(p.coords for p in parts))
        xp = namespace(parts[0].coords)
        return cls.from_trusted(
            xp.concatenate([p.coords for p in parts]),
            ragged.concatenate_offsets([p.ring_offsets for p in parts]),
            ragged.concatenate_offsets([p.part_offsets for p in parts]),
            ragged.concatenate_offsets([p.mask_offsets for p in parts]),
            xp.concatenate([p.sizes for p in parts]),
        )

    @tensors
    def __eq__(self, other: object) -> bool:
        """Tell whether both batches hold the same vertices in the same nesting, in one place."""
        if not isinstance(other, Polygons):
            return NotImplemented
        place_of(self.coords, other.coords)
        xp = namespace(self.coords)
        return all(
            bool(xp.array_equal(getattr(self, name), getattr(other, name)))
            for name in self.__slots__
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Polygons.from_trusted, (
            self.coords,
            self.ring_offsets,
            self.part_offsets,
            self.mask_offsets,
            self.sizes,
        )
