"""Offsets: the one way in which maskmill nests things.

Row i of a ragged column owns ``values[offsets[i]:offsets[i+1]]``. `Masks`, `Polygons` and groups of
masks are all built from such columns, so the index arithmetic lives here, once.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from maskmill.backend.arrays import adopt, host, like, namespace

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

Batch = TypeVar("Batch")


def rows(
    function: str, index: int | slice | Sequence[int] | npt.NDArray[Any], n: int
) -> slice | npt.NDArray[np.int64]:
    """Turn any index into a slice with step 1 (shares memory) or an array of row numbers."""
    if isinstance(index, slice):
        start, stop, step = index.indices(n)
        if step == 1:
            return slice(start, max(start, stop))
        return np.arange(start, stop, step, dtype=np.int64)
    if isinstance(index, (int, np.integer)) and not isinstance(index, (bool, np.bool_)):
        i = operator.index(index)
        if not -n <= i < n:
            raise IndexError(
                f"{function}: index must be between {-n} and {n - 1}, got {i}. "
                f"The batch holds {n} rows."
            )
        i %= n
        return slice(i, i + 1)
    if isinstance(index, tuple):
        raise TypeError(
            f"{function}: index must have one axis, got {len(index)}. "
            "A batch has one axis; select several rows with a list."
        )
    picked = host(adopt(function, "index", index))
    if picked.ndim == 1 and picked.dtype == bool:
        if len(picked) != n:
            raise IndexError(
                f"{function}: a boolean index must have one value a row ({n}), got {len(picked)}. "
                "Index with row numbers to select a few."
            )
        return np.flatnonzero(picked)
    if picked.ndim == 1 and (picked.dtype.kind in "iu" or not picked.size):
        bad = (picked < -n) | (picked >= n)
        if bad.any():
            raise IndexError(
                f"{function}: index must be between {-n} and {n - 1}, got "
                f"{picked[np.argmax(bad)]}. The batch holds {n} rows."
            )
        numbers = picked.astype(np.int64)
        return numbers % n if n else numbers
    raise TypeError(
        f"{function}: index must be an integer, a slice, or a 1-D integer or boolean array, got "
        f"{type(index).__name__} of dtype {picked.dtype} and {picked.ndim} dimensions. "
        "Select rows one axis at a time."
    )


def index_of(column: Array, picked: slice | Array) -> slice | Array:
    """Bring row numbers to where the column is that they index."""
    if isinstance(picked, slice) or type(column) is np.ndarray:
        return picked
    return like(picked, column)


def spread(starts: Array, lengths: Array) -> Array:
    """Concatenate ``arange(start, start + length)`` of each row."""
    xp = namespace(lengths)
    ends = xp.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    shift: Array = xp.repeat(starts - (ends - lengths), lengths)
    return xp.arange(total, dtype=np.int64) + shift  # type: ignore[no-any-return]


def offsets_from_lengths(lengths: Array) -> Array:
    """Exclusive sums: int64, one longer than ``lengths``."""
    xp = namespace(lengths)
    offsets: Array = xp.zeros(len(lengths) + 1, np.int64)
    xp.cumsum(lengths, out=offsets[1:])
    return offsets


@lru_cache(maxsize=64)
def one_group(n: int) -> Array:
    """Offsets of one group of n rows: shared, read-only, at no cost to small calls."""
    offsets = np.array([0, n], np.int64)
    offsets.flags.writeable = False
    return offsets


def take(offsets: Array, picked: slice | Array) -> tuple[Array, Any]:
    """Offsets of the picked rows, and the index of every value they own.

    A stretch of rows (a slice with step 1) owns a stretch of values, which share memory.
    """
    if isinstance(picked, slice):
        own = offsets[picked.start : picked.stop + 1]
        return own - own[0], slice(int(own[0]), int(own[-1]))
    starts = offsets[picked]
    lengths = offsets[picked + 1] - starts
    return offsets_from_lengths(lengths), spread(starts, lengths)


def batches(function: str, given: Iterable[Batch], kind: type[Batch]) -> list[Batch]:
    """List batches that are all of this kind."""
    found = list(given)
    for i, batch in enumerate(found):
        if not isinstance(batch, kind):
            raise TypeError(
                f"{function}: batches must be {kind.__name__}, got {type(batch).__name__} at "
                f"{i}. Build each batch first."
            )
    return found


def concatenate_offsets(columns: Sequence[Array]) -> Array:
    """Offsets of ragged columns laid end to end."""
    xp = namespace(columns[0])
    return offsets_from_lengths(xp.concatenate([xp.diff(offsets) for offsets in columns]))


def check_column(function: str, name: str, column: Array, dtype: npt.DTypeLike, ndim: int) -> None:
    """Raise TypeError or ValueError unless ``column`` is a plain array that C can read as is."""
    if type(column) not in (np.ndarray, np.memmap) or column.dtype != dtype:
        got = column.dtype if type(column) is np.ndarray else type(column).__name__
        raise TypeError(
            f"{function}: {name} must be an array of {np.dtype(dtype)}, got {got}. "
            f"Convert it with np.asarray({name}, np.{np.dtype(dtype)})."
        )
    if column.ndim != ndim:
        raise ValueError(
            f"{function}: {name} must have {ndim} dimension{'s' * (ndim > 1)}, got shape "
            f"{column.shape}. Reshape it."
        )
    if not column.flags.c_contiguous:
        raise ValueError(
            f"{function}: {name} must be contiguous, got strides {column.strides}. "
            f"Copy it with np.ascontiguousarray({name})."
        )
    if not column.flags.aligned:
        raise ValueError(
            f"{function}: {name} must be aligned in memory, got an array that is not. "
            f"Copy it with {name}.copy()."
        )


def check_offsets(
    function: str,
    name: str,
    offsets: Array,
    n_rows: int,
    n_values: int,
    error: type[ValueError] = ValueError,
) -> None:
    """Raise ``error`` unless ``offsets`` cut ``n_values`` values into ``n_rows`` rows."""
    if len(offsets) != n_rows + 1:
        raise error(
            f"{function}: {name} must have one value more than rows ({n_rows + 1}), got "
            f"{len(offsets)}. Row i owns values[{name}[i]:{name}[i+1]]."
        )
    if offsets[0] != 0 or offsets[-1] != n_values:
        raise error(
            f"{function}: {name} must run from 0 to the number of values ({n_values}), got "
            f"{offsets[0]} to {offsets[-1]}. Rebase the offsets of a cut-out column."
        )
    falls = offsets[1:] < offsets[:-1]
    if falls.any():
        i = int(np.argmax(falls))
        raise error(
            f"{function}: {name} must not decrease, got {offsets[i]} followed by {offsets[i + 1]} "
            f"at row {i}. Row i owns values[{name}[i]:{name}[i+1]]."
        )


def check_sizes(
    function: str, sizes: Array, error: type[ValueError] = ValueError, row: str = "mask"
) -> None:
    """Raise unless ``sizes`` is int32 (N, 2) of positive extents below 2**32 pixels."""
    check_column(function, "sizes", sizes, np.int32, ndim=2)
    if sizes.shape[1] != 2:
        raise error(
            f"{function}: sizes must have shape (N, 2), got {sizes.shape}. "
            f"Give (height, width) of each {row}."
        )
    bad = (sizes < 1).any(axis=1) | (sizes.astype(np.int64).prod(axis=1) >= 2**32)
    if bad.any():
        i = int(np.argmax(bad))
        raise error(
            f"{function}: sizes of {row} {i} must be at least 1x1 and below 2**32 pixels, got "
            f"height {sizes[i, 0]} and width {sizes[i, 1]}. Give (height, width) of the image."
        )


def check_image_size(function: str, height: int, width: int) -> None:
    """Raise unless one image has this size; cheap, for calls on a single small mask."""
    if not (0 < height * width < 2**32 and height < 2**31 and width < 2**31):
        as_sizes(function, (height, width), 1)


def _pairs(function: str, sizes: object) -> Array:
    """Make an array; for a list of pairs of int, as files give it, faster than NumPy does."""
    if (
        type(sizes) is list
        and set(map(type, sizes)) == {tuple}
        and set(map(len, sizes)) == {2}
        and set(map(type, chain.from_iterable(sizes))) == {int}
    ):
        try:
            return np.fromiter(chain.from_iterable(sizes), np.int64, 2 * len(sizes)).reshape(-1, 2)
        except OverflowError:
            pass  # NumPy finds a wider type
    try:
        return host(adopt(function, "sizes", sizes))
    except ValueError:  # rows of different lengths
        return np.asarray(sizes, object)


def as_sizes(
    function: str,
    sizes: object,
    n: int,
    error: type[ValueError] = ValueError,
    row: str = "mask",
) -> Array:
    """Bring ``(height, width)`` or one pair a row to int32 (N, 2), checked."""
    if type(sizes) is tuple and len(sizes) == 2 and type(sizes[0]) is type(sizes[1]) is int:
        height, width = sizes
        if height > 0 and width > 0 and height * width < 2**32 and max(sizes) < 2**31:
            one_size = np.empty((n, 2), np.int32)  # by far the most calls, and 20 times as fast
            one_size[:] = sizes
            return one_size
    given = _pairs(function, sizes)
    whole = given.dtype.kind in "iu" or (
        given.dtype.kind == "f" and np.array_equal(given, np.floor(given))
    )
    if given.size and not whole:
        raise TypeError(
            f"{function}: sizes must be integers, got {given.dtype}. "
            "Give (height, width) in whole pixels."
        )
    if given.shape == (2,):
        given = np.broadcast_to(given, (n, 2))
    elif not given.size:
        given = given.reshape(0, 2)
    if given.shape != (n, 2):
        raise ValueError(
            f"{function}: sizes must have shape (2,) or ({n}, 2), got {given.shape}. "
            f"Give one (height, width), or one a {row}."
        )
    bad = ((given < 1) | (given >= 2**31)).any(axis=1)
    if bad.any():
        i = int(np.argmax(bad))
        raise error(
            f"{function}: sizes of {row} {i} must be at least 1x1 and below 2**32 pixels, got "
            f"height {given[i, 0]} and width {given[i, 1]}. Give (height, width) of the image."
        )
    checked = np.ascontiguousarray(given, dtype=np.int32)
    check_sizes(function, checked, error, row)
    return checked


def as_groups(function: str, name: str, groups: object, n_rows: int) -> Array:
    """Bring offsets of groups of rows to int64, checked against the number of rows."""
    given = host(adopt(function, name, groups))
    if given.size and given.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: {name} must be integer offsets, got {given.dtype}. "
            "maskmill.group(keys) makes groups from the image of each mask."
        )
    if given.ndim != 1 or not given.size:
        raise ValueError(
            f"{function}: {name} must have 1 dimension and one offset more than groups, got shape "
            f"{given.shape}. maskmill.group(keys) makes groups from the image of each mask."
        )
    offsets = np.ascontiguousarray(given, dtype=np.int64)
    check_offsets(function, name, offsets, len(offsets) - 1, n_rows)
    return offsets
