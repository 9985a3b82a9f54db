"""YOLO segmentation: a text file an image, a line an instance, and data.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import numpy as np

from maskmill.datasets.dataset import Dataset, Header, Shard
from maskmill.datasets.files import write_atomically
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import sniff
from maskmill.datasets.losses import note_dropped
from maskmill.datasets.paths import OutputFolder
from maskmill.datasets.report import CROWD_LEFT_OUT, CROWD_LOST, Losses, LossKind
from maskmill.datasets.shapes import NO_SHAPE
from maskmill.datasets.single_rings import single_rings
from maskmill.datasets.yolo_reader import CONFIG, find_config, read_yolo
from maskmill.ops.check import check_choice

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["FORMAT", "Yolo", "YoloOptions"]

PartPolicy: TypeAlias = Literal["join", "split"]
CrowdRows: TypeAlias = Literal["draw", "skip"]

NO_BOX: Final = LossKind("left_out", "instances with neither shape nor box, left out")


@dataclass(frozen=True, kw_only=True)
class YoloOptions(Options):
    """How instances become lines."""

    parts: PartPolicy = "join"
    """Parts of an instance: one line, joined by bridges of no width, or a line each."""
    crowd: CrowdRows = "draw"
    """Crowd regions: lines like others, or left out."""

    def __post_init__(self) -> None:
        check_choice("convert", "parts", self.parts, get_args(PartPolicy))
        check_choice("convert", "crowd", self.crowd, get_args(CrowdRows))


class Yolo(Format[YoloOptions]):
    """YOLO segmentation labels as Ultralytics reads them.

    A folder with ``data.yaml`` and ``labels``, whose files are named after the pictures. A line is
    the number of a class and x y x y ... of one ring, as fractions of width and height; a line of
    five numbers is a box. Reading needs the sizes of the pictures. Vertices are read to a billionth
    of a pixel, so that numbers of up to nine decimals come back as they were.
    """

    name = "yolo-seg"
    summary = "YOLO segmentation: a text file an image, and data.yaml"
    options = YoloOptions
    target = "folder"
    image_suffix = ".txt"
    carries = frozenset[Carried](
        ("polygons", "overlap", "instances", "empty_images", "empty_categories")
    )

    def detect(self, path: Path) -> bool:
        config = find_config(path)
        return config is not None and b"names" in sniff(config)

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        return read_yolo(path, options)

    @contextmanager
    def write(self, path: Path, header: Header, options: YoloOptions) -> Iterator[Writer[None]]:
        yield _Writer(OutputFolder(path / "labels"), options)
        write_atomically(path / CONFIG, _config(header))


FORMAT = Yolo()


def _config(header: Header) -> bytes:
    lines = ["path: .", "train: images", "val: images", f"nc: {len(header.categories)}", "names:"]
    lines += [f"  {row}: {_quoted(c.name)}" for row, c in enumerate(header.categories)]
    return ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    """Text as a double-quoted scalar of YAML."""
    return '"' + "".join(
        c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text
    ) + '"'  # fmt: skip


class _Writer(Writer[None]):
    def __init__(self, folder: OutputFolder, options: YoloOptions) -> None:
        self._folder = folder
        self._options = options

    def encode(self, shard: Shard, losses: Losses) -> None:
        instances = shard.instances
        crowd = np.flatnonzero(instances.crowd).tolist()
        skips = self._options.crowd == "skip"
        losses.add(CROWD_LEFT_OUT if skips else CROWD_LOST, [instances.ids[k] for k in crowd])
        if skips and crowd:
            shard = Shard(shard.images, instances.where(~instances.crowd))
            instances = shard.instances
        note_dropped(shard, FORMAT.carries, losses)
        rings = single_rings(
            shard, self._options.rule, losses, split=self._options.parts == "split", clamp=True
        )
        lines: list[list[str]] = [[] for _ in range(len(shard.images))]
        sizes = shard.images.sizes
        nothing = []
        for k, image in enumerate(instances.images().tolist()):
            name = str(int(instances.categories[k]))
            scale = sizes[image, ::-1].astype(np.float64)
            box = instances.boxes[k]
            for ring in rings[k]:
                lines[image].append(_line(name, ring / scale))
            if instances.shapes.kinds[k] == NO_SHAPE:
                if box is None:
                    nothing.append(instances.ids[k])
                else:
                    lines[image].append(_line(name, _centred(box) / scale))
        losses.add(NO_BOX, nothing)
        for name, rows in zip(shard.images.file_names, lines, strict=True):
            self._folder.write(name, ".txt", "".join(rows).encode())

    def append(self, piece: None) -> None:
        del piece  # every image has its file already


def _centred(box: list[float]) -> Array:
    x, y, width, height = box
    return np.array([[x + width / 2, y + height / 2], [width, height]])


def _line(name: str, numbers: Array) -> str:
    return f"{name} {' '.join(map(repr, numbers.ravel().tolist()))}\n"
