"""Cityscapes: polygons in a JSON file an image, and the label maps made from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from maskmill import ragged
from maskmill.datasets.cityscapes_reader import LEGEND, POLYGONS, read_cityscapes
from maskmill.datasets.cityscapes_table import TABLE
from maskmill.datasets.dataset import Category, Dataset, Header, Shard
from maskmill.datasets.files import write_atomically
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.losses import note_dropped
from maskmill.datasets.paths import OutputFolder
from maskmill.datasets.png import encode_png
from maskmill.datasets.report import BOX_ONLY, Losses
from maskmill.datasets.shapes import NO_SHAPE
from maskmill.datasets.single_rings import single_rings
from maskmill.errors import FormatError
from maskmill.ops.label_map import label_map

__all__ = ["FORMAT", "Cityscapes", "CityscapesOptions"]

_SUFFIX: Final = "_leftImg8bit"
_PER_CLASS: Final = 1000
"""Instances of a class in an image: pixels are 1000 times the class and a number below this."""


@dataclass(frozen=True, kw_only=True)
class CityscapesOptions(Options):
    """What is written."""

    maps: bool = True
    """Whether the label maps are written too; their pixels have room for 65 classes."""


class Cityscapes(Format[CityscapesOptions]):
    """Cityscapes fine annotations.

    The folder ``gtFine`` has, for each image, ``*_gtFine_polygons.json`` and the maps
    ``*_gtFine_labelIds.png`` (8 bits) and ``*_gtFine_instanceIds.png`` (16 bits) made from it in
    the order of the file. A crowd region is an object whose label ends in ``group``. Where not all
    classes are those of Cityscapes, ``labels.json`` says which id is which class.
    """

    name = "cityscapes"
    summary = "Cityscapes gtFine: polygons JSON, labelIds and instanceIds PNG"
    options = CityscapesOptions
    target = "folder"
    image_suffix = POLYGONS
    carries = frozenset[Carried](
        ("polygons", "overlap", "instances", "crowd", "instance_ids", "image_ids", "category_ids",
         "empty_images", "empty_categories")
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        return path.is_dir() and (path.name == "gtFine" or (path / "gtFine").is_dir())

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        return read_cityscapes(path, options)

    @contextmanager
    def write(
        self, path: Path, header: Header, options: CityscapesOptions
    ) -> Iterator[Writer[None]]:
        numbers = _numbers(header, options)
        yield _Writer(OutputFolder(path / "gtFine"), header, options, numbers)
        labels = [
            {"id": number, "name": c.name, "hasInstances": _countable(c), "color": c.colour}
            for number, c in zip(numbers, header.categories, strict=True)
        ]
        content = msgspec.json.format(msgspec.json.encode(labels), indent=1) + b"\n"
        write_atomically(path / "gtFine" / LEGEND, content)


FORMAT = Cityscapes()


def _countable(category: Category) -> bool:
    if category.isthing is None and category.name in TABLE:
        return TABLE[category.name].countable
    return category.isthing is not False


def _numbers(header: Header, options: CityscapesOptions) -> list[int]:
    """Id of each class: that of Cityscapes, or its own, or its place in the list."""
    names = [category.name for category in header.categories]
    if all(name in TABLE for name in names):
        return [TABLE[name].id for name in names]
    ids = [c.id for c in header.categories if isinstance(c.id, int) and 0 < c.id < 2**31]
    numbers = ids if len(ids) == len(names) else list(range(1, len(names) + 1))
    if options.maps and max(numbers) >= 66:
        numbers = list(range(1, len(names) + 1))
        if len(names) >= 66:
            raise FormatError(
                f"categories must be at most 65 for the pixels of instance maps, got {len(names)}. "
                "Pass maps=False to write polygons only."
            )
    return numbers


class _Writer(Writer[None]):
    def __init__(
        self,
        folder: OutputFolder,
        header: Header,
        options: CityscapesOptions,
        numbers: list[int],
    ) -> None:
        self._folder = folder
        self._names = [category.name for category in header.categories]
        self._countable = [_countable(category) for category in header.categories]
        self._options = options
        self._numbers = numbers

    def encode(self, shard: Shard, losses: Losses) -> None:
        instances = shard.instances
        rings = single_rings(shard, self._options.rule, losses)
        note_dropped(shard, FORMAT.carries, losses)
        shapeless = np.flatnonzero(instances.shapes.kinds == NO_SHAPE).tolist()
        losses.add(BOX_ONLY, [instances.ids[k] for k in shapeless])
        groups = instances.groups.tolist()
        for g, name in enumerate(shard.images.file_names):
            height, width = shard.images.sizes[g].tolist()
            content: dict[str, Any] = {
                "imgHeight": height,
                "imgWidth": width,
                "imgName": name,
                "imgId": shard.images.ids[g],
                "objects": [
                    self._object(shard, k, rings[k][0].tolist())
                    for k in range(groups[g], groups[g + 1])
                    if rings[k]
                ],
            }
            self._folder.write(_short(name), POLYGONS, msgspec.json.encode(content))
        if self._options.maps:
            self._write_maps(shard)

    def append(self, piece: None) -> None:
        del piece  # every image has its files already

    def _object(self, shard: Shard, k: int, polygon: list[list[float]]) -> dict[str, Any]:
        instances = shard.instances
        label = self._names[instances.categories[k]] + ("group" if instances.crowd[k] else "")
        record = {"label": label, "polygon": polygon}
        return record | ({"id": instances.ids[k]} if instances.numbered else {})

    def _write_maps(self, shard: Shard) -> None:
        instances = shard.instances
        drawn = instances.shapes.kinds != NO_SHAPE
        rows = np.flatnonzero(drawn)
        image = instances.images()[rows]
        labels = np.array([self._numbers[c] for c in instances.categories[rows].tolist()], np.int64)
        seen: dict[tuple[int, int], int] = {}
        pixels = labels.copy()
        for i, k in enumerate(rows.tolist()):
            category = int(instances.categories[k])
            if not self._countable[category] or instances.crowd[k]:
                continue
            key = (int(image[i]), category)
            number = seen.get(key, 0)
            seen[key] = number + 1
            if number >= _PER_CLASS:
                raise FormatError(
                    f"must have at most {_PER_CLASS} instances of a class in an image, got more of "
                    f"{self._names[category]!r}. Pass maps=False to write polygons only.",
                    place=shard.images.places[int(image[i])],
                    record=shard.images.ids[int(image[i])],
                )
            pixels[i] = labels[i] * _PER_CLASS + number
        groups = ragged.offsets_from_lengths(np.bincount(image, minlength=len(shard.images)))
        masks = shard.masks(self._options.rule)[rows]
        painted = labels >= 0  # the licence plate of Cityscapes has the id -1, which no pixel has
        if not painted.all():
            masks, labels, pixels = masks[painted], labels[painted], pixels[painted]
            counts = np.bincount(image[painted], minlength=len(shard.images))
            groups = ragged.offsets_from_lengths(counts)
        sizes = shard.images.sizes
        for values, kind, ending in (
            (labels, np.uint8, "_gtFine_labelIds.png"),
            (pixels, np.uint16, "_gtFine_instanceIds.png"),
        ):
            maps = label_map(masks, values, groups=groups, sizes=sizes, dtype=kind)
            for name, picture in zip(shard.images.file_names, maps, strict=True):
                self._folder.write(_short(name), ending, encode_png(picture))


def _short(name: str) -> str:
    """Name of an image without its end, as the names of annotations begin."""
    stem, dot, kind = name.rpartition(".")
    if stem.endswith(_SUFFIX):
        return f"{stem.removesuffix(_SUFFIX)}{dot}{kind}"
    return name
