"""pycocotools.mask, all argument forms, == pycocotools."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as theirs

from maskmill.compat.pycocotools import mask as ours
from tests.compat.pairs import same


def stacks() -> list[Any]:
    rng = np.random.default_rng(0)
    return [
        np.asfortranarray(rng.random(rng.integers(1, 25, 3)) < rng.random()).astype(
            np.uint8, order="F"
        )
        for _ in range(30)
    ]


def polygons(rng: np.random.Generator) -> list[list[float]]:
    return [(rng.random(2 * n) * 40 - 5).tolist() for n in rng.integers(3, 8, 4)]


@pytest.mark.parametrize("name", ["decode", "area", "toBbox"])
def test_lists_and_single_masks(name: str) -> None:
    for stack in stacks():
        rles = theirs.encode(stack)
        as_str = [{**rle, "counts": rle["counts"].decode()} for rle in rles]
        for given in (rles, as_str):
            same(getattr(theirs, name)(given), getattr(ours, name)(given))
            same(getattr(theirs, name)(given[0]), getattr(ours, name)(given[0]))


def test_encode() -> None:
    for stack in stacks():
        same(theirs.encode(stack), ours.encode(stack))
        same(theirs.encode(stack[:, :, 0]), ours.encode(stack[:, :, 0]))
        same(theirs.encode(stack.view(bool)), ours.encode(stack.view(bool)))
        same(theirs.encode(stack), ours.encode(np.ascontiguousarray(stack)))
        same(theirs.encode(stack[:, :, :0]), ours.encode(stack[:, :, :0]))


@pytest.mark.parametrize("intersect", [0, 1, True, False])
def test_merge(intersect: int) -> None:
    for stack in stacks():
        rles = theirs.encode(stack)
        same(theirs.merge(rles, intersect), ours.merge(rles, intersect))
        same(theirs.merge(rles, intersect=intersect), ours.merge(rles, intersect=intersect))


def test_iou_of_masks() -> None:
    rng = np.random.default_rng(1)
    for stack in stacks():
        rles = theirs.encode(stack)
        crowd = rng.integers(0, 2, len(rles))
        for flags in (crowd, crowd.tolist(), crowd.astype(np.uint8)):
            same(theirs.iou(rles[:3], rles, flags), ours.iou(rles[:3], rles, flags))


def test_iou_of_boxes() -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        dt, gt = rng.random((4, 4)) * 20 - 3, rng.integers(-3, 20, (5, 4)).astype(float)
        dt[0] = gt[0]
        gt[1] = 0
        crowd = rng.integers(0, 2, 5).tolist()
        for a in (dt, dt.tolist(), list(dt)):
            for b in (gt, gt.tolist(), list(gt)):
                same(theirs.iou(a, b, crowd), ours.iou(a, b, crowd))


def test_nothing() -> None:
    boxes = np.ones((2, 4))
    for name in ("area", "toBbox", "merge"):
        same(getattr(theirs, name)([]), getattr(ours, name)([]))
    cases: list[Any] = [
        ([], [], []),
        (boxes, [], []),
        ([], boxes, [0, 0]),
        (boxes[:0], boxes, [0, 0]),
    ]
    for args in cases:
        same(theirs.iou(*args), ours.iou(*args))


def test_objects() -> None:
    rng = np.random.default_rng(3)
    counts = {"size": [3, 4], "counts": [0, 2, 4, 6]}
    for _ in range(30):
        height, width = rng.integers(1, 40, 2).tolist()
        rings = polygons(rng)
        boxes = rng.random((5, 4)) * 20 - 3
        forms = [rings, [tuple(r) for r in rings], [[*rings[0], 1.0], *rings], boxes]
        for given in (*forms, [counts, counts], counts):
            expected = theirs.frPyObjects(given, height, width)
            same(expected, ours.frPyObjects(given, height, width))
        same(
            theirs.frPyObjects(rings, height + 0.5, float(width)),
            ours.frPyObjects(rings, height + 0.5, float(width)),
        )


def test_boxes_and_flat_objects_that_pycocotools_documents_and_refuses() -> None:
    boxes = np.array([[1.0, 1, 2, 2], [0, 0, 3, 1]])
    expected = theirs.frPyObjects(boxes, 5, 6)
    assert ours.frPyObjects(boxes.tolist(), 5, 6) == expected
    assert ours.frPyObjects(boxes.tolist()[0], 5, 6) == expected[0]
    ring = [1.0, 1, 4, 1, 4, 4]
    assert ours.frPyObjects(ring, 5, 6) == theirs.frPyObjects([ring], 5, 6)[0]


RLE = {"size": [2, 3], "counts": b"6"}

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "string that ends inside a number": (lambda: ours.area({**RLE, "counts": b"P"}), "counts"),
    "negative run": (lambda: ours.decode({**RLE, "counts": b"O"}), "counts of mask 0"),
    "short": (lambda: ours.decode({**RLE, "counts": b"5"}), "counts of mask 0"),
    "long": (lambda: ours.toBbox([RLE, {**RLE, "counts": b"7"}]), "counts of mask 1"),
    "totals that differ": (lambda: ours.iou([RLE], [{**RLE, "counts": b"5"}], [0]), "counts"),
    "empty string": (lambda: ours.merge([RLE, {**RLE, "counts": b""}]), "counts of mask 1"),
    "no pixels": (lambda: ours.toBbox({"size": [0, 3], "counts": b"0"}), "sizes"),
    "nothing to decode": (lambda: ours.decode([]), "at least one mask"),
    "sizes": (lambda: ours.merge([RLE, {"size": [3, 2], "counts": b"6"}]), "one size"),
    "sizes of pairs": (
        lambda: ours.iou([RLE], [{"size": [1, 2], "counts": b"2"}], [0]),
        "one size",
    ),
    "flags": (lambda: ours.iou([RLE], [RLE], []), "one flag a gt"),
    "three numbers": (lambda: ours.iou([[0, 0, 1]], [[0, 0, 1, 1]], [0]), "four numbers"),
    "one dimension": (lambda: ours.encode(np.zeros(3, np.uint8)), "shape"),
    "nan": (lambda: ours.frPyObjects([[0, 0, 1, float("nan"), 3, 3]], 4, 4), "finite"),
    "far away": (lambda: ours.frPyObjects([[0, 0, 1e9, 1, 3, 3]], 4, 4), "2\\*\\*22"),
    "no object": (lambda: ours.frPyObjects([], 4, 4), "at least one object"),
    "ragged ring": (lambda: ours.frPyObjects([[[0, 0], [1]]], 4, 4), "list of numbers"),
    "total": (lambda: ours.frPyObjects({"size": [2, 2], "counts": [1, 2]}, 2, 2), "counts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_errors_where_pycocotools_hangs_crashes_or_invents(case: str) -> None:
    call, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: ours.area({"size": [2, 2], "counts": [4]}),
        lambda: ours.area([None]),
        lambda: ours.decode("6"),
        lambda: ours.iou([RLE], [[0, 0, 1, 1]], [0]),
        lambda: ours.iou(RLE, [RLE], [0]),
        lambda: ours.encode(np.zeros((2, 2))),
    ],
)
def test_wrong_kinds_are_refused(call: Any) -> None:
    with pytest.raises(TypeError, match="must"):
        call()


def test_other_packages_import_it_as_pycocotools() -> None:
    code = (
        "import json\n"
        "from maskmill.compat import init_as_pycocotools\n"
        "init_as_pycocotools()\n"
        "import pycocotools, pycocotools.mask as mask_utils\n"
        "from pycocotools import mask\n"
        "from pycocotools.coco import COCO\n"
        "from pycocotools.cocoeval import COCOeval, Params\n"
        "names = [pycocotools.__name__, mask.__name__, COCO.__module__, COCOeval.__module__]\n"
        "print(json.dumps([*names, mask is mask_utils]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    home = "maskmill.compat.pycocotools"
    assert json.loads(done.stdout) == [
        home,
        f"{home}.mask",
        f"{home}.coco",
        f"{home}.cocoeval",
        True,
    ]
