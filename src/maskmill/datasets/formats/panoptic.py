"""COCO panoptic: one PNG an image whose colours are numbers of segments, and a JSON file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from maskmill.datasets.coco_file import (
    CocoFile,
    Piece,
    category_record,
    image_records,
    join_records,
    open_coco_file,
)
from maskmill.datasets.colours import category_colours
from maskmill.datasets.dataset import Category, Dataset, Header, Id, Shard
from maskmill.datasets.format import Format, ReadOptions, Writer
from maskmill.datasets.painting import (
    Painting,
    PaintOptions,
    Visible,
    measure_labels,
    prepare,
)
from maskmill.datasets.palette import rgb_from_ids
from maskmill.datasets.panoptic_reader import panoptic_file, read_panoptic
from maskmill.datasets.paths import OutputFolder, output_name
from maskmill.datasets.report import MERGED_STUFF, RENUMBERED, Losses
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["FORMAT", "Panoptic"]

NAME: Final = "panoptic"
MAX_ID: Final = 2**24 - 1


class Panoptic(Format[PaintOptions]):
    """``panoptic.json`` and the folder ``panoptic`` of PNGs, as COCO lays them out.

    A pixel is R + 256 G + 65536 B = the id of its segment, 0 where there is none. A segment keeps
    the id of its annotation where that fits 24 bits. Areas and boxes are those of the pixels that
    are left to the segment. Instances of a category with ``isthing`` 0 become one segment an
    image; a category that says nothing is one of things.
    """

    name = "panoptic"
    summary = "COCO panoptic: JSON and PNGs of segment ids, overlaps resolved"
    options = PaintOptions
    target = "folder"
    image_suffix = ".png"
    carries = frozenset(
        ("masks", "instances", "crowd", "instance_ids", "image_ids", "category_ids",
         "category_fields", "image_fields", "dataset_fields", "empty_images", "empty_categories")
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        return panoptic_file(path) is not None

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        return read_panoptic(path, options)

    @contextmanager
    def write(self, path: Path, header: Header, options: PaintOptions) -> Iterator[Writer[Piece]]:
        folder = OutputFolder(path / NAME)
        categories = [
            category_record(category)
            | {"isthing": int(category.isthing is not False), "color": colour}
            for category, colour in zip(
                header.categories, category_colours(header.categories).tolist(), strict=True
            )
        ]
        with open_coco_file(path / f"{NAME}.json", header, categories) as file:
            yield _Writer(folder, file, header, options)


FORMAT = Panoptic()


class _Writer(Writer[Piece]):
    def __init__(
        self, folder: OutputFolder, file: CocoFile, header: Header, options: PaintOptions
    ) -> None:
        self._folder = folder
        self._file = file
        self._categories = header.categories
        self._options = options

    def encode(self, shard: Shard, losses: Losses) -> Piece:
        painting = prepare(shard, self._options, losses, void_is_background=True)
        segments = _segment_ids(shard, painting, self._categories, losses)
        maps = painting.paint(segments, 0, np.int32)
        visible = np.zeros(len(segments), np.int64)
        covered = np.zeros(len(maps), np.int64)
        records = []
        for g, picture in enumerate(maps):
            name = shard.images.file_names[g]
            self._folder.write_png(name, rgb_from_ids(picture))
            found = measure_labels(picture, (0,))
            covered[g] = sum(segment.area for segment in found.values())
            own = range(painting.groups[g], painting.groups[g + 1])
            for k in own:
                if segments[k] in found:
                    visible[k] = found[segments[k]].area
            records.append(
                {
                    "image_id": shard.images.ids[g],
                    "file_name": output_name(name, ".png"),
                    "segments_info": self._segments_info(shard, painting, segments, own, found),
                }
            )
        painting.note_overlap(segments, covered, shard.images.ids, losses)
        painting.note_hidden(visible, losses)
        return Piece(join_records(image_records(shard)), join_records(records))

    def append(self, piece: Piece) -> None:
        self._file.add(piece)

    def _segments_info(
        self,
        shard: Shard,
        painting: Painting,
        segments: Array,
        own: range,
        found: dict[int, Visible],
    ) -> list[dict[str, Any]]:
        """Segments of an image that have a pixel left, in the order of the instances."""
        infos = {}
        for k in own:
            segment = int(segments[k])
            if segment in found and segment not in infos:
                row = painting.rows[k]
                infos[segment] = {
                    "id": segment,
                    "category_id": self._categories[shard.instances.categories[row]].id,
                    "area": found[segment].area,
                    "bbox": found[segment].bbox_xywh,
                    "iscrowd": int(shard.instances.crowd[row]),
                }
        return list(infos.values())


def _segment_ids(
    shard: Shard, painting: Painting, categories: tuple[Category, ...], losses: Losses
) -> Array:
    """Segment id of each instance that is drawn."""
    segments = np.zeros(len(painting.rows), np.int64)
    for first, last in pairwise(painting.groups.tolist()):
        heads: dict[object, int] = {}  # the instance that stands for its segment
        of_segment = []
        for k in range(first, last):
            row = painting.rows[k]
            category = int(shard.instances.categories[row])
            is_stuff = categories[category].isthing is False
            key = (category, bool(shard.instances.crowd[row])) if is_stuff else k
            of_segment.append(heads.setdefault(key, k))
        ids, changed = _fitting_ids([painting.ids[k] for k in heads.values()])
        number = dict(zip(heads.values(), ids, strict=True))
        segments[first:last] = [number[head] for head in of_segment]
        merged = [k for k, head in enumerate(of_segment, first) if k != head]
        losses.add(MERGED_STUFF, [painting.ids[k] for k in merged])
        if shard.instances.numbered:
            losses.add(RENUMBERED, changed)
    return segments


def _fitting_ids(ids: list[Id]) -> tuple[list[int], list[Id]]:
    """Ids of 24 bits, the own one where it fits; and those that had to change."""
    fitting = [n if isinstance(n, int) and 0 < n <= MAX_ID else None for n in ids]
    taken = {*fitting}
    if len(ids) > MAX_ID:
        raise FormatError(f"an image must hold fewer than 2**24 segments, got {len(ids)}.")
    spare = (n for n in range(1, MAX_ID + 1) if n not in taken)
    changed = [own for own, n in zip(ids, fitting, strict=True) if n is None]
    return [next(spare) if n is None else n for n in fitting], changed
