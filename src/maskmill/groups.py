"""Groups of rows: from one key a row (the image of each mask) to offsets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array

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
    given = np.asarray(keys)
    if given.ndim != 1:
        raise ValueError(
            f"group: keys must have 1 dimension, got shape {given.shape}. Give one key a row."
        )
    found, number = np.unique(given, return_inverse=True)
    if all_keys is not None:
        wanted = np.asarray(all_keys)
        sorter = np.argsort(wanted, kind="stable")
        if len(wanted) and (wanted[sorter][1:] == wanted[sorter][:-1]).any():
            raise ValueError("group: all_keys must be distinct, got duplicates. Use np.unique.")
        at = np.searchsorted(wanted, found, sorter=sorter)
        known = at < len(wanted)
        known[known] = wanted[sorter[at[known]]] == found[known]
        if not known.all():
            raise ValueError(
                f"group: keys must be among all_keys, got {found[np.argmin(known)]!r}. "
                "Add the key or drop the rows."
            )
        number = sorter[at][number] if len(found) else number
        found = wanted
    order = np.argsort(number, kind="stable")
    lengths = np.bincount(number, minlength=len(found))
    return Groups(order, ragged.offsets_from_lengths(lengths), found)


class PairMatrices:
    """One matrix a group: what pairwise operations return for groups.

    Parameters
    ----------
    values : array, shape (sum of rows*columns,)
        The matrices, row-major, end to end.
    shapes : int64 array, shape (G, 2)
        (rows, columns) of each matrix.
    """

    __slots__ = ("offsets", "shapes", "values")

    def __init__(self, values: Array, shapes: Array) -> None:
        self.values = values
        self.shapes = shapes
        self.offsets = ragged.offsets_from_lengths(shapes[:, 0] * shapes[:, 1])

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

    def __repr__(self) -> str:
        return f"PairMatrices({len(self)} groups, {len(self.values)} pairs, {self.values.dtype})"
