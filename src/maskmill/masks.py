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

from maskmill import ragged
from maskmill.errors import InvalidMaskError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["Masks"]

MAX_PIXELS: Final = 2**32 - 1
"""Largest height*width of one mask: positions are uint32."""


class Masks:
    """A batch of N masks of any sizes.

    Parameters
    ----------
    bounds : uint32 array, shape (B,)
        Positions where the value flips; see the module's picture.
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
    The check costs O(bounds).

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
        ragged.check_column("Masks", "bounds", bounds, np.uint32, ndim=1)
        ragged.check_column("Masks", "offsets", offsets, np.int64, ndim=1)
        ragged.check_sizes("Masks", sizes, InvalidMaskError)
        ragged.check_offsets("Masks", "offsets", offsets, len(sizes), len(bounds), InvalidMaskError)
        _check_bounds(bounds, offsets, sizes)
        self.bounds = bounds
        self.offsets = offsets
        self.sizes = sizes

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

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def nbytes(self) -> int:
        """Bytes that the three columns take."""
        return int(self.bounds.nbytes + self.offsets.nbytes + self.sizes.nbytes)

    def __getitem__(self, index: int | slice | Sequence[int] | npt.NDArray[Any]) -> Masks:
        """Select masks by number, slice, index array or boolean array; always a batch."""
        rows = ragged.rows("Masks", index, len(self))
        if isinstance(rows, slice):
            start, stop = self.offsets[rows.start], self.offsets[rows.stop]
            return Masks.from_trusted(
                self.bounds[start:stop],
                self.offsets[rows.start : rows.stop + 1] - start,
                self.sizes[rows],
            )
        offsets, taken = ragged.take(self.offsets, rows)
        return Masks.from_trusted(self.bounds[taken], offsets, self.sizes[rows])

    def __iter__(self) -> Iterator[Masks]:
        """Iterate over batches of one mask each."""
        return (self[i] for i in range(len(self)))

    @classmethod
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
        parts = list(batches)
        if not parts:
            return cls.empty()
        return cls.from_trusted(
            np.concatenate([m.bounds for m in parts]),
            ragged.concatenate_offsets([m.offsets for m in parts]),
            np.concatenate([m.sizes for m in parts]),
        )

    def __eq__(self, other: object) -> bool:
        """Tell whether both batches hold the same masks: the same columns."""
        if not isinstance(other, Masks):
            return NotImplemented
        return (
            np.array_equal(self.sizes, other.sizes)
            and np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.bounds, other.bounds)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Masks.from_trusted, (self.bounds, self.offsets, self.sizes)


def _check_bounds(bounds: Array, offsets: Array, sizes: Array) -> None:
    lengths = np.diff(offsets)
    odd = lengths % 2 != 0
    if odd.any():
        i = int(np.argmax(odd))
        raise InvalidMaskError(
            f"Masks: bounds of mask {i} must come in pairs (start, stop), got {lengths[i]} values. "
            "Use Masks.from_coco or from_counts to build masks from run lengths."
        )
    falling = np.flatnonzero(bounds[1:] <= bounds[:-1]) + 1
    falling = falling[~np.isin(falling, offsets)]  # a new mask may start lower
    if len(falling):
        at = int(falling[0])
        i = int(np.searchsorted(offsets, at, side="right")) - 1
        raise InvalidMaskError(
            f"Masks: bounds of mask {i} must increase strictly, got {bounds[at - 1]} followed by "
            f"{bounds[at]}. Use from_counts to normalise run lengths that hold zeros."
        )
    filled = np.flatnonzero(lengths)
    last = bounds[offsets[filled + 1] - 1].astype(np.int64)
    n_pixels = sizes[filled].astype(np.int64).prod(axis=1)
    beyond = last > n_pixels
    if beyond.any():
        k = int(np.argmax(beyond))
        raise InvalidMaskError(
            f"Masks: bounds of mask {filled[k]} must stay within height*width = {n_pixels[k]}, got "
            f"{last[k]}. Check that sizes are (height, width) of the image."
        )
