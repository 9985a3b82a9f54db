"""Checks that several public functions share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import host
from maskmill.masks import Masks

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array


def check_type(function: str, name: str, value: object, kind: type[Any]) -> None:
    """Raise TypeError unless ``value`` is of this class."""
    if not isinstance(value, kind):
        raise TypeError(
            f"{function}: {name} must be {kind.__name__}, got {type(value).__name__}. "
            f"Build one with maskmill.{kind.__name__}.from_coco or another constructor."
        )


def check_choice(function: str, name: str, value: object, choices: Iterable[str]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if not isinstance(value, str) or value not in (choices := tuple(choices)):
        raise ValueError(
            f"{function}: {name} must be one of {', '.join(map(repr, choices))}, got {value!r}. "
            "Spell it as listed."
        )


def as_rows(function: str, name: str, values: object, n: int, n_columns: int) -> Array:
    """Bring one row of integers, or one a mask, to int64 (N, n_columns)."""
    given = np.asarray(values)
    if given.size and given.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: {name} must be integers, got {given.dtype}. Round them explicitly."
        )
    if given.shape == (n_columns,):
        given = np.broadcast_to(given, (n, n_columns))
    elif not given.size and n == 0:
        given = given.reshape(0, n_columns)
    if given.shape != (n, n_columns):
        raise ValueError(
            f"{function}: {name} must have shape ({n_columns},) or ({n}, {n_columns}), got "
            f"{given.shape}. Give one row, or one a mask."
        )
    bad = ((given <= -(2**31)) | (given >= 2**31)).any(axis=1)
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(
            f"{function}: {name} must be within 2**31, got {given[i].tolist()} for mask {i}. "
            "Give pixels."
        )
    return np.ascontiguousarray(given, dtype=np.int64)


def have_one_size(*batches: Masks) -> bool:
    """Tell whether all masks have one size, without the price of array operations."""
    column = b"".join([host(masks.sizes).tobytes() for masks in batches])
    # A mask has two int32.
    return len(column) == 8 or column == column[:8] * (len(column) // 8)


def group_sizes(
    function: str,
    batches: list[tuple[str, Masks, Array]],
    sizes: object | None,
) -> Array:
    """Size of each group, int32 (G, 2) of NumPy: all masks of a group must have one size.

    ``batches`` are (name, masks, groups). A group without any mask gets its size from ``sizes``,
    and (0, 0) where that is not given.
    """
    n_groups = len(batches[0][2]) - 1
    if sizes is not None:
        known = ragged.as_sizes(function, sizes, n_groups, row="group")
    else:
        known = np.zeros((n_groups, 2), np.int32)
        for _, masks, groups in reversed(batches):  # the first batch has the last word
            filled = np.flatnonzero(groups[1:] != groups[:-1])
            known[filled] = host(masks.sizes)[groups[filled]]
    for name, masks, groups in batches:
        own = host(masks.sizes)
        differs = _as_one(own) != np.repeat(_as_one(known), groups[1:] - groups[:-1])
        if differs.any():
            i = int(np.argmax(differs))
            g = int(np.searchsorted(groups, i, side="right")) - 1
            raise ValueError(
                f"{function}: {name} must have one size inside a group, got "
                f"{tuple(own[i].tolist())} at mask {i} where group {g} has "
                f"{tuple(known[g].tolist())}. Group masks by image, or resize them first."
            )
    return known


def _as_one(sizes: Array) -> Array:
    """View each (height, width) as one integer, which compares much faster."""
    return np.ascontiguousarray(sizes).view(np.int64).reshape(-1)
