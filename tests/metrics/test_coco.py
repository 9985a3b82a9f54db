"""CocoEvaluator == pycocotools, over columns, in batches and merged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maskmill import Masks, area
from maskmill.compat.pycocotools.mask import area as pixels_of
from maskmill.compat.pycocotools.mask import toBbox
from maskmill.metrics.coco import CocoEvaluator
from maskmill.metrics.result import CocoResult
from tests.compat.pairs import THEIRS, Record, evaluate, random_case
from tests.compat.test_cocoeval import ORACLES
from tests.conftest import data_path
from tests.real_data import read_json


def shapes_of(truth: Record, records: list[Record], kind: str) -> Any:
    if kind == "bbox":
        if records and "bbox" not in records[0]:  # results of masks: as loadRes does
            return toBbox([r["segmentation"] for r in records])
        return np.array([r["bbox"] for r in records], float).reshape(-1, 4)
    if kind == "keypoints":
        return np.array([r["keypoints"] for r in records], float).reshape(-1, 17, 3)
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
    if not records:
        return Masks.empty()
    return Masks.from_coco(
        [r["segmentation"] for r in records], [sizes[r["image_id"]] for r in records]
    )


def evaluator_of(truth: Record, kind: str, **settings: Any) -> CocoEvaluator:
    objects = truth["annotations"]
    return CocoEvaluator(
        shapes_of(truth, objects, kind),
        [a["image_id"] for a in objects],
        [a["category_id"] for a in objects],
        crowd=np.array([a["iscrowd"] for a in objects], bool),
        areas=[a["area"] for a in objects],
        boxes=np.array([a["bbox"] for a in objects], float).reshape(-1, 4),
        images=[image["id"] for image in truth["images"]],
        categories=[category["id"] for category in truth["categories"]],
        iou_type=kind,  # type: ignore[arg-type]
        **settings,
    )


def add(evaluator: CocoEvaluator, truth: Record, records: list[Record], kind: str) -> None:
    shapes = shapes_of(truth, records, kind)
    areas: Any = None  # as loadRes does
    if kind == "segm" and records and "bbox" in records[0]:
        areas = [r["bbox"][2] * r["bbox"][3] for r in records]
    if kind == "bbox" and records and "bbox" not in records[0]:
        areas = pixels_of([r["segmentation"] for r in records])
    evaluator.update(
        shapes,
        [r["image_id"] for r in records],
        [r["category_id"] for r in records],
        [r["score"] for r in records],
        areas=areas,
    )


def assert_equal(theirs: Any, ours: CocoResult) -> None:
    for name in ("precision", "recall", "scores"):
        assert theirs.eval[name].shape == getattr(ours, name).shape
        assert theirs.eval[name].tobytes() == getattr(ours, name).tobytes()


# The objects of this file are numbered from 0, which pycocotools takes for no match.
FROM_ZERO = "roboflow boxes"


def test_an_object_with_the_id_0_is_matched_like_others() -> None:
    truth, records, _ = (read_json(data_path("coco", *n.split("/"))) for n in ORACLES[FROM_ZERO])
    evaluator = evaluator_of(truth, "bbox")
    add(evaluator, truth, records, "bbox")
    shift_ids(truth)
    theirs, _ = evaluate(THEIRS, truth, records, "bbox")
    assert_equal(theirs, evaluator.compute())


@pytest.mark.parametrize("case", [case for case in ORACLES if case != FROM_ZERO])
def test_real_detections_give_the_numbers_of_the_oracle(case: str) -> None:
    truth, records, oracle = (read_json(data_path("coco", *n.split("/"))) for n in ORACLES[case])
    evaluator = evaluator_of(truth, oracle["iouType"])
    add(evaluator, truth, records, oracle["iouType"])
    result = evaluator.compute()
    assert result.stats.tolist() == oracle["stats"]
    assert result.text.splitlines() == oracle["summary"]
    table = result.per_category()
    for k, category in enumerate(result.categories.tolist()):
        expected = oracle["per_category"].get(str(category))
        if expected is not None:
            found = {name: table[name][k] for name in expected}
            assert found == {n: -1 if v is None else v for n, v in expected.items()}


def shift_ids(truth: Record) -> None:
    """Ids of 0 count as no match in pycocotools; columns have no ids."""
    for annotation in truth["annotations"]:
        annotation["id"] += 1


@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
def test_batches_in_any_order_and_merged(kind: str) -> None:
    for seed in (2, 3, 5, 9):
        truth, records = random_case(seed, kind)
        shift_ids(truth)
        theirs, _ = evaluate(THEIRS, truth, records, kind)
        whole = evaluator_of(truth, kind)
        parts = [evaluator_of(truth, kind) for _ in range(2)]
        for n, image in enumerate(reversed(truth["images"])):
            own = [r for r in records if r["image_id"] == image["id"]]
            add(whole, truth, own, kind)
            add(parts[n % 2], truth, own, kind)
        assert_equal(theirs, whole.compute())
        parts[0].merge(parts[1].to_bytes())
        assert_equal(theirs, parts[0].compute())
        whole.reset()
        assert (whole.compute().precision <= 0).all()
        whole.merge(parts[0])
        assert_equal(theirs, whole.compute())


def test_own_settings() -> None:
    truth, records = random_case(3, "segm")
    shift_ids(truth)

    def adjust(params: Any) -> None:
        params.iouThrs, params.recThrs = np.array([0.3, 1.0]), np.array([0.5, 0.1])
        params.maxDets, params.areaRng, params.areaRngLbl = [2, 4], [[4, 30]], ["some"]

    theirs, _ = evaluate(THEIRS, truth, records, "segm", adjust)
    ours = evaluator_of(
        truth,
        "segm",
        iou_thresholds=[0.3, 1.0],
        recall_thresholds=[0.5, 0.1],
        max_detections=[4, 2],
        area_ranges={"some": (4, 30)},
    )
    add(ours, truth, records, "segm")
    result = ours.compute()
    assert_equal(theirs, result)
    assert set(result.per_category()) == {"AP", "AR"}
    with pytest.raises(ValueError, match="max_detections must have three values"):
        _ = result.stats


def test_the_area_of_a_mask_is_its_default() -> None:
    truth, records = random_case(3, "segm")
    masks = shapes_of(truth, truth["annotations"], "segm")
    images = [a["image_id"] for a in truth["annotations"]]
    kinds = [a["category_id"] for a in truth["annotations"]]
    known = [r for r in records if r["image_id"] in images]
    found = []
    for areas in (None, area(masks)):
        evaluator = CocoEvaluator(masks, images, kinds, areas=areas)
        add(evaluator, truth, known, "segm")
        found.append(evaluator.compute().precision)
    assert found[0].tobytes() == found[1].tobytes()


def test_nothing() -> None:
    empty = CocoEvaluator(Masks.empty(), [], [], images=["a", "b"], categories=["cat"])
    empty.update(Masks.empty(), [], [], [])
    result = empty.compute()
    assert (result.stats == -1).all()
    assert result.per_category()["AP"].tolist() == [-1]
    none = CocoEvaluator(np.zeros((0, 4)), [], [], iou_type="bbox").compute()
    assert none.precision.shape == (10, 101, 0, 4, 3)


BOX = np.array([[0.0, 0, 2, 2]])


def boxes(**settings: Any) -> CocoEvaluator:
    return CocoEvaluator(BOX, [1], [1], iou_type="bbox", **settings)


def updated() -> CocoEvaluator:
    evaluator = boxes()
    evaluator.update(BOX, [1], [1], [0.5])
    return evaluator


REFUSED: dict[str, tuple[Any, str]] = {
    "an image twice": (lambda: updated().update(BOX, [1], [1], [0.5]), "got 1 again"),
    "a foreign image": (lambda: boxes().update(BOX, [2], [1], [0.5]), "got 2 at 0"),
    "a score that is no number": (lambda: boxes().update(BOX, [1], [1], [np.nan]), "finite"),
    "too few scores": (lambda: boxes().update(BOX, [1], [1], []), "scores must have shape"),
    "too few images": (lambda: boxes().update(BOX, [], [1], [1]), "image_ids must have shape"),
    "other boxes": (lambda: boxes().update(BOX[:, :3], [1], [1], [1]), "shapes must have shape"),
    "a foreign kind": (lambda: CocoEvaluator(BOX, [1], [1], iou_type="mask"), "iou_type must be"),  # type: ignore[arg-type]
    "no limit": (lambda: boxes(max_detections=[0]), "positive numbers"),
    "no threshold": (lambda: boxes(iou_thresholds=[]), "must have a value"),
    "no range": (lambda: boxes(area_ranges={}), "must have a range"),
    "wrong flags": (lambda: boxes(crowd=[True, False]), "crowd must be 1"),
    "keypoints without areas": (
        lambda: CocoEvaluator(np.zeros((1, 17, 3)), [1], [1], iou_type="keypoints"),
        "areas and boxes must be given",
    ),
    "other parameters": (lambda: boxes().merge(boxes(max_detections=[1])), "max_detections"),
    "the same image": (lambda: updated().merge(updated()), "got 1 twice"),
    "foreign bytes": (lambda: boxes().merge(b"PK"), "what to_bytes gave"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_columns_are_refused(case: str) -> None:
    call, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        call()


def test_wrong_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match="shapes must be Masks"):
        CocoEvaluator(BOX, [1], [1])
    with pytest.raises(TypeError, match="integers or strings"):
        CocoEvaluator(BOX, [1.5], [1], iou_type="bbox")
    with pytest.raises(TypeError, match="CocoEvaluator or bytes"):
        boxes().merge("x")  # type: ignore[arg-type]
