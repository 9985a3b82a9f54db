"""`Masks`: a batch of segmentation masks as three flat columns.

::

    bounds   uint32 [B]     column-major pixel positions where the value flips
    offsets  int64  [N+1]   mask i owns bounds[offsets[i]:offsets[i+1]]
    sizes    int32  [N, 2]  (height, width)

Pixel (row y, column x) of a mask has position ``x * height + y``. Inside a mask the bounds are an
even number of strictly increasing positions, the last at most ``height * width < 2**32``: a sorted
list of half-open spans ``[start, stop)`` of foreground. A 3x4 mask with the pixels 4, 5, 6 and 11::

    position of each pixel      mask          bounds  [4, 7, 11, 12]
       0  3  6  9               . . # .       spans   [4, 7) and [11, 12)
       1  4  7 10               . # . .       counts  [4, 3, 4, 1], as COCO writes it
       2  5  8 11               . # . #

The form is canonical: equal masks have equal columns. It is checked once, where a batch is built
from foreign data; after that every operation trusts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from maskmill import ragged, structure
from maskmill.backend.arrays import namespace, place_of, plain, readable
from maskmill.backend.doors import tensors
from maskmill.loading import loading

if TYPE_CHECKING:
    import pyarrow as pa

    from maskmill.backend.arrays import Array
    from maskmill.backend.contract import BackendName, RasterRule

__all__ = ["Masks"]

MAX_PIXELS: Final = 2**32 - 1
"""Largest height*width of one mask: positions are uint32."""


class Masks:
    """A batch of N masks of any sizes.

    Parameters
    ----------
    bounds : uint32 array, shape (B,)
        Positions where the value flips; see the module's picture. Columns are arrays of NumPy,
        CuPy or torch, all in one place; operations work there and give arrays of that library.
    offsets : int64 array, shape (N+1,)
    sizes : int32 array, shape (N, 2)
        (height, width) of each mask, at least 1 each, fewer than 2**32 pixels together.

    Raises
    ------
    TypeError
        If a column has another dtype; columns are never converted, so that they are never copied.
    InvalidMaskError
        If the structure is broken; the message names the mask.

    Notes
    -----
    A batch is immutable by convention: operations return new batches, slices share memory.
    The check costs O(bounds), and for columns on a device a copy of them to the host.

    Examples
    --------
    >>> import numpy as np
    >>> masks = Masks(
    ...     bounds=np.array([4, 7, 11, 12], np.uint32),
    ...     offsets=np.array([0, 4]),
    ...     sizes=np.array([[3, 4]], np.int32),
    ... )
    >>> len(masks)
    1
    """

    __slots__ = ("bounds", "offsets", "sizes")
    __hash__: ClassVar[None]  # type: ignore[assignment]

    bounds: Array
    offsets: Array
    sizes: Array

    def __init__(self, bounds: Array, offsets: Array, sizes: Array) -> None:
        place_of(bounds, offsets, sizes)
        structure.check_masks(readable(bounds), readable(offsets), readable(sizes))
        self.bounds = plain(bounds)
        self.offsets = plain(offsets)
        self.sizes = plain(sizes)

    @classmethod
    def from_trusted(cls, bounds: Array, offsets: Array, sizes: Array) -> Masks:
        """Wrap columns that are known to be well formed, without a check."""
        masks = object.__new__(cls)
        masks.bounds = bounds
        masks.offsets = offsets
        masks.sizes = sizes
        return masks

    @classmethod
    def empty(cls) -> Masks:
        """Make a batch of no masks."""
        return cls.from_trusted(
            np.zeros(0, np.uint32), np.zeros(1, np.int64), np.zeros((0, 2), np.int32)
        )

    @classmethod
    def from_coco(
        cls,
        segmentations: Iterable[object],
        sizes: object | None = None,
        *,
        rule: RasterRule = "coco",
        backend: BackendName | None = None,
    ) -> Masks:
        """Build masks from the ``segmentation`` fields of COCO annotations.

        Parameters
        ----------
        segmentations : iterable of N segmentations
            Any mix of polygons (a list of ``[x, y, x, y, ...]``, united; none or None gives an
            empty mask), run lengths (``{"size": [height, width], "counts": ...}`` with a
            compressed string, str or bytes, or a list of int), and raw JSON text of either
            (`msgspec.Raw`). Arrays serve as lists.
        sizes : (height, width), or int array (N, 2), optional
            Sizes of the images. May be left out if all segmentations are run lengths.
        rule : {"coco", "center"}
            Which pixels are inside a polygon; see `maskmill.rasterize`.
        backend : {"numpy", "cpu", "cuda", "cupy"}, optional

        Returns
        -------
        Masks, N masks

        Raises
        ------
        InvalidMaskError
            If a segmentation is malformed, or run lengths have another size than ``sizes`` says
            or another total; the message names the first such segmentation and what is wrong.
        ValueError
            If ``sizes`` has the wrong shape, or is missing for polygons.

        Notes
        -----
        O(characters + vertices + runs); lists and arrays are written as JSON text first. Text that
        was kept raw skips that, as in
        ``msgspec.json.decode(data, type=list[Annotation])`` with ``segmentation: msgspec.Raw``.

        Examples
        --------
        >>> from maskmill import area
        >>> square = [[1, 1, 3, 1, 3, 3, 1, 3]]
        >>> runs = {"size": [4, 4], "counts": [0, 2, 14]}
        >>> area(Masks.from_coco([square, runs, None], (4, 4)))
        array([4, 2, 0])
        """
        with loading:
            from maskmill.ops import coco

        return coco.masks_from_coco(segmentations, sizes, rule, backend)

    def to_coco(
        self, *, compressed: bool = True, backend: BackendName | None = None
    ) -> list[dict[str, Any]]:
        """Give the run lengths of each mask as COCO writes them.

        Parameters
        ----------
        compressed : bool
            Whether counts are COCO's strings (str) or lists of int.
        backend : {"numpy", "cpu", "cuda", "cupy"}, optional

        Returns
        -------
        list of N dicts
            ``{"size": [height, width], "counts": ...}``, ready for JSON. `from_coco` gives the
            same masks back.

        Examples
        --------
        >>> Masks.from_coco([[[0, 0, 2, 0, 2, 2, 0, 2]]], (4, 4)).to_coco(compressed=False)
        [{'size': [4, 4], 'counts': [0, 2, 2, 2, 10]}]
        """
        with loading:
            from maskmill.ops import coco

        return coco.masks_to_coco(self, compressed, backend)

    def to_arrow(self) -> pa.StructArray:
        """Give an Arrow array; see `maskmill.arrow`, whose ``field`` names the column."""
        with loading:
            from maskmill import arrow

        return arrow.masks_to_arrow(self)

    @classmethod
    def from_arrow(cls, array: object) -> Masks:
        """Build masks from an Arrow array or column, checked; see `maskmill.arrow`."""
        with loading:
            from maskmill import arrow

        return arrow.masks_from_arrow(array)

    def __len__(self) -> int:
        return len(self.sizes)

    def __repr__(self) -> str:
        with loading:
            from maskmill import display

        return display.describe_masks(self)

    def _repr_png_(self) -> bytes | None:
        with loading:
            from maskmill import display

        return display.draw_masks(self)

    @property
    def nbytes(self) -> int:
        """Bytes that the three columns take."""
        return int(self.bounds.nbytes + self.offsets.nbytes + self.sizes.nbytes)

    @tensors
    def __getitem__(self, index: int | slice | Sequence[int] | npt.NDArray[Any]) -> Masks:
        """Select masks by number, slice, index array or boolean array; always a batch."""
        rows = ragged.rows("Masks", index, len(self))
        rows = ragged.index_of(self.sizes, rows)
        offsets, taken = ragged.take(self.offsets, rows)
        return Masks.from_trusted(self.bounds[taken], offsets, self.sizes[rows])

    def __iter__(self) -> Iterator[Masks]:
        """Iterate over batches of one mask each."""
        return (self[i] for i in range(len(self)))

    @classmethod
    @tensors
    def concatenate(cls, batches: Iterable[Masks]) -> Masks:
        """Join batches into one, in order.

        Parameters
        ----------
        batches : iterable of Masks
            No batches give an empty batch.

        Returns
        -------
        Masks
            A copy. O(bounds).
        """
        parts = ragged.batches("Masks.concatenate", batches, Masks)
        if not parts:
            return cls.empty()
        place_of(*(m.bounds for m in parts))
        xp = namespace(parts[0].bounds)
        return cls.from_trusted(
            xp.concatenate([m.bounds for m in parts]),
            ragged.concatenate_offsets([m.offsets for m in parts]),
            xp.concatenate([m.sizes for m in parts]),
        )

    @tensors
    def __eq__(self, other: object) -> bool:
        """Tell whether both batches hold the same masks: the same columns, in one place."""
        if not isinstance(other, Masks):
            return NotImplemented
        place_of(self.bounds, other.bounds)
        xp = namespace(self.bounds)
        return all(
            bool(xp.array_equal(getattr(self, name), getattr(other, name)))
            for name in ("sizes", "offsets", "bounds")
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Masks.from_trusted, (self.bounds, self.offsets, self.sizes)
