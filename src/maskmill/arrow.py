"""Batches as Arrow arrays, and back. Needs pyarrow: the extra ``arrow``.

The storage is plain structs and lists, which every reader of Arrow and Parquet understands::

    Masks     struct<height: int32, width: int32, bounds: list<uint32>>
    Polygons  struct<height: int32, width: int32,
                     parts: list<list<list<fixed_size_list<double>[2]>>>>

The lists of `Polygons` nest as in GeoArrow: a mask holds parts, a part rings, a ring vertices
``(x, y)``. Bounds and coordinates share memory with the batch, both ways.

`field` makes a column that says what it holds, in the metadata key ``ARROW:extension:name``. No
extension type is registered, so that readers which refuse types that they do not know see structs.
"""

from __future__ import annotations

from typing import Final

import numpy as np

try:
    import pyarrow as pa
except ImportError as error:
    raise ImportError(
        f"maskmill.arrow: pyarrow must be installed, got {error}. "
        "Install it with pip install 'maskmill[arrow]'."
    ) from error

from maskmill import arrow_lists as lists
from maskmill.backend.arrays import on_host
from maskmill.errors import InvalidMaskError, InvalidPolygonError
from maskmill.masks import Masks
from maskmill.polygons import Polygons

__all__ = [
    "field",
    "masks_from_arrow",
    "masks_to_arrow",
    "polygons_from_arrow",
    "polygons_to_arrow",
]

EXTENSION_NAMES: Final = {Masks: "maskmill.masks", Polygons: "maskmill.polygons"}


def field(name: str, kind: type[Masks | Polygons]) -> pa.Field:
    """Describe a column of masks or polygons.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : `Masks` or `Polygons`, the class

    Returns
    -------
    pyarrow.Field
        With the storage type that ``to_arrow`` gives and the metadata
        ``ARROW:extension:name``, ``maskmill.masks`` or ``maskmill.polygons``.

    Raises
    ------
    TypeError
        If ``kind`` is another class.

    Examples
    --------
    >>> import pyarrow as pa
    >>> schema = pa.schema([pa.field("id", pa.int64()), field("mask", Masks)])
    >>> schema.field("mask").metadata
    {b'ARROW:extension:name': b'maskmill.masks'}
    """
    if kind not in EXTENSION_NAMES:
        raise TypeError(
            f"field: kind must be the class Masks or Polygons, got {kind!r}. Pass the class."
        )
    metadata = {"ARROW:extension:name": EXTENSION_NAMES[kind]}
    return pa.field(name, lists.storage_type(kind), metadata=metadata)


def masks_to_arrow(masks: Masks) -> pa.StructArray:
    """Give struct<height, width, bounds>; what ``masks.to_arrow()`` calls.

    Parameters
    ----------
    masks : Masks, N masks

    Returns
    -------
    pyarrow.StructArray, length N
        Bounds are not copied.

    Raises
    ------
    ValueError
        If there are 2**31 bounds or more: convert slices of the batch.

    Examples
    --------
    >>> masks = Masks.from_coco([{"size": [2, 2], "counts": [0, 1, 3]}])
    >>> masks_to_arrow(masks).to_pylist()
    [{'height': 2, 'width': 2, 'bounds': [0, 1]}]
    """
    kind = lists.storage_type(Masks)
    masks = on_host(masks)
    bounds = lists.nest("Masks.to_arrow", masks.offsets, pa.array(masks.bounds), kind.field(2).type)
    return lists.struct(masks.sizes, bounds, kind)


