"""COCOeval == pycocotools', on real detections and on random ones with many ties."""

from __future__ import annotations

import copy
import hashlib
import re
from typing import Any

import numpy as np
import pytest

from maskmill.compat.pycocotools import cocoeval
from tests.compat.pairs import (
    OURS,
    THEIRS,
    Record,
    assert_equal_curves,
    compare,
    evaluate,
    random_case,
    same,
)
from tests.conftest import data_path
from tests.real_data import read_json

ORACLES = {
    "val2014 masks": (
        "val2014_100/instances_val2014_100.json",
        "val2014_100/instances_val2014_fakesegm100_results.json",
        "val2014_100/eval_segm.json",
    ),
    "val2014 boxes": (
        "val2014_100/instances_val2014_100.json",
        "val2014_100/instances_val2014_fakebbox100_results.json",
        "val2014_100/eval_bbox.json",
    ),
    "val2014 boxes of masks": (
        "val2014_100/instances_val2014_100.json",
        "val2014_100/instances_val2014_fakesegm100_results.json",
        "val2014_100/eval_bbox_of_segm.json",
    ),
    "val2017 masks": (
        "mini_val2017/instances_val2017.json",
        "mini_val2017/derived_results.json",
        "mini_val2017/eval_segm_derived.json",
    ),
    "val2017 boxes": (
        "mini_val2017/instances_val2017.json",
        "mini_val2017/derived_results.json",
        "mini_val2017/eval_bbox_derived.json",
    ),
    "roboflow boxes": (
        "roboflow_medical_waste/test/_annotations.coco.json",
        "roboflow_medical_waste/test_coco_instances_results.json",
        "roboflow_medical_waste/test_eval_bbox.json",
    ),
}


@pytest.mark.parametrize("case", ORACLES)
def test_real_detections_give_the_numbers_of_the_oracle(case: str) -> None:
    truth, results, oracle = (read_json(data_path("coco", *n.split("/"))) for n in ORACLES[case])
    ours, text = evaluate(OURS, truth, results, oracle["iouType"])
    assert ours.stats.tolist() == oracle["stats"]
    summary = oracle["summary"]
    assert text.splitlines()[-len(summary) :] == summary
    digest = hashlib.sha256(np.ascontiguousarray(ours.eval["precision"]).tobytes()).hexdigest()
    assert digest == oracle["precision_sha256_float64_C"]


def test_real_keypoints_moved_a_little() -> None:
    truth = read_json(data_path("coco", "mini_val2017", "person_keypoints_val2017.json"))
    rng = np.random.default_rng(0)
    results = []
    for annotation in truth["annotations"]:
        points = np.array(annotation["keypoints"], float).reshape(17, 3)
        for spread in (1, 5, 20):
            points[:, :2] += rng.normal(0, spread, (17, 2))
            results.append(
                {
                    "image_id": annotation["image_id"],
                    "category_id": 1,
                    "keypoints": points.reshape(-1).tolist(),
                    "score": round(float(rng.random()), 1),
                }
            )
    ours, _ = compare(truth, results, "keypoints")
    assert 0 < ours.stats[0] < 1


ADJUSTMENTS: dict[str, Record] = {
    "defaults": {},
    "without categories": {"useCats": 0},
    "few detections": {"maxDets": [1, 2, 3]},
    "limits not sorted": {"maxDets": [5, 1, 100, 50], "iouThrs": np.array([0.5])},
    "thresholds not sorted": {
        "iouThrs": np.array([0.3, 1.0, 0.5]),
        "recThrs": np.array([0.5, 0, 0.2, 0.9, 0.3, 1.1]),
    },
    "own areas": {
        "areaRng": [[0, 16], [16, 1024], [0, 1e10]],
        "areaRngLbl": ["small", "medium", "all"],
    },
}


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
def test_random_detections(kind: str, adjustment: str) -> None:
    def adjust(params: Any) -> None:
        for name, value in ADJUSTMENTS[adjustment].items():
            setattr(params, name, copy.copy(value))

    for seed in (2, 3, 5, 9):
        compare(*random_case(seed, kind), kind, adjust)


def test_some_images_and_categories() -> None:
    def adjust(params: Any) -> None:
        params.imgIds = params.imgIds[::-1][:2]
        params.catIds = params.catIds[:1]

    for seed in (2, 3, 5, 9):
        compare(*random_case(seed, "bbox"), "bbox", adjust)


