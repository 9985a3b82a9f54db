from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from maskmill import InvalidMaskError, InvalidPolygonError, Masks, Polygons, arrow, arrow_lists
from tests import test_masks, test_polygons
from tests.strategies import batches, polygon_batches

MASK = pa.struct([("height", pa.int32()), ("width", pa.int32()), ("bounds", pa.list_(pa.uint32()))])


def test_the_type_of_masks() -> None:
    array = test_masks.example().to_arrow()
    assert array.type == MASK
    assert array.to_pylist() == [
        {"height": 3, "width": 4, "bounds": [4, 7, 11, 12]},
        {"height": 5, "width": 5, "bounds": []},
        {"height": 2, "width": 3, "bounds": [0, 6]},
    ]


def test_the_type_of_polygons() -> None:
    array = test_polygons.example().to_arrow()
    assert str(array.type) == (
        "struct<height: int32, width: int32, parts: list<parts: list<rings: list<vertices: "
        "fixed_size_list<xy: double>[2]>>>>"
    )
    assert array[2].as_py() == {
        "height": 10,
        "width": 12,
        "parts": [[[[9.5, 1.0], [12.0, 1.0], [9.5, 7.0]]]],
    }


def chunked(array: Any, cuts: list[int]) -> Any:
    ends = [0, *sorted(cuts), len(array)]
    return pa.chunked_array([array.slice(a, b - a) for a, b in pairwise(ends)], array.type)


@given(masks=batches(), data=st.data())
def test_masks_round_trip(masks: Masks, data: st.DataObject) -> None:
    array = masks.to_arrow()
    array.validate(full=True)
    assert Masks.from_arrow(array) == masks
    start = data.draw(st.integers(0, len(masks)))
    stop = data.draw(st.integers(start, len(masks)))
    assert Masks.from_arrow(array[start:stop]) == masks[start:stop]
    assert masks[start:stop].to_arrow().to_pylist() == array[start:stop].to_pylist()
    cuts = data.draw(st.lists(st.integers(0, len(masks)), max_size=3))
    assert Masks.from_arrow(chunked(array, cuts)) == masks
    assert Masks.from_arrow(chunked(array[start:stop], [])) == masks[start:stop]


@given(polygons=polygon_batches(), data=st.data())
def test_polygons_round_trip(polygons: Polygons, data: st.DataObject) -> None:
    array = polygons.to_arrow()
    array.validate(full=True)
    assert Polygons.from_arrow(array) == polygons
    start = data.draw(st.integers(0, len(polygons)))
    stop = data.draw(st.integers(start, len(polygons)))
    assert Polygons.from_arrow(array[start:stop]) == polygons[start:stop]
    cuts = data.draw(st.lists(st.integers(0, len(polygons)), max_size=3))
    assert Polygons.from_arrow(chunked(array, cuts)) == polygons


def test_no_chunks() -> None:
    assert Masks.from_arrow(pa.chunked_array([], MASK)) == Masks.empty()
    kind = Polygons.empty().to_arrow().type
    assert Polygons.from_arrow(pa.chunked_array([], kind)) == Polygons.empty()


def test_values_share_memory() -> None:
    masks = test_masks.example()
    array = masks.to_arrow()
    bounds = array.field("bounds").values
    assert bounds.buffers()[1].address == masks.bounds.ctypes.data
    assert Masks.from_arrow(array).bounds.ctypes.data == masks.bounds.ctypes.data
    assert Masks.from_arrow(array[2:]).bounds.ctypes.data == masks.bounds.ctypes.data + 16
    polygons = test_polygons.example()
    again = Polygons.from_arrow(polygons.to_arrow())
    assert again.coords.ctypes.data == polygons.coords.ctypes.data


def test_large_lists_and_files(tmp_path: Path) -> None:
    masks, polygons = test_masks.example(), test_polygons.example()
    large = pa.struct([("height", pa.int32()), ("width", pa.int32()),
                       ("bounds", pa.large_list(pa.uint32()))])  # fmt: skip
    assert Masks.from_arrow(masks.to_arrow().cast(large)) == masks
    schema = pa.schema([arrow.field("mask", Masks), arrow.field("polygon", Polygons)])
    table = pa.table([masks.to_arrow(), polygons.to_arrow()], schema=schema)
    pq.write_table(table, tmp_path / "t.parquet")
    read = pq.read_table(tmp_path / "t.parquet")
    assert Masks.from_arrow(read["mask"]) == masks
    assert Polygons.from_arrow(read["polygon"]) == polygons
    assert read.schema.field("mask").metadata[b"ARROW:extension:name"] == b"maskmill.masks"
    assert read.schema.field("polygon").metadata[b"ARROW:extension:name"] == b"maskmill.polygons"


class Capsule:
    """An array of another library, known by the PyCapsule interface only."""

    def __init__(self, array: Any) -> None:
        self.array = array


class ArrayCapsule(Capsule):
    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.array.__arrow_c_array__(requested_schema)


class StreamCapsule(Capsule):
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.array.__arrow_c_stream__(requested_schema)


class MaskType(pa.ExtensionType):  # type: ignore[misc]
    """What a user may register; maskmill registers nothing."""

    def __init__(self) -> None:
        super().__init__(MASK, "maskmill.masks")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: Any, serialized: bytes) -> MaskType:
        return cls()