def masks_from_arrow(array: object) -> Masks:
    """Build masks from Arrow data; what ``Masks.from_arrow`` calls.

    Parameters
    ----------
    array : pyarrow.Array, pyarrow.ChunkedArray, or any object with the Arrow PyCapsule interface
        Of the type that `masks_to_arrow` gives; lists may be large lists. An extension type over it
        serves as well.

    Returns
    -------
    Masks
        Bounds are not copied, if there is one chunk.

    Raises
    ------
    TypeError
        If the type is another.
    InvalidMaskError
        If a value is null, or a mask breaks a rule; the message names the mask.

    Examples
    --------
    >>> masks = Masks.from_coco([{"size": [2, 2], "counts": [0, 1, 3]}])
    >>> masks_from_arrow(masks_to_arrow(masks)) == masks
    True
    """
    function = "Masks.from_arrow"
    chunks = lists.chunks(function, array, Masks, InvalidMaskError)
    columns = [lists.unnest(chunk.field(2)) for chunk in chunks]
    return Masks(
        lists.join(
            [values.to_numpy(zero_copy_only=True) for _, values in columns], np.zeros(0, np.uint32)
        ),
        lists.join_offsets([offsets for offsets, _ in columns]),
        lists.join([lists.sizes_of(chunk) for chunk in chunks], np.zeros((0, 2), np.int32)),
    )


def polygons_to_arrow(polygons: Polygons) -> pa.StructArray:
    """Give struct<height, width, parts>; what ``polygons.to_arrow()`` calls.

    Parameters
    ----------
    polygons : Polygons, N masks

    Returns
    -------
    pyarrow.StructArray, length N
        Coordinates are not copied.

    Raises
    ------
    ValueError
        If there are 2**31 vertices or more: convert slices of the batch.

    Examples
    --------
    >>> triangle = Polygons.from_coco([[[0, 0, 4, 0, 0, 4]]], (5, 5))
    >>> polygons_to_arrow(triangle)[0]["parts"].as_py()
    [[[[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]]]
    """
    function = "Polygons.to_arrow"
    polygons = on_host(polygons)
    kind = lists.storage_type(Polygons)
    parts = kind.field(2).type
    rings = parts.value_type
    vertices = rings.value_type
    pairs = pa.FixedSizeListArray.from_arrays(
        pa.array(polygons.coords.reshape(-1)), type=vertices.value_type
    )
    nested = lists.nest(function, polygons.ring_offsets, pairs, vertices)
    nested = lists.nest(function, polygons.part_offsets, nested, rings)
    nested = lists.nest(function, polygons.mask_offsets, nested, parts)
    return lists.struct(polygons.sizes, nested, kind)


def polygons_from_arrow(array: object) -> Polygons:
    """Build polygons from Arrow data; what ``Polygons.from_arrow`` calls.

    Parameters
    ----------
    array : pyarrow.Array, pyarrow.ChunkedArray, or any object with the Arrow PyCapsule interface
        Of the type that `polygons_to_arrow` gives; lists may be large lists.

    Returns
    -------
    Polygons
        Coordinates are not copied, if there is one chunk.

    Raises
    ------
    TypeError
        If the type is another.
    InvalidPolygonError
        If a value is null, or a mask breaks a rule; the message names the mask.

    Examples
    --------
    >>> triangle = Polygons.from_coco([[[0, 0, 4, 0, 0, 4]]], (5, 5))
    >>> polygons_from_arrow(polygons_to_arrow(triangle)) == triangle
    True
    """
    function = "Polygons.from_arrow"
    coords, ring_offsets, part_offsets, mask_offsets = [], [], [], []
    chunks = lists.chunks(function, array, Polygons, InvalidPolygonError)
    for chunk in chunks:
        masks, parts = lists.unnest(chunk.field(2))
        parts, rings = lists.unnest(parts)
        rings, vertices = lists.unnest(rings)
        mask_offsets.append(masks)
        part_offsets.append(parts)
        ring_offsets.append(rings)
        coords.append(vertices.flatten().to_numpy(zero_copy_only=True).reshape(-1, 2))
    return Polygons(
        lists.join(coords, np.zeros((0, 2))),
        lists.join_offsets(ring_offsets),
        lists.join_offsets(part_offsets),
        lists.join_offsets(mask_offsets),
        lists.join([lists.sizes_of(chunk) for chunk in chunks], np.zeros((0, 2), np.int32)),
    )
