"""Pascal VOC: an XML file an image with boxes, and label maps of classes and of objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from maskmill.datasets.dataset import Dataset, Header, Shard, get_extra
from maskmill.datasets.files import write_atomically
from maskmill.datasets.format import Carried, Format, ReadOptions, Writer
from maskmill.datasets.losses import note_dropped
from maskmill.datasets.painting import PaintOptions, prepare
from maskmill.datasets.palette import voc_palette
from maskmill.datasets.paths import OutputFolder, output_name
from maskmill.datasets.png import encode_png
from maskmill.datasets.report import Losses, LossKind
from maskmill.datasets.voc_reader import CLASSES, LABELS, OBJECTS, XML, read_voc
from maskmill.datasets.xmlfile import escaped
from maskmill.errors import FormatError
from maskmill.ops.measure import area, bbox

__all__ = ["FORMAT", "Voc"]

VOID: Final = 255
LISTS: Final = "ImageSets/Segmentation/default.txt"
FLAGS: Final = ("truncated", "difficult", "occluded")
WIDE: Final = LossKind(
    "wide_maps",
    "images of more than 254 objects, whose map of objects is 16-bit grey, which VOC is not",
    harmless=True,
)
NAMELESS: Final = LossKind("left_out", "instances with neither mask nor box, left out")


class Voc(Format[PaintOptions]):
    """Pascal VOC segmentation.

    ``Annotations`` has the boxes, ``SegmentationClass`` and ``SegmentationObject`` the pixels, with
    VOC's palette; ``labelmap.txt`` says which number is which class. The n-th object of the XML
    file is the number n of the map. Boxes count pixels from 1 and include their ends, as in the
    development kit. Crowd regions under ``crowd="void"`` become void, 255.
    """

    name = "voc"
    summary = "Pascal VOC: XML with boxes, PNGs of classes and of objects"
    options = PaintOptions
    target = "folder"
    image_suffix = ".png"
    carries = frozenset[Carried](("masks", "instances", "empty_images", "empty_categories"))

    def detect(self, path: Path) -> bool:
        return (path / XML).is_dir() and ((path / OBJECTS).is_dir() or (path / CLASSES).is_dir())

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        return read_voc(path, options)

    @contextmanager
    def write(self, path: Path, header: Header, options: PaintOptions) -> Iterator[Writer[bytes]]:
        if len(header.categories) >= VOID:
            raise FormatError(
                f"categories must be at most 254 for maps of 8 bits, got {len(header.categories)}. "
                "Leave some out, or choose semantic-png."
            )
        names = [" ".join(c.name.split()) for c in header.categories]
        writer = _Writer(path, names, options)
        yield writer
        palette = voc_palette(len(names) + 1).tolist()
        rows = [
            f"{name}:{','.join(map(str, colour))}::"
            for name, colour in zip(["background", *names], palette, strict=True)
        ]
        (path / LISTS).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path / LISTS, b"".join(writer.names))
        write_atomically(path / LABELS, ("\n".join(rows) + "\n").encode())


FORMAT = Voc()


class _Writer(Writer[bytes]):
    def __init__(self, path: Path, names: list[str], options: PaintOptions) -> None:
        self._xml = OutputFolder(path / XML)
        self._classes = OutputFolder(path / CLASSES)
        self._objects = OutputFolder(path / OBJECTS)
        self._class_names = names
        self._options = options
        self._palette = voc_palette()
        self._palette[VOID] = (224, 224, 192)
        self.names: list[bytes] = []

    def encode(self, shard: Shard, losses: Losses) -> bytes:
        instances = shard.instances
        groups = instances.groups.tolist()
        painting = prepare(shard, self._options, losses)
        note_dropped(_without_fields(shard), FORMAT.carries, losses)
        first = np.repeat(instances.groups[:-1], np.diff(instances.groups))
        place = np.arange(len(instances)) - first + 1  # of the object in its XML file
        classes = np.where(painting.void, VOID, instances.categories[painting.rows] + 1)
        images = np.repeat(np.arange(len(shard.images)), np.diff(painting.groups))
        most = np.zeros(len(shard.images), np.int64)
        np.maximum.at(most, images, place[painting.rows])
        wide = most >= VOID
        objects = np.where(
            painting.void, np.where(wide[images], 2**16 - 1, VOID), place[painting.rows]
        )
        if most.max(initial=0) >= 2**16 - 1:
            raise FormatError("an image must hold fewer than 2**16 - 1 objects, got more.")
        losses.add(WIDE, [shard.images.ids[g] for g in np.flatnonzero(wide).tolist()])
        class_maps = painting.paint(classes, 0, np.uint8)
        object_maps = painting.paint(objects, 0, np.uint16)
        covered = np.array([np.count_nonzero(picture) for picture in object_maps])
        painting.note_overlap(objects, covered, shard.images.ids, losses)
        boxes = _boxes(shard, self._options)
        nothing = []
        for g, name in enumerate(shard.images.file_names):
            picture = object_maps[g]
            narrow = picture.astype(np.uint8) if not wide[g] else picture
            palette = None if wide[g] else self._palette
            self._classes.write(name, ".png", encode_png(class_maps[g], palette=self._palette))
            self._objects.write(name, ".png", encode_png(narrow, palette=palette))
            rows = [*range(groups[g], groups[g + 1])]
            nothing += [instances.ids[k] for k in rows if boxes[k] is None]
            self._xml.write(name, ".xml", self._document(shard, g, rows, boxes).encode())
        losses.add(NAMELESS, nothing)
        stems = [output_name(name, "") for name in shard.images.file_names]
        return "".join(f"{stem}\n" for stem in stems).encode()

    def append(self, piece: bytes) -> None:
        self.names.append(piece)

    def _document(
        self, shard: Shard, g: int, rows: list[int], boxes: list[list[float] | None]
    ) -> str:
        height, width = shard.images.sizes[g].tolist()
        lines = [
            "<annotation>",
            f"  <filename>{escaped(shard.images.file_names[g])}</filename>",
            f"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>",
            "  <segmented>1</segmented>",
        ]
        for k in rows:
            name = self._class_names[shard.instances.categories[k]]
            lines += ["  <object>", f"    <name>{escaped(name)}</name>"]
            attributes = get_extra(shard.instances.extra[k], "attributes", dict[str, Any]) or {}
            if isinstance(attributes.get("pose"), str):
                lines.append(f"    <pose>{escaped(attributes['pose'])}</pose>")
            lines += [
                f"    <{flag}>{int(attributes[flag])}</{flag}>"
                for flag in FLAGS
                if isinstance(attributes.get(flag), bool)
            ]
            box = boxes[k]
            if box is not None:
                x, y, w, h = box
                edges = {"xmin": x + 1, "ymin": y + 1, "xmax": x + w, "ymax": y + h}
                inside = "".join(f"<{n}>{_number(v)}</{n}>" for n, v in edges.items())
                lines.append(f"    <bndbox>{inside}</bndbox>")
            lines.append("  </object>")
        return "\n".join([*lines, "</annotation>", ""])


def _number(value: float) -> str:
    return repr(int(value) if float(value).is_integer() else float(value))


def _without_fields(shard: Shard) -> Shard:
    """The shard without the fields of its instances, which `prepare` has counted."""
    i = shard.instances
    bare = type(i)(i.groups, i.ids, i.categories, i.crowd, i.areas, i.boxes, i.scores, i.shapes,
                   [{}] * len(i), i.numbered)  # fmt: skip
    return Shard(shard.images, bare)


def _boxes(shard: Shard, options: PaintOptions) -> list[list[float] | None]:
    """Boxes as stated, or else those of the masks; None where there is neither."""
    masks = shard.masks(options.rule)
    found = bbox(masks).tolist()
    filled = (area(masks) > 0).tolist()
    return [
        stated if stated is not None else own if some else None
        for stated, own, some in zip(shard.instances.boxes, found, filled, strict=True)
    ]