def test_columns_of_other_libraries() -> None:
    masks = test_masks.example()
    array = masks.to_arrow()
    assert Masks.from_arrow(ArrayCapsule(array)) == masks
    assert Masks.from_arrow(StreamCapsule(chunked(array, [1]))) == masks
    assert Masks.from_arrow(pa.ExtensionArray.from_storage(MaskType(), array)) == masks
    fields = [array.field(2), array.field(0), array.field(1)]
    turned = pa.StructArray.from_arrays(fields, ["bounds", "height", "width"])
    with pytest.raises(TypeError, match="array must have the type struct<height"):
        Masks.from_arrow(turned)


def test_nothing_is_registered() -> None:
    code = (
        "import maskmill, pyarrow as pa; m = maskmill.Masks.empty();"
        "from maskmill import arrow; s = pa.schema([arrow.field('m', maskmill.Masks)]);"
        "t = pa.table([m.to_arrow()], schema=s);"
        "print(pa.ipc.read_schema(s.serialize()).field('m').type)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("struct<height: int32")


def test_missing_pyarrow_is_said() -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None; import maskmill;"
        "maskmill.Masks.empty().to_arrow()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.strip().endswith("Install it with pip install 'maskmill[arrow]'.")


ROWS = [{"height": 2, "width": 2, "bounds": [0, 1]}] * 3


def with_row(height: Any, width: Any, bounds: Any) -> Any:
    return pa.array([*ROWS, {"height": height, "width": width, "bounds": bounds}], MASK)


BAD_MASKS: list[tuple[Any, type[Exception], str]] = [
    ([1, 2], TypeError, "array must be an Arrow array or column, got list"),
    (pa.table({"m": pa.array(ROWS, MASK)}), TypeError, "got Table. Take the column out"),
    (pa.array([1]), TypeError, "array must have the type struct<.*>, got int64"),
    (pa.array(ROWS), TypeError, "got struct<height: int64"),
    (pa.array([*ROWS, None], MASK), InvalidMaskError, "mask 3 must have no null"),
    (pa.array([*ROWS, None], MASK)[2:], InvalidMaskError, "mask 1 must have no null"),
    (pa.chunked_array([pa.array(ROWS, MASK), pa.array([None], MASK)]), InvalidMaskError, "mask 3"),
    (with_row(2, None, []), InvalidMaskError, "mask 3 must have no null"),
    (with_row(2, 2, None), InvalidMaskError, "mask 3 must have no null"),
    (with_row(2, 2, [0, None]), InvalidMaskError, "from_arrow: mask 3 must have no null"),
    (with_row(2, 2, [0]), InvalidMaskError, "bounds of mask 3 must come in pairs"),
    (with_row(0, 2, []), InvalidMaskError, "sizes of mask 3 must be at least 1x1"),
    (
        chunked(with_row(2, 2, [0, 5]), [1, 3]),
        InvalidMaskError,
        "bounds of mask 3 must stay within",
    ),
]


@pytest.mark.parametrize(("array", "error", "message"), BAD_MASKS, ids=range(len(BAD_MASKS)))
def test_arrays_that_are_no_masks(array: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Masks.from_arrow(array)


def test_broken_offsets_of_lists() -> None:
    offsets = pa.py_buffer(np.array([0, 9, 2], np.int32))
    values = pa.array(np.zeros(2, np.uint32))
    lists = pa.ListArray.from_buffers(pa.list_(pa.uint32()), 2, [None, offsets], children=[values])
    side = pa.array([2, 2], pa.int32())
    broken = pa.StructArray.from_arrays([side, side, lists], fields=list(MASK))
    with pytest.raises(InvalidMaskError, match="array must be well formed, got a chunk at row 0"):
        Masks.from_arrow(broken)


def test_arrays_that_are_no_polygons() -> None:
    kind = Polygons.empty().to_arrow().type
    good = {"height": 4, "width": 4, "parts": [[[[0.0, 0.0], [1.0, 2.0]]]]}
    for parts in (None, [None], [[None]], [[[None]]], [[[[0.0, 1.0], [None, 1.0]]]]):
        array = pa.array([good, {**good, "parts": parts}, good], kind)
        with pytest.raises(InvalidPolygonError, match=r"from_arrow: mask 1 must have no null"):
            Polygons.from_arrow(array)
    far = pa.array([good, {**good, "parts": [[[[0.0, float("inf")]]]]}], kind)
    with pytest.raises(InvalidPolygonError, match="coords of mask 1 must be finite"):
        Polygons.from_arrow(far)
    with pytest.raises(TypeError, match="array must have the type struct<height"):
        Polygons.from_arrow(test_masks.example().to_arrow())


def test_fields() -> None:
    with pytest.raises(TypeError, match="kind must be the class Masks or Polygons"):
        arrow.field("m", int)  # type: ignore[arg-type]
    assert arrow.field("m", Masks).type == MASK


def test_too_many_values_for_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_lists, "MAX_VALUES", 5)
    with pytest.raises(ValueError, match=r"lists must hold fewer than 2\*\*31 values, got 6"):
        test_masks.example().to_arrow()
    with pytest.raises(ValueError, match=r"lists must hold fewer than 2\*\*31 values, got 14"):
        test_polygons.example().to_arrow()
    assert len(test_masks.example()[1:].to_arrow()) == 2
