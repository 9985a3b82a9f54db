"""What maskmill needs to know about arrays: their library and device.

The rest of the package says `Array` and means an array of the library that the caller uses.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "as_integers"]

Array: TypeAlias = npt.NDArray[Any]
"""A NumPy array."""


def as_integers(function: str, name: str, values: object, shape: tuple[int, ...]) -> Array:
    """Bring integers to a contiguous int64 array of this shape, or say what is wrong."""
    given = np.asarray(values)
    if given.dtype.kind not in "iub" and given.size:
        raise TypeError(
            f"{function}: {name} must be integers, got {given.dtype}. Convert them explicitly."
        )
    if given.dtype == np.uint64 and given.size and given.max() > np.iinfo(np.int64).max:
        raise ValueError(
            f"{function}: {name} must be below 2**63, got {given.max()}. Renumber the values."
        )
    if given.shape != shape:
        raise ValueError(
            f"{function}: {name} must have shape {shape}, got {given.shape}. Give one value a row."
        )
    return np.ascontiguousarray(given, dtype=np.int64)
