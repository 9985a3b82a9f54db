"""Groups of rows: from one key a row (the image of each mask) to offsets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array, adopt, host

__all__ = ["Groups", "PairMatrices", "group"]


class Groups(NamedTuple):
    """What `group` returns: ``rows[order]`` lie group after group."""

    order: Array
    """int64 (N,): row numbers, sorted by key, rows of one key in their given order."""
    offsets: Array
    """int64 (G+1,): group g owns ``order[offsets[g]:offsets[g+1]]``."""
    keys: Array
    """The key of each group, (G,)."""


def group(keys: object, *, all_keys: object | None = None) -> Groups:
    """Group rows by key, so that operations can work on all images of a dataset in one call.

    Parameters
    ----------
    keys : 1-D array, one key a row
        Image ids, say; integers or strings, in any order.
    all_keys : 1-D array, optional
        The groups wanted, in order; groups without rows come out empty. Default: the sorted
        distinct keys.

    Returns
    -------
    Groups
        ``order``, ``offsets`` and ``keys``. No rows and no ``all_keys`` give no groups.

    Raises
    ------
    TypeError
        If keys are neither integers nor strings, or not all of one kind.
    ValueError
        If a key is not among ``all_keys``, or ``all_keys`` has duplicates.

    Notes
    -----
    O(N log N).

    Examples
    --------
    >>> order, offsets, keys = group([7, 3, 7])
    >>> order, offsets, keys
    (array([1, 0, 2]), array([0, 1, 3]), array([3, 7]))
    """
    given = _as_keys("keys", keys)
    found, number = np.unique(given, return_inverse=True)
    if all_keys is not None:
        wanted = _as_keys("all_keys", all_keys)
        kinds = [keys.dtype.kind for keys in (given, wanted) if keys.size]
        if len(kinds) == 2 and kinds[0] != kinds[1] and not set(kinds) <= set("biu"):
            raise TypeError(
                f"group: all_keys must be of the type of keys, got {wanted.dtype} for "
                f"{given.dtype}. Convert one of them."
            )
        sorter = np.argsort(wanted, kind="stable")
        twice = np.flatnonzero(wanted[sorter][1:] == wanted[sorter][:-1])
        if len(twice):
            raise ValueError(
                f"group: all_keys must be distinct, got {wanted[sorter[twice[0]]].item()!r} twice. "
                "Use np.unique."
            )
        at = np.searchsorted(wanted, found, sorter=sorter) if len(found) else number
        known = at < len(wanted)
        known[known] = wanted[sorter[at[known]]] == found[known]
        if not known.all():
            raise ValueError(
                f"group: keys must be among all_keys, got {found[np.argmin(known)].item()!r}. "
                "Add the key or drop the rows."
            )
        number = sorter[at][number]
        found = wanted
    order = np.argsort(number, kind="stable")
    lengths = np.bincount(number, minlength=len(found))
    return Groups(order, ragged.offsets_from_lengths(lengths), found)


def _as_keys(name: str, keys: object) -> Array:
    """Bring keys to a 1-D array of integers or of strings."""
    given = host(adopt("group", name, keys))
    if given.ndim != 1:
        raise ValueError(
            f"group: {name} must have 1 dimension, got shape {given.shape}. Give one key a row."
        )
    # NumPy turns numbers that share a list with strings into strings: look before that.
    if given.dtype == object or (given.dtype.kind in "US" and not isinstance(keys, np.ndarray)):
        kinds = {_kind(key) for key in np.asarray(keys, object)}
        if len(kinds) > 1:
            raise TypeError(
                f"group: {name} must be of one type, got {' and '.join(sorted(kinds))}. "
                "Convert them."
            )
        given = np.array(given.tolist())
    if given.size and given.dtype.kind not in "biuUS":
        raise TypeError(
            f"group: {name} must be integers or strings, got {given.dtype}. Convert them."
        )
    if given.dtype == np.uint64 and given.size and given.max() < 2**63:
        given = given.astype(np.int64)  # comparing the two would go through float64
    return given


def _kind(key: object) -> str:
    for kind in (str, bytes, int, np.integer):
        if isinstance(key, kind):
            return "int" if kind is np.integer else kind.__name__
    return type(key).__name__


class PairMatrices:
    """One matrix a group: what pairwise operations return for groups.

    Parameters
    ----------
    values : array, shape (sum of rows*columns,)
        The matrices, row-major, end to end.
    shapes : int64 array of NumPy, shape (G, 2)
        (rows, columns) of each matrix.
    """

    __slots__ = ("offsets", "shapes", "values")

    def __init__(self, values: Array, shapes: Array) -> None:
        self.values = values
        self.shapes = shapes
        self.offsets = ragged.offsets_from_lengths(shapes[:, 0] * shapes[:, 1])

    def with_values(self, values: Array) -> PairMatrices:
        """Give matrices of the same shapes with other values."""
        return PairMatrices(values, self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)

    def __getitem__(self, g: int) -> Array:
        """Give the matrix of group ``g``: a view, (rows, columns)."""
        if not -len(self) <= g < len(self):
            raise IndexError(
                f"PairMatrices: index must be between {-len(self)} and {len(self) - 1}, got {g}. "
                "There is one matrix a group."
            )
        g %= len(self)
        rows, columns = self.shapes[g]
        return self.values[self.offsets[g] : self.offsets[g + 1]].reshape(rows, columns)

    def __iter__(self) -> Iterator[Array]:
        """Iterate over the matrices."""
        return (self[g] for g in range(len(self)))

    def __repr__(self) -> str:
        return f"PairMatrices({len(self)} groups, {len(self.values)} pairs, {self.values.dtype})"
