"""Arrow's lists and our offsets: the plumbing of `maskmill.arrow`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from maskmill import ragged
from maskmill.masks import Masks
from maskmill.polygons import Polygons

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

MAX_VALUES: Final = 2**31 - 1
"""Largest offset of an Arrow list."""


def storage_type(kind: type[Masks | Polygons]) -> pa.StructType:
    """Type of the column of a data class."""
    size = [pa.field("height", pa.int32()), pa.field("width", pa.int32())]
    if kind is Masks:
        return pa.struct([*size, pa.field("bounds", pa.list_(pa.uint32()))])
    vertex = pa.list_(pa.field("xy", pa.float64()), 2)
    ring = pa.list_(pa.field("vertices", vertex))
    part = pa.list_(pa.field("rings", ring))
    return pa.struct([*size, pa.field("parts", pa.list_(pa.field("parts", part)))])


def struct(sizes: Array, lists: Any, kind: Any) -> pa.StructArray:
    """Put sizes beside the nested column."""
    height, width = (pa.array(np.ascontiguousarray(sizes[:, k])) for k in (0, 1))
    return pa.StructArray.from_arrays([height, width, lists], fields=list(kind))


def nest(function: str, offsets: Array, values: Any, kind: Any) -> Any:
    """Make lists of values; only the offsets are copied."""
    if offsets[-1] > MAX_VALUES:
        raise ValueError(
            f"{function}: lists must hold fewer than 2**31 values, got {offsets[-1]}. "
            "Convert slices of the batch."
        )
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values, type=kind)


def unnest(lists: Any) -> tuple[Array, Any]:
    """Offsets from 0, and the values of the rows; a slice of an array holds more than those."""
    offsets = np.asarray(lists.offsets).astype(np.int64)
    start, stop = int(offsets[0]), int(offsets[-1])
    return offsets - start, lists.values.slice(start, stop - start)


def sizes_of(chunk: Any) -> Array:
    """Height and width, int32 (N, 2)."""
    return np.stack([np.asarray(chunk.field(k)) for k in (0, 1)], axis=1)


def join(columns: list[Array], empty: Array) -> Array:
    """Lay the columns of chunks end to end; one chunk is not copied."""
    if not columns:
        return empty
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def join_offsets(columns: list[Array]) -> Array:
    """Lay the offsets of chunks end to end."""
    return ragged.concatenate_offsets(columns) if columns else np.zeros(1, np.int64)


def chunks(
    function: str, array: Any, kind: type[Masks | Polygons], error: type[ValueError]
) -> list[Any]:
    """Struct arrays of the right type, without nulls."""
    if not isinstance(array, (pa.Array, pa.ChunkedArray)):
        if hasattr(array, "__arrow_c_stream__") and not hasattr(array, "schema"):
            array = pa.chunked_array(array)
        elif hasattr(array, "__arrow_c_array__") and not hasattr(array, "schema"):
            array = pa.array(array)
        else:
            raise TypeError(
                f"{function}: array must be an Arrow array or column, got "
                f"{type(array).__name__}. Take the column out of a table first."
            )
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    chunks = [c.storage if isinstance(c, pa.ExtensionArray) else c for c in chunks]
    expected = storage_type(kind)
    row = 0
    for chunk in chunks:
        if not _fits(chunk.type, expected):
            raise TypeError(
                f"{function}: array must have the type {expected}, got {chunk.type}. "
                "Cast the column."
            )
        try:
            chunk.validate(full=True)
        except pa.ArrowInvalid as invalid:
            raise error(
                f"{function}: array must be well formed, got a chunk at row {row} that is not: "
                f"{invalid}. Write the column again."
            ) from None
        null = _first_null(chunk)
        if null is not None:
            raise error(
                f"{function}: mask {row + null} must have no null, got one. Drop the row first."
            )
        row += len(chunk)
    return chunks


def _fits(got: Any, expected: Any) -> bool:
    if pa.types.is_struct(expected):
        names = [f.name for f in expected]
        return (
            pa.types.is_struct(got)
            and [f.name for f in got] == names
            and all(_fits(got.field(n).type, expected.field(n).type) for n in names)
        )
    if pa.types.is_list(expected):
        listed = pa.types.is_list(got) or pa.types.is_large_list(got)
        return listed and _fits(got.value_type, expected.value_type)
    return bool(got == expected)


def _first_null(array: Any) -> int | None:
    """Row of the first null at any depth."""
    if array.null_count:
        return int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
    if pa.types.is_struct(array.type):
        rows = [_first_null(array.field(k)) for k in range(array.type.num_fields)]
        return min((row for row in rows if row is not None), default=None)
    if pa.types.is_fixed_size_list(array.type):
        value = _first_null(array.flatten())
        return None if value is None else value // array.type.list_size
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        offsets, values = unnest(array)
        value = _first_null(values)
        return None if value is None else int(np.searchsorted(offsets, value, side="right")) - 1
    return None
