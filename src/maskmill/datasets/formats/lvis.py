"""LVIS: COCO instances whose images say which categories were looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from maskmill.datasets.coco_file import (
    CocoFile,
    Piece,
    annotation_records,
    category_record,
    encode_annotations,
    image_records,
    join_records,
    open_coco_file,
)
from maskmill.datasets.dataset import Header, Shard
from maskmill.datasets.format import Options, Writer
from maskmill.datasets.formats.coco import Coco
from maskmill.datasets.formats.coco_polygons import COCO_CARRIES, PolygonWriter
from maskmill.datasets.jsonfile import sniff
from maskmill.datasets.report import CROWD_LOST, Losses

__all__ = ["FORMAT", "Lvis"]

_EMPTY: Final = msgspec.Raw(b"[]")
_SEARCHED: Final = ("neg_category_ids", "not_exhaustive_category_ids")
_COMMON: Final = 11
_FREQUENT: Final = 101
"""Images of a category from which on it is common, and frequent."""


class Lvis(Coco):
    """LVIS instances in one JSON file.

    What LVIS says beyond COCO is kept: ``neg_category_ids`` and ``not_exhaustive_category_ids`` of
    an image; ``synset``, ``synonyms``, ``def``, ``frequency`` and the counts of a category. Written
    from another format, an image was searched for nothing (empty lists), the counts are counted,
    and the frequency follows from them: fewer than 11 images are rare, more than 100 frequent.
    LVIS has no crowd regions.
    """

    name = "lvis"
    summary = "LVIS instances JSON, with what each image was searched for"
    carries = COCO_CARRIES - {"crowd"}

    def detect(self, path: Path) -> bool:
        text = sniff(path)
        return b'"neg_category_ids"' in text and b'"segments_info"' not in text

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[Any]]:
        categories: list[dict[str, Any]] = []
        with open_coco_file(path, header, categories) as file:
            writer = _Writer(file, header, options)
            yield writer
            categories += writer.categories()


FORMAT = Lvis()


class _Counted(NamedTuple):
    """Records of a shard, and how often each category is in it."""

    piece: Piece
    images: Counter[int]
    instances: Counter[int]


class _Writer(Writer[_Counted]):
    def __init__(self, file: CocoFile, header: Header, options: Options) -> None:
        self._file = file
        self._header = header
        self._polygons = _Segmentations(file, header, options)
        self._images: Counter[int] = Counter()
        self._instances: Counter[int] = Counter()

    def encode(self, shard: Shard, losses: Losses) -> _Counted:
        instances = shard.instances
        crowd = np.flatnonzero(instances.crowd).tolist()
        losses.add(CROWD_LOST, [instances.ids[k] for k in crowd])
        segmentations = self._polygons.segmentations(shard, losses)
        records = annotation_records(shard, self._header.categories, segmentations, None, losses)
        for record in records:
            del record["iscrowd"]
        images = image_records(shard)
        for image in images:
            for name in _SEARCHED:
                image.setdefault(name, _EMPTY)
        n = len(self._header.categories)
        pairs = np.unique(instances.images() * n + instances.categories)
        return _Counted(
            Piece(join_records(images), encode_annotations(shard, records)),
            Counter((pairs % max(n, 1)).tolist()),
            Counter(instances.categories.tolist()),
        )

    def append(self, piece: _Counted) -> None:
        self._file.add(piece.piece)
        self._images += piece.images
        self._instances += piece.instances

    def categories(self) -> list[dict[str, Any]]:
        """Records of the categories, now that all is counted."""
        return [
            {
                "image_count": self._images[row],
                "instance_count": self._instances[row],
                "frequency": _frequency(self._images[row]),
            }
            | category_record(category)
            for row, category in enumerate(self._header.categories)
        ]


class _Segmentations(PolygonWriter):
    compressed = True


def _frequency(images: int) -> str:
    return "r" if images < _COMMON else "c" if images < _FREQUENT else "f"
