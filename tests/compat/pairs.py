"""pycocotools and maskmill's modules of its names, run side by side."""

from __future__ import annotations

import contextlib
import copy
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from pycocotools import coco as their_coco
from pycocotools import cocoeval as their_cocoeval
from pycocotools import mask as their_mask

from maskmill.compat.pycocotools import coco, cocoeval

Record = dict[str, Any]
Adjust = Callable[[Any], None]

OURS = (coco.COCO, cocoeval.COCOeval)
THEIRS = (their_coco.COCO, their_cocoeval.COCOeval)


def same(theirs: Any, ours: Any) -> None:
    """Assert equal types, dtypes, shapes, memory orders and values, inside containers too."""
    assert type(theirs) is type(ours)
    if isinstance(theirs, (np.ndarray, np.generic)):
        assert theirs.dtype == ours.dtype
        assert theirs.shape == ours.shape
        assert theirs.tobytes() == ours.tobytes()
        if isinstance(theirs, np.ndarray):
            assert theirs.flags.f_contiguous == ours.flags.f_contiguous
            assert theirs.flags.c_contiguous == ours.flags.c_contiguous
    elif isinstance(theirs, dict):
        assert list(theirs) == list(ours)
        for key in theirs:
            same(theirs[key], ours[key])
    elif isinstance(theirs, (list, tuple)):
        assert len(theirs) == len(ours)
        for a, b in zip(theirs, ours, strict=True):
            same(a, b)
    else:
        assert theirs == ours


def evaluate(
    classes: Any,
    ground_truth: Record,
    results: Any,
    kind: str,
    adjust: Adjust | None = None,
    steps: Callable[[Any], None] | None = None,
) -> tuple[Any, str]:
    """Run one package from records to the summary; give the evaluator and what it printed."""
    dataset, evaluator = classes
    with contextlib.redirect_stdout(io.StringIO()) as out:
        gt = dataset()
        gt.dataset = copy.deepcopy(ground_truth)
        gt.createIndex()
        done = evaluator(gt, gt.loadRes(copy.deepcopy(results)), kind)
        if adjust is not None:
            adjust(done.params)
        done.evaluate()
        if steps is not None:
            steps(done)
        done.accumulate()
        if kind == "keypoints" or len(done.params.maxDets) > 2:
            done.params.iouThrs = np.asarray(done.params.iouThrs)  # pycocotools needs an array here
            done.summarize()
    return done, re.sub(r"t=[\d.]+s", "", out.getvalue())


def assert_equal_curves(theirs: Any, ours: Any) -> None:
    for name in ("counts", "precision", "recall", "scores"):
        same(theirs.eval[name], ours.eval[name])
    same(theirs.stats, ours.stats)


def compare(
    ground_truth: Record, results: Any, kind: str, adjust: Adjust | None = None
) -> tuple[Any, str]:
    """Assert that both packages give the same curves, summary, evalImgs, ious and text."""
    theirs, their_text = evaluate(THEIRS, ground_truth, results, kind, adjust)
    ours, our_text = evaluate(OURS, ground_truth, results, kind, adjust)
    assert_equal_curves(theirs, ours)
    assert our_text == their_text
    same(list(theirs.evalImgs), list(ours.evalImgs))
    same(theirs.ious, ours.ious)
    # The curves of evalImgs, which distributed evaluation merges, are those of the columns.
    with contextlib.redirect_stdout(io.StringIO()):
        ours.accumulate()
    same(theirs.eval["precision"], ours.eval["precision"])
    return ours, our_text


def random_case(seed: int, kind: str) -> tuple[Record, list[Record]]:
    """Few images and categories, many ties: equal scores, equal overlaps, crowds, ids of 0."""
    rng = np.random.default_rng(seed)
    images = {3 * i + 1: tuple(rng.integers(10, 30, 2).tolist()) for i in range(rng.integers(1, 6))}
    categories = [2 * k for k in range(rng.integers(1, 4))]
    ids = list(images)

    def box(image: int) -> list[int]:
        height, width = images[image]
        corner = [int(rng.integers(0, width - 2)), int(rng.integers(0, height - 2))]
        return [*corner, *rng.integers(1, 8, 2).tolist()]

    def rle(image: int, box: list[int]) -> Record:
        x, y, w, h = box
        ring = [float(v) for v in (x, y, x, y + h, x + w, y + h, x + w, y)]
        return dict(their_mask.frPyObjects([ring], *images[image])[0])

    annotations: list[Record] = []
    for number in range(rng.integers(0, 25)):
        image = int(rng.choice(ids))
        own = box(image)
        run = rle(image, own)
        x, y, w, h = own
        segmentation: Any = [[x, y, x, y + h, x + w, y + h, x + w, y]]
        crowd = int(rng.random() < 0.2)
        if crowd or rng.random() < 0.3:
            segmentation = {"size": run["size"], "counts": run["counts"].decode()}
            if rng.random() < 0.5:
                flat = np.append(their_mask.decode(run).T.reshape(-1), 2)
                edges = np.flatnonzero(np.diff(flat, prepend=0))
                segmentation["counts"] = np.diff(edges, prepend=0).tolist()
        annotation = {
            "id": number,
            "image_id": image,
            "category_id": int(rng.choice(categories)),
            "bbox": own,
            "area": float(rng.choice([w * h, 4, 1024, 9216])),
            "iscrowd": crowd,
            "segmentation": segmentation,
        }
        if kind == "keypoints":
            placed = rng.integers(0, 20, (17, 3))
            placed[:, 2] = rng.integers(0, 3, 17) * (rng.random() < 0.8)
            annotation["keypoints"] = placed.reshape(-1).tolist()
            annotation["num_keypoints"] = int((placed[:, 2] > 0).sum())
        annotations.append(annotation)
    results = []
    for _ in range(rng.integers(1, 60)):
        image, category = int(rng.choice(ids)), int(rng.choice(categories))
        points: Any = None
        own = box(image)
        if annotations and rng.random() < 0.7:
            near = annotations[rng.integers(len(annotations))]
            image, category = near["image_id"], near["category_id"]
            moved = np.array(near["bbox"]) + rng.integers(-1, 2, 4)
            own = np.maximum(moved, [0, 0, 1, 1]).tolist()
            points = near.get("keypoints")
        result: Record = {
            "image_id": image,
            "category_id": category,
            "score": float(rng.choice([0.1, 0.5, 0.5, 0.9, rng.random()])),
        }
        if kind == "bbox":
            result["bbox"] = own
        elif kind == "segm":
            run = rle(image, own)
            text = run["counts"] if rng.random() < 0.5 else run["counts"].decode()
            result["segmentation"] = {"size": run["size"], "counts": text}
        else:
            spots = np.array(rng.integers(0, 20, 51) if points is None else points, float)
            spots = spots.reshape(17, 3)
            spots[:, :2] += rng.normal(0, 1, (17, 2))
            result["keypoints"] = spots.reshape(-1).tolist()
        results.append(result)
    truth = {
        "info": {},
        "images": [{"id": i, "height": h, "width": w} for i, (h, w) in images.items()],
        "categories": [{"id": k, "name": str(k)} for k in categories],
        "annotations": annotations,
    }
    return truth, results
