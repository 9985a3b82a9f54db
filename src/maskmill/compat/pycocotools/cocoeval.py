"""pycocotools.cocoeval: COCO's evaluation of detections, with its numbers and its text."""

from __future__ import annotations

import copy
import datetime
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from maskmill.compat.pycocotools import cells as of_cells
from maskmill.compat.pycocotools import mask as mask_utils
from maskmill.compat.pycocotools import results
from maskmill.compat.pycocotools.params import Params
from maskmill.compat.pycocotools.preparing import encode_segmentations
from maskmill.metrics.matching import lay_out
from maskmill.metrics.summary import summarize

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.compat.pycocotools.coco import COCO

__all__ = ["COCOeval", "Params"]

Record = dict[str, Any]


class COCOeval:
    """Evaluates detections against ground truth.

    Parameters
    ----------
    cocoGt, cocoDt : COCO
    iouType : {"segm", "bbox", "keypoints"}

    Notes
    -----
    Change ``params``, then call `evaluate`, `accumulate` and `summarize`. ``evalImgs`` and ``ious``
    are made when they are first read; where `computeIoU`, `computeOks` or `evaluateImg` are
    overridden, they are called image by image.
    """

    def __init__(
        self, cocoGt: COCO | None = None, cocoDt: COCO | None = None, iouType: str = "segm"
    ) -> None:
        if not iouType:
            print("iouType not specified. use default iouType segm")
        self.cocoGt = cocoGt
        self.cocoDt = cocoDt
        self.eval: Record = {}
        self.params = Params(iouType=iouType)
        self.stats: Any = []
        self._gts: dict[Any, list[Record]] = defaultdict(list)
        self._dts: dict[Any, list[Record]] = defaultdict(list)
        self._paramsEval: Any = {}
        self._found: of_cells.Found | None = None
        self._overlaps: Array | None = None
        self._evalImgs: Any = defaultdict(list)
        self._ious: Any = {}
        if cocoGt is not None:
            self.params.imgIds = sorted(cocoGt.getImgIds())
            self.params.catIds = sorted(cocoGt.getCatIds())

    @property
    def evalImgs(self) -> Any:
        """Results of each category, area range and image, one after another; None for no rows."""
        if self._evalImgs is None and self._found is not None:
            self._evalImgs = results.image_results(self._found, self._paramsEval)
        return self._evalImgs

    @evalImgs.setter
    def evalImgs(self, value: Any) -> None:
        self._evalImgs = value

    @property
    def ious(self) -> Any:
        """Overlaps of each (image id, category id): detections by objects, or []."""
        if self._ious is None and self._found is not None and self._overlaps is not None:
            self._ious = of_cells.split_ious(self._found, self._overlaps, self._paramsEval)
        return self._ious

    @ious.setter
    def ious(self, value: Any) -> None:
        self._ious = value

    def _prepare(self) -> None:
        """Sort annotations by image and category; give them ``ignore`` and run lengths."""
        p = self.params
        gt, dt = _given(self.cocoGt), _given(self.cocoDt)
        categories = p.catIds if p.useCats else []
        gts = gt.loadAnns(gt.getAnnIds(imgIds=p.imgIds, catIds=categories))
        dts = dt.loadAnns(dt.getAnnIds(imgIds=p.imgIds, catIds=categories))
        if p.iouType == "segm":
            encode_segmentations(gts, gt.imgs)
            encode_segmentations(dts, dt.imgs)
        for ann in gts:
            ann["ignore"] = "iscrowd" in ann and ann["iscrowd"]
            if p.iouType == "keypoints":
                ann["ignore"] = (ann["num_keypoints"] == 0) or ann["ignore"]
        self._gts, self._dts = defaultdict(list), defaultdict(list)
        for groups, anns in ((self._gts, gts), (self._dts, dts)):
            for ann in anns:
                groups[ann["image_id"], ann["category_id"]].append(ann)
        self.evalImgs = defaultdict(list)
        self.eval = {}

    def evaluate(self) -> None:
        """Match detections and objects of all images."""
        tic = time.time()
        print("Running per image evaluation...")
        p = self.params
        if p.useSegm is not None:
            p.iouType = "segm" if p.useSegm == 1 else "bbox"
            print(f"useSegm (deprecated) is not None. Running {p.iouType} evaluation")
        print(f"Evaluate annotation type *{p.iouType}*")
        p.imgIds = list(np.unique(p.imgIds))
        if p.useCats:
            p.catIds = list(np.unique(p.catIds))
        p.maxDets = sorted(p.maxDets)
        self.params = p
        self._prepare()
        categories = p.catIds if p.useCats else [-1]
        compute = "computeOks" if p.iouType == "keypoints" else "computeIoU"
        self._found = self._overlaps = None
        own_ious, own_images = self._overrides(compute), self._overrides("evaluateImg")
        if own_ious:
            one = getattr(self, compute)
            self.ious = {(i, k): one(i, k) for i in p.imgIds for k in categories}
        self._paramsEval = copy.deepcopy(p)
        if not (own_ious and own_images):
            cells = of_cells.lay_out_cells(p, self._gts, self._dts)
            if own_ious:
                self._overlaps = of_cells.join_ious(p, cells, self.ious)
            else:
                self._overlaps = of_cells.ious_of(p, cells)
                self.ious = None
            self._found = of_cells.match_cells(p, cells, self._overlaps, p.areaRng)
        self.evalImgs = None
        if own_images:
            self.evalImgs = [
                self.evaluateImg(i, k, area_range, p.maxDets[-1])
                for k in categories
                for area_range in p.areaRng
                for i in p.imgIds
            ]
        print(f"DONE (t={time.time() - tic:0.2f}s).")

    def _overrides(self, name: str) -> bool:
        return name in vars(self) or getattr(type(self), name) is not getattr(COCOeval, name)

    def _of_cell(self, groups: Any, imgId: Any, catId: Any) -> list[Record]:
        p = self.params
        if p.useCats:
            own: list[Record] = groups[imgId, catId]
            return own
        return [ann for category in p.catIds for ann in groups[imgId, category]]

    def _cell(self, gts: list[Record], dts: list[Record], limit: int) -> of_cells.Cells:
        zeros = (np.zeros(len(gts), np.int64), np.zeros(len(dts), np.int64))
        scores = np.array([dt["score"] for dt in dts], np.float64)
        layout = lay_out(*zeros, scores, limit)
        return of_cells.Cells(layout, gts, [dts[i] for i in layout.dt_order.tolist()])

    def computeIoU(self, imgId: Any, catId: Any) -> Any:
        """Overlaps of the detections, best first, and the objects of one image and category."""
        p = self.params
        gts = self._of_cell(self._gts, imgId, catId)
        dts = self._of_cell(self._dts, imgId, catId)
        if not gts and not dts:
            return []
        if p.iouType not in ("segm", "bbox"):
            raise ValueError(
                f"computeIoU: params.iouType must be 'segm' or 'bbox', got {p.iouType!r}. "
                "computeOks is for keypoints."
            )
        key = "segmentation" if p.iouType == "segm" else "bbox"
        found = self._cell(gts, dts, p.maxDets[-1])
        crowd = [int(gt["iscrowd"]) for gt in gts]
        return mask_utils.iou([dt[key] for dt in found.dts], [gt[key] for gt in gts], crowd)

    def computeOks(self, imgId: Any, catId: Any) -> Any:
        """Similarity of the detections' keypoints and the objects' of one image and category."""
        gts, dts = self._gts[imgId, catId], self._dts[imgId, catId]
        if not gts or not dts:
            return []
        found = self._cell(gts, dts, self.params.maxDets[-1])
        return of_cells.ious_of(self.params, found).reshape(len(found.dts), len(gts))

    def evaluateImg(self, imgId: Any, catId: Any, aRng: Any, maxDet: int) -> Record | None:
        """Match the detections and objects of one image and category, for one area range."""
        gts = self._of_cell(self._gts, imgId, catId)
        dts = self._of_cell(self._dts, imgId, catId)
        if not gts and not dts:
            return None
        for gt in gts:
            inside = aRng[0] <= gt["area"] <= aRng[1]
            gt["_ignore"] = 1 if gt["ignore"] or not inside else 0
        cells = self._cell(gts, dts, maxDet)
        ious = of_cells.join_ious(self.params, cells, {None: self.ious[imgId, catId]})
        found = of_cells.match_cells(self.params, cells, ious, [aRng])
        return {
            "image_id": imgId,
            "category_id": catId,
            "aRng": aRng,
            "maxDet": maxDet,
            **results.cell_result(found, 0, 0),
        }

    def accumulate(self, p: Any = None) -> None:
        """Turn matches into curves, in ``eval``: precision, recall and scores.

        Parameters
        ----------
        p : Params, optional
            Parameters to use in place of ``params``: a part of those evaluated.
        """
        print("Accumulating evaluation results...")
        tic = time.time()
        if self._paramsEval == {}:
            raise RuntimeError(
                "accumulate: evaluate must have been called before, got no matches. "
                "Call evaluate() first."
            )
        p = self.params if p is None else p
        p.catIds = p.catIds if p.useCats == 1 else [-1]
        if self._evalImgs is None and self._found is not None and _same(p, self._paramsEval):
            found = results.curves_of_found(self._found, p)
        else:
            if not self.evalImgs:
                print("Please run evaluate() first")
            found = results.curves_of_images(self.evalImgs, p, self._paramsEval)
        self.eval = {
            "params": p,
            "counts": list(found.precision.shape),
            "date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S"),
            "precision": found.precision,
            "recall": found.recall,
            "scores": found.scores,
        }
        print(f"DONE (t={time.time() - tic:0.2f}s).")

    def summarize(self) -> None:
        """Print the averages that COCO reports, and keep them in ``stats``."""
        if not self.eval:
            raise RuntimeError(
                "summarize: accumulate must have been called before, got no curves. "
                "Call accumulate() first."
            )
        p = self.params
        found = summarize(
            self.eval["precision"],
            self.eval["recall"],
            np.asarray(p.iouThrs, np.float64),
            p.areaRngLbl,
            p.maxDets,
            p.iouType == "keypoints",
        )
        for line in found.lines:
            print(line)
        self.stats = found.stats

    def __str__(self) -> str:
        self.summarize()
        return ""


def _given(coco: COCO | None) -> COCO:
    if coco is None:
        raise ValueError(
            "evaluate: cocoGt and cocoDt must be given, got None. Pass both to COCOeval."
        )
    return coco


def _same(p: Any, known: Any) -> bool:
    """Tell whether curves can be made of all cells at once."""
    names = ["imgIds", "areaRng", "iouThrs", "maxDets"]
    names += ["catIds"] if known.useCats else []
    return p.useCats == known.useCats and all(
        np.array_equal(getattr(p, name), getattr(known, name)) for name in names
    )
