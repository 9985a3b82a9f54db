"""The array program on CuPy, proved without a GPU: every call is one that CuPy has.

`tests.strict_cupy` runs the calls on NumPy after checking them against the functions, methods and
arguments of the CuPy that is installed, or of a table that names the version it was made from.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import maskmill
from maskmill import Masks, Polygons
from maskmill.backend.arrays import Array
from maskmill.backend.contract import SET_OPS, Backend, SetOp
from maskmill.backend.on_cupy import OnCupy
from maskmill.backend.program import Program
from maskmill.errors import StructureError
from tests import strict_cupy

RANDOM = np.random.default_rng(7)
DENSE = RANDOM.random((6, 7, 9)) < 0.5
DENSE[2] = False
DENSE[3] = True
MASKS = maskmill.encode(DENSE)
ONE = maskmill.encode(DENSE[:1])
POLYGONS = Polygons.from_coco(
    [[(RANDOM.random(14) * 12 - 2).tolist(), [1, 1, 5, 1, 5, 6]], [], [[0, 0, 9, 0, 9, 7, 0, 7]]],
    (7, 9),
)
GROUPS = np.array([0, 2, 2, 6])
SIZES = np.repeat(np.array([[7, 9]], np.int32), 3, axis=0)
RADII = np.array([0, 1, 1, 2, 3, 9])
AXES = np.repeat(np.array([[1, 1, 1]]), 6, axis=0)


def decoded(backend: Backend) -> Array:
    out = np.ones(DENSE.shape, np.uint8)
    backend.decode(MASKS, out)
    return out


def painted(backend: Backend) -> Array:
    out = np.empty(3 * 63, np.uint16)
    order = np.arange(6)
    backend.label_map(MASKS, np.arange(5, 11), order, GROUPS, SIZES, 3, out)
    return out


COUNTS = Program().to_counts(MASKS)
STRINGS = Program().to_coco_strings(MASKS)

OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "area": lambda on: on.area(MASKS),
    "bbox": lambda on: on.bbox(MASKS),
    "encode": lambda on: on.encode(DENSE),
    "decode": decoded,
    "rasterize coco": lambda on: on.rasterize(POLYGONS, "coco"),
    "rasterize center": lambda on: on.rasterize(POLYGONS, "center"),
    "complement": lambda on: on.complement(MASKS),
    "iou": lambda on: on.iou(MASKS, MASKS, GROUPS, GROUPS, np.arange(6) % 2 == 0),
    "dice": lambda on: on.dice(MASKS, MASKS, GROUPS, GROUPS),
    "intersection_area": lambda on: on.intersection_area(MASKS, MASKS, GROUPS, GROUPS),
    "label_map": painted,
    "from_label_map": lambda on: on.from_label_map(DENSE * np.int32(5), np.array([0])),
    "to_counts": lambda on: on.to_counts(MASKS),
    "from_counts": lambda on: on.from_counts(COUNTS[0].astype(np.int64), COUNTS[1], MASKS.sizes),
    "to_coco_strings": lambda on: on.to_coco_strings(MASKS),
    "from_coco_strings": lambda on: on.from_coco_strings(*STRINGS, MASKS.sizes),
    "trace": lambda on: on.trace(MASKS, 0.0),
    "trace simplified": lambda on: on.trace(MASKS, 0.8),
    "components": lambda on: on.components(MASKS, 8),
    "erode": lambda on: on.erode(MASKS, RADII),
    "dilate": lambda on: on.dilate(MASKS, RADII),
    "transpose": lambda on: on.transpose(MASKS),
    "gather": lambda on: on.gather(MASKS, AXES, AXES, MASKS.sizes),
}


def pairwise(op: SetOp) -> Callable[[Any], Any]:
    return lambda on: on.combine(MASKS, ONE, op)


def folded(op: SetOp) -> Callable[[Any], Any]:
    return lambda on: on.merge(MASKS, GROUPS, op, SIZES)


for _op in SET_OPS:
    OPERATIONS[f"combine {_op}"] = pairwise(_op)
    OPERATIONS[f"merge {_op}"] = folded(_op)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_program_calls_what_cupy_has(name: str) -> None:
    strict = strict_cupy.StrictCupy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", strict)
        found = OPERATIONS[name](OnCupy(strict))
    assert same(OPERATIONS[name](Program()), found)


def test_every_operation_is_tried() -> None:
    tried = {name.split()[0] for name in OPERATIONS}
    declared = {name for name in vars(Backend) if not name.startswith("_")}
    assert declared - tried == {"name", "parse_segmentations"}


def test_a_bad_record_is_the_same_error() -> None:
    strict = strict_cupy.StrictCupy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", strict)
        with pytest.raises(StructureError, match="record 1 must add up to height"):
            OnCupy(strict).from_counts(np.array([63, 60]), np.array([0, 1, 2]), SIZES[:2])


def test_the_table_is_that_of_the_cupy_installed() -> None:
    table = strict_cupy.known()
    if importlib.util.find_spec("cupy") is None:
        pytest.skip(f"CuPy is not installed; the table of {table['version']} is used")
    import cupy

    own = strict_cupy.table_of_cupy(cupy)
    missing = {name for name in table["functions"] if name not in own["functions"]}
    assert missing == set()
    assert set(table["methods"]) <= set(own["methods"])


def test_what_cupy_refuses_is_refused_here() -> None:
    strict: Any = strict_cupy.StrictCupy()
    array = strict.asarray([1, 2, 3])
    with pytest.raises(TypeError):
        np.asarray(array)
    with pytest.raises(TypeError):
        array + np.array([1, 2, 3])
    with pytest.raises(TypeError):
        strict.concatenate([[0], array])
    with pytest.raises(TypeError):
        strict.cumsum(array, keepdims=True)
    with pytest.raises(AttributeError):
        strict.errstate()
    with pytest.raises(AttributeError):
        strict.minimum.at(array, array, array)
    assert isinstance(Masks.empty(), Masks)