def test_detections_of_categories_without_objects() -> None:
    truth, results = random_case(1, "bbox")
    truth["annotations"] = [a for a in truth["annotations"] if a["category_id"]]
    compare(truth, results, "bbox")
    truth["annotations"] = []
    ours, _ = compare(truth, results, "bbox")
    assert (ours.stats == -1).all()


def subclass(base: Any) -> Any:
    """A metric of its own: boxes overlap half as much, objects of one image never match."""

    class Own(base):  # type: ignore[misc]
        def computeIoU(self, imgId: Any, catId: Any) -> Any:  # noqa: N802, N803
            found = super().computeIoU(imgId, catId)
            return found if len(found) == 0 else found * 0.75

        def evaluateImg(self, imgId: Any, *rest: Any) -> Any:  # noqa: N802, N803
            return None if imgId == self.params.imgIds[0] else super().evaluateImg(imgId, *rest)

    return Own


def test_methods_may_be_overridden() -> None:
    for seed in range(3):
        case = random_case(seed, "bbox")
        theirs, ours = (
            evaluate((dataset, subclass(evaluator)), *case, "bbox")[0]
            for dataset, evaluator in (THEIRS, OURS)
        )
        assert_equal_curves(theirs, ours)
        same(theirs.evalImgs, ours.evalImgs)
        same(theirs.ious, ours.ious)


def only(base: Any, name: str) -> Any:
    """Override one of the two methods."""
    other = "evaluateImg" if name == "computeIoU" else "computeIoU"
    return type("One", (subclass(base),), {other: getattr(base, other)})


@pytest.mark.parametrize("name", ["computeIoU", "evaluateImg"])
def test_one_overridden_method_leaves_the_other(name: str) -> None:
    case = random_case(3, "bbox")
    theirs, ours = (
        evaluate((dataset, only(evaluator, name)), *case, "bbox")[0]
        for dataset, evaluator in (THEIRS, OURS)
    )
    assert_equal_curves(theirs, ours)
    same(theirs.evalImgs, ours.evalImgs)
    assert ours.stats[0] < evaluate(OURS, *case, "bbox")[0].stats[0]


def test_evaluation_of_parts_merged_as_distributed_evaluators_do() -> None:
    truth, results = random_case(3, "bbox")
    images = sorted(image["id"] for image in truth["images"])
    assert len(images) > 1

    def merge_parts(dataset: Any) -> Any:
        def steps(whole: Any) -> None:
            shape = (-1, len(whole.params.areaRng), len(whole.params.imgIds))
            parts = np.asarray(whole.evalImgs, object).reshape(shape)
            halves = [parts[:, :, 1:], parts[:, :, :1]]  # in another order
            whole.evalImgs = np.concatenate(halves, axis=2).ravel().tolist()
            whole.params.imgIds = [*whole.params.imgIds[1:], whole.params.imgIds[0]]
            whole._paramsEval = copy.deepcopy(whole.params)

        return steps

    theirs, _ = evaluate(THEIRS, truth, results, "bbox", steps=merge_parts(THEIRS))
    ours, _ = evaluate(OURS, truth, results, "bbox", steps=merge_parts(OURS))
    assert_equal_curves(theirs, ours)


def test_records_are_changed_as_pycocotools_changes_them() -> None:
    case = random_case(2, "segm")
    theirs, _ = evaluate(THEIRS, *case, "segm")
    ours, _ = evaluate(OURS, *case, "segm")
    for side in ("cocoGt", "cocoDt"):
        their_anns, our_anns = (
            [{k: v for k, v in a.items() if k != "_ignore"} for a in getattr(e, side).anns.values()]
            for e in (theirs, ours)
        )
        same(their_anns, our_anns)


def test_sizes_of_one_image_that_differ_are_refused() -> None:
    truth, results = random_case(2, "segm")
    result = next(r for r in results if r["image_id"] == truth["annotations"][0]["image_id"])
    result["category_id"] = truth["annotations"][0]["category_id"]
    result["segmentation"] = {"size": [2, 2], "counts": "4"}
    with pytest.raises(ValueError, match=r"COCOeval: masks of image \d+ must have one size"):
        evaluate(OURS, truth, results, "segm")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: e.accumulate(), "evaluate must have been called"),
        (lambda e: e.summarize(), "accumulate must have been called"),
    ],
)
def test_steps_out_of_order_are_refused(call: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        call(cocoeval.COCOeval())


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match=re.escape("cocoGt and cocoDt must be given")):
        cocoeval.COCOeval().evaluate()
    with pytest.raises(ValueError, match="iouType must be"):
        cocoeval.COCOeval(iouType="boundary")
