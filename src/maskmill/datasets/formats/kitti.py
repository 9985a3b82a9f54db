"""KITTI semantic segmentation: 16-bit maps whose pixels are 256 times a class and a number."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.cityscapes_table import TABLE
from maskmill.datasets.dataset import Category, Dataset, Header
from maskmill.datasets.format import Carried, Format, Options, ReadOptions
from maskmill.datasets.jsonfile import Problems
from maskmill.datasets.pictures import list_files
from maskmill.datasets.streams import read_labels, read_picture, shard_loaders
from maskmill.errors import FormatError

__all__ = ["FORMAT", "Kitti"]

INSTANCES: Final = "instance"
_PER_CLASS: Final = 256


class Kitti(Format[Options]):
    """KITTI's pixel-level annotations, with the classes of Cityscapes: read only.

    The folder ``instance`` has 16-bit PNGs; a pixel is 256 times the class and the number of the
    instance, 0 for what is not counted.
    """

    name = "kitti"
    summary = "KITTI segmentation: 16-bit PNG, 256 times the class and the instance"
    carries = frozenset[Carried](("masks", "instances", "category_ids", "empty_images"))

    def detect(self, path: Path) -> bool:
        return _folder(path) is not None

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        folder = _folder(path)
        names = [] if folder is None else list_files(folder, [".png"])
        if folder is None or not names:
            raise FormatError(f"must hold PNGs in a folder {INSTANCES}, got none.", str(path))
        categories = tuple(
            Category(label.id, name, isthing=label.countable, colour=label.colour)
            for name, label in TABLE.items()
            if label.id >= 0
        )

        def read_image(item: tuple[int, str], builder: ShardBuilder, problems: Problems) -> None:
            number, name = item
            found = read_labels(read_picture(folder / name, name))
            builder.add_image(number, name, found.size, str(folder / name))
            for k, value in enumerate(found.labels):
                row = value // _PER_CLASS
                if row < len(categories):
                    builder.add_instance(row, found.masks[k])
                    continue
                got = f"must hold classes below {len(categories)}, got the pixel {value}."
                problems.add(FormatError(got, str(folder / name), None, name))

        items = list(enumerate(names, 1))
        return Dataset(Header(categories), shard_loaders(items, read_image, options), len(items))


FORMAT = Kitti()


def _folder(path: Path) -> Path | None:
    for folder in (path / INSTANCES, path / "training" / INSTANCES):
        if folder.is_dir():
            return folder
    return path if path.is_dir() and path.name == INSTANCES else None
