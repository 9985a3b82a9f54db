"""pycocotools.coco: the annotations of a COCO file, indexed."""

from __future__ import annotations

import copy
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from maskmill.compat.pycocotools import mask as mask_utils
from maskmill.errors import FormatError
from maskmill.loading import loading

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["COCO"]

Record = dict[str, Any]


class COCO:
    """Annotations, images and categories of one file.

    Parameters
    ----------
    annotation_file : str or path, optional
        Without one, set ``dataset`` and call `createIndex`.
    """

    def __init__(self, annotation_file: Any = None) -> None:
        self.dataset: Record = {}
        self.anns: dict[Any, Record] = {}
        self.cats: dict[Any, Record] = {}
        self.imgs: dict[Any, Record] = {}
        self.imgToAnns: dict[Any, list[Record]] = defaultdict(list)
        self.catToImgs: dict[Any, list[Any]] = defaultdict(list)
        if annotation_file is not None:
            print("loading annotations into memory...")
            tic = time.time()
            dataset = _load(annotation_file)
            if type(dataset) is not dict:
                raise FormatError(
                    f"a COCO file must be a JSON object, got {type(dataset).__name__}. "
                    "Results go to loadRes.",
                    str(annotation_file),
                )
            print(f"Done (t={time.time() - tic:0.2f}s)")
            self.dataset = dataset
            self.createIndex()

    def createIndex(self) -> None:
        """Index ``dataset``: after a change of its lists, call this again."""
        print("creating index...")
        data = self.dataset
        by_image: dict[Any, list[Record]] = defaultdict(list)
        images_of: dict[Any, list[Any]] = defaultdict(list)
        annotations = data.get("annotations", [])
        for ann in annotations:
            by_image[ann["image_id"]].append(ann)
        if "categories" in data:
            for ann in annotations:
                images_of[ann["category_id"]].append(ann["image_id"])
        self.anns = {ann["id"]: ann for ann in annotations}
        self.imgs = {image["id"]: image for image in data.get("images", [])}
        self.cats = {category["id"]: category for category in data.get("categories", [])}
        self.imgToAnns = by_image
        self.catToImgs = images_of
        print("index created!")

    def info(self) -> None:
        """Print what the file says about itself."""
        for key, value in self.dataset["info"].items():
            print(f"{key}: {value}")

    def getAnnIds(
        self,
        imgIds: Any = (),
        catIds: Any = (),
        areaRng: Sequence[float] = (),
        iscrowd: bool | int | None = None,
    ) -> list[Any]:
        """Ids of annotations of these images and categories; empty means all.

        ``areaRng`` is open on both sides.
        """
        images, categories = _as_list(imgIds), _as_list(catIds)
        if len(images):
            lists = (self.imgToAnns[i] for i in images if i in self.imgToAnns)
            anns = [ann for own in lists for ann in own]
        else:
            anns = self.dataset["annotations"]
        if len(categories):
            wanted = set(categories)
            anns = [ann for ann in anns if ann["category_id"] in wanted]
        if len(areaRng):
            anns = [ann for ann in anns if areaRng[0] < ann["area"] < areaRng[1]]
        if iscrowd is not None:
            anns = [ann for ann in anns if ann["iscrowd"] == iscrowd]
        return [ann["id"] for ann in anns]

    def getCatIds(self, catNms: Any = (), supNms: Any = (), catIds: Any = ()) -> list[Any]:
        """Ids of categories with these names, supercategories and ids; empty means all."""
        found = self.dataset["categories"]
        for key, given in (("name", catNms), ("supercategory", supNms), ("id", catIds)):
            wanted = _as_list(given)
            if len(wanted):
                found = [category for category in found if category[key] in wanted]
        return [category["id"] for category in found]

    def getImgIds(self, imgIds: Any = (), catIds: Any = ()) -> list[Any]:
        """Ids of images among these that have all the categories; empty means all."""
        images, categories = _as_list(imgIds), _as_list(catIds)
        if not len(images) and not len(categories):
            return list(self.imgs)
        ids = set(images)
        for i, category in enumerate(categories):
            own = set(self.catToImgs[category])
            ids = own if i == 0 and not ids else ids & own
        return list(ids)

    def loadAnns(self, ids: Any = ()) -> list[Record]:
        """Annotations of these ids: the records themselves, not copies."""
        return [self.anns[i] for i in _as_list(ids)]

    def loadCats(self, ids: Any = ()) -> list[Record]:
        """Categories of these ids."""
        return [self.cats[i] for i in _as_list(ids)]

    def loadImgs(self, ids: Any = ()) -> list[Record]:
        """Images of these ids."""
        return [self.imgs[i] for i in _as_list(ids)]

    def loadRes(self, resFile: Any) -> COCO:
        """Make a COCO of results for the images of this one.

        Parameters
        ----------
        resFile : path of a JSON file, list of dicts, or float array (n, 7)
            Rows of an array are image id, x, y, width, height, score, category id. The dicts get
            ``id``, ``area`` and what else is missing: they are changed in place.
        """
        res = COCO()
        res.dataset["info"] = copy.deepcopy(self.dataset.get("info", {}))
        res.dataset["images"] = list(self.dataset["images"])
        print("Loading and preparing results...")
        tic = time.time()
        if isinstance(resFile, np.ndarray):
            anns = self.loadNumpyAnnotations(resFile)
        else:
            anns = _load(resFile) if isinstance(resFile, (str, Path)) else resFile
        if not isinstance(anns, list):
            raise TypeError(
                f"loadRes: resFile must hold a list of results, got {type(anns).__name__}. "
                "Give one dict a detection."
            )
        if not anns:
            raise ValueError(
                "loadRes: resFile must have at least one result, got none: nothing says what they "
                "are. Skip the evaluation of an empty list."
            )
        foreign = {ann["image_id"] for ann in anns}.difference(self.imgs)
        if foreign:
            raise ValueError(
                f"loadRes: results must be of images of this dataset, got image_id "
                f"{next(iter(foreign))!r}. Drop them, or load the file they belong to."
            )
        if "caption" not in anns[0]:
            res.dataset["categories"] = copy.deepcopy(self.dataset["categories"])
        _complete(anns, res)
        print(f"DONE (t={time.time() - tic:0.2f}s)")
        res.dataset["annotations"] = anns
        res.createIndex()
        return res

    def loadNumpyAnnotations(self, data: Array) -> list[Record]:
        """Make results of rows: image id, x, y, width, height, score, category id."""
        print("Converting ndarray to lists...")
        print(data.shape)
        if data.ndim != 2 or data.shape[1] != 7:
            raise ValueError(
                f"loadNumpyAnnotations: data must have shape (n, 7), got {data.shape}. "
                "Columns are image id, x, y, width, height, score, category id."
            )
        for done in range(0, len(data), 1_000_000):
            print(f"{done}/{len(data)}")
        return [
            {
                "image_id": int(row[0]),
                "bbox": list(row[1:5]),
                "score": row[5],
                "category_id": int(row[6]),
            }
            for row in data
        ]

    def annToRLE(self, ann: Record) -> Record:
        """Compressed run lengths of an annotation's polygons or run lengths."""
        segmentation = ann["segmentation"]
        image = self.imgs[ann["image_id"]]
        height, width = image["height"], image["width"]
        if isinstance(segmentation, list):
            return mask_utils.merge(mask_utils.frPyObjects(segmentation, height, width))
        if isinstance(segmentation["counts"], list):
            rle: Record = mask_utils.frPyObjects(segmentation, height, width)
            return rle
        own: Record = segmentation
        return own

    def annToMask(self, ann: Record) -> Array:
        """Pixels of an annotation, uint8 (height, width)."""
        return mask_utils.decode(self.annToRLE(ann))

    def showAnns(self, anns: Sequence[Record], draw_bbox: bool = False) -> None:
        """Draw annotations into matplotlib's current axes."""
        with loading:
            from maskmill.compat.pycocotools import showing

        showing.show(self, anns, draw_bbox)

    def download(self, tarDir: str | None = None, imgIds: Any = ()) -> None:
        """Refuse: maskmill opens no connection."""
        raise NotImplementedError(
            "download: images must be fetched by other means, got a request: maskmill opens no "
            "connection. Fetch the coco_url of loadImgs(imgIds)."
        )


