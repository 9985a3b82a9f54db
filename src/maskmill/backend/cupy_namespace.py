"""CuPy where it differs from NumPy: what the array program calls and CuPy lacks or refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from maskmill.backend.arrays import Array


class CupyNamespace:
    """CuPy with the functions of NumPy that the array program needs; all else is CuPy's own."""

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy
        self.add = _Add(cupy)
        self.minimum = _Extreme(cupy, cupy.minimum, last=False)
        self.maximum = _Extreme(cupy, cupy.maximum, last=True)
        self.logical_xor = _Xor(cupy)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cupy, name)

    def concatenate(self, parts: Sequence[Any], axis: int = 0) -> Array:
        """Join; lists are arrays too."""
        arrays = [self._cupy.asarray(part) for part in parts]
        joined: Array = self._cupy.concatenate(arrays, axis=axis)
        return joined

    def append(self, array: Array, values: Any) -> Array:
        """Join flat; a number is an array too."""
        tail = self._cupy.asarray(values).reshape(-1)
        joined: Array = self._cupy.concatenate([array, tail])
        return joined

    def repeat(self, values: Any, lengths: Any) -> Array:
        """Repeat each; a list is an array too."""
        repeated: Array = self._cupy.repeat(self._cupy.asarray(values), lengths)
        return repeated

    def lexsort(self, keys: Sequence[Array]) -> Array:
        """Sort by several keys, which CuPy wants in one array."""
        return _lexsort(self._cupy, keys)


def _lexsort(cupy: Any, keys: Sequence[Array]) -> Array:
    """Sort by keys of one type, which whole numbers below 2**53 fit if any key is a fraction."""
    kind = "float64" if any(key.dtype.kind == "f" for key in keys) else "int64"
    order: Array = cupy.lexsort(cupy.stack([key.astype(kind) for key in keys]))
    return order


class _Ufunc:
    """Scattering and folding by sorting: CuPy's own know no int64, or are missing."""

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy

    def _sorted(self, index: Array, values: Any) -> tuple[Array, Array, Array]:
        """Values sorted by index and value, and where the run of each index starts and stops."""
        cupy = self._cupy
        values = cupy.broadcast_to(cupy.asarray(values), index.shape)
        order = _lexsort(cupy, [values, index])
        index, values = index[order], values[order]
        new = cupy.ones(len(index), bool)
        new[1:] = index[1:] != index[:-1]
        return index, values, cupy.flatnonzero(new)

    def _stops(self, starts: Array, n: int) -> Array:
        stops = self._cupy.full(len(starts), n, "int64")
        stops[:-1] = starts[1:]
        return stops  # type: ignore[no-any-return]

    def _owners(self, starts: Array, n: int) -> Array:
        cupy = self._cupy
        owners: Array = cupy.searchsorted(starts, cupy.arange(n), side="right") - 1
        return owners


class _Add(_Ufunc):
    def at(self, target: Array, index: Array, values: Any) -> None:
        index, values, starts = self._sorted(index, values)
        if len(starts):
            target[index[starts]] += self.reduceat(values, starts)

    def reduceat(self, values: Array, starts: Array) -> Array:
        before = self._cupy.zeros(len(values) + 1, "int64")
        self._cupy.cumsum(values, out=before[1:])
        sums: Array = before[self._stops(starts, len(values))] - before[starts]
        return sums


class _Extreme(_Ufunc):
    def __init__(self, cupy: Any, function: Any, last: bool) -> None:
        super().__init__(cupy)
        self._function = function
        self._last = last

    def __call__(self, a: Any, b: Any) -> Any:
        return self._function(a, b)

    def at(self, target: Array, index: Array, values: Any) -> None:
        index, values, starts = self._sorted(index, values)
        if len(starts):
            chosen = self._stops(starts, len(index)) - 1 if self._last else starts
            where = index[starts]
            target[where] = self._function(target[where], values[chosen])

    def reduceat(self, values: Array, starts: Array) -> Array:
        cupy = self._cupy
        owners = self._owners(starts, len(values))
        order = _lexsort(cupy, [values, owners])
        chosen = self._stops(starts, len(values)) - 1 if self._last else starts
        folded: Array = values[order][chosen]
        return folded

    def accumulate(self, values: Array) -> Array:
        step = 1
        values = values.copy()
        while step < len(values):
            values[step:] = self._function(values[step:], values[:-step])
            step *= 2
        return values


class _Xor(_Ufunc):
    def accumulate(self, values: Array, axis: int) -> Array:
        odd: Array = self._cupy.cumsum(values, axis=axis, dtype="int64") % 2 == 1
        return odd