def _load(path: Any) -> Any:
    content = Path(path).read_bytes()
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return json.loads(content)  # knows NaN and Infinity, or says what is wrong


def _as_list(given: Any) -> Any:
    """One id or several: several, as Python values where NumPy's came."""
    if isinstance(given, np.ndarray):
        return given.reshape(-1).tolist()
    return given if hasattr(given, "__iter__") and hasattr(given, "__len__") else [given]


def _complete(anns: list[Record], res: COCO) -> None:
    """Give results what annotations have; the first one says what they are."""
    first = anns[0]
    if "caption" in first:
        own = {ann["image_id"] for ann in anns}
        res.dataset["images"] = [i for i in res.dataset["images"] if i["id"] in own]
        for number, ann in enumerate(anns, 1):
            ann["id"] = number
    elif "bbox" in first and not (isinstance(first["bbox"], list) and not first["bbox"]):
        for number, ann in enumerate(anns, 1):
            x, y, wide, high = ann["bbox"][:4]
            if "segmentation" not in ann:
                right, bottom = x + wide, y + high
                ann["segmentation"] = [[x, y, x, bottom, right, bottom, right, y]]
            ann.update(area=wide * high, id=number, iscrowd=0)
    elif "segmentation" in first:
        rles = [ann["segmentation"] for ann in anns]
        boxes = None if all("bbox" in ann for ann in anns) else mask_utils.toBbox(rles)
        for i, (ann, pixels) in enumerate(zip(anns, mask_utils.area(rles), strict=True)):
            ann["area"] = pixels
            if boxes is not None and "bbox" not in ann:
                ann["bbox"] = boxes[i]
            ann.update(id=i + 1, iscrowd=0)
    elif "keypoints" in first:
        for number, ann in enumerate(anns, 1):
            x, y = ann["keypoints"][0::3], ann["keypoints"][1::3]
            left, right, top, bottom = np.min(x), np.max(x), np.min(y), np.max(y)
            ann.update(area=(right - left) * (bottom - top), id=number)
            ann["bbox"] = [left, top, right - left, bottom - top]
