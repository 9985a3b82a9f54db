"""From the records of annotation tools to the columns of a shard.

A tool writes, for each image, objects of many kinds. A reader turns each into a `Found`; `collect`
makes the columns out of them and checks what all of them have in common. What has no column stays
in ``extra``: lines and points, which enclose nothing, as ``shape_type`` and ``points``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, cast
from urllib.parse import unquote, urlsplit

import msgspec
import numpy as np

from maskmill.datasets.building import Parts, ShardBuilder, as_ring
from maskmill.datasets.crops import place_masks
from maskmill.datasets.dataset import Category, Extra, Shard
from maskmill.datasets.format import ReadOptions
from maskmill.datasets.jsonfile import Id, Problems
from maskmill.datasets.records import FolderProblems
from maskmill.errors import FormatError
from maskmill.masks import MAX_PIXELS, Masks

__all__ = [
    "SHARD_IMAGES",
    "Found",
    "FoundImage",
    "Joiner",
    "Labels",
    "check_box",
    "check_size",
    "collect",
    "far_side",
    "hex_colour",
    "loaders",
    "raw",
    "rectangle",
    "url_name",
]

SHARD_IMAGES: Final = 32

Rings: TypeAlias = Sequence[object]
"""An outline and its holes, each of what `as_ring` takes."""

Item = TypeVar("Item")

encode_json: Final = msgspec.json.Encoder().encode


def raw(value: object) -> msgspec.Raw:
    """Give a value as JSON text, as the columns of further fields hold it."""
    return msgspec.Raw(encode_json(value))


def rectangle(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    """Ring of a box."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def url_name(url: str) -> str:
    """Name of the file that a URL leads to, as the tools name images; empty where it has none."""
    return unquote(urlsplit(url).path).replace("\\", "/").rstrip("/").rpartition("/")[2]


def far_side(near: float, extent: float) -> float:
    """Far side of a box: the shortest number from which the extent follows again."""
    for digits in range(17):
        far = round(near + extent, digits)
        if far - near == extent:
            return far
    return near + extent


def hex_colour(text: str) -> tuple[int, int, int] | None:
    """Read a colour such as ``#FF8000``; None for what is none."""
    try:
        red, green, blue = bytes.fromhex(text[1:]) if len(text) == 7 else b""
    except ValueError:
        return None
    return (red, green, blue) if text[0] == "#" else None


@dataclass(slots=True)
class Found:
    """One object of an image."""

    place: str
    id: Id | None
    category: int
    parts: list[Rings] | None = None
    mask: Masks | None = None
    """One mask, of the image or of a part of it."""
    corner: tuple[int, int] = (0, 0)
    """x and y where ``mask`` lies in the image."""
    box: list[float] | None = None
    area: float | None = None
    score: float | None = None
    crowd: bool = False
    extra: Extra = field(default_factory=dict)


@dataclass(slots=True)
class FoundImage:
    """One image with its objects."""

    place: str
    id: Id
    file_name: str
    size: tuple[int, int]
    """(height, width)."""
    extra: Extra = field(default_factory=dict)
    objects: list[Found] = field(default_factory=list)
    source: str | None = None
    """File that it was read from, where that is not the one of the dataset."""


class Joiner:
    """Joins the polygons of an image that a tool says belong together."""

    def __init__(self, image: FoundImage) -> None:
        self._image = image
        self._groups: dict[object, tuple[Found, list[Extra]]] = {}

    def add(self, found: Found, group: Id | None) -> None:
        """Add an object of the image; polygons of one class and one group are one instance."""
        if group is not None and found.parts is not None:
            key = (found.category, group)
            leader, members = self._groups.setdefault(key, (found, []))
            members.append(found.extra)
            if leader is not found:
                leader.parts = (leader.parts or []) + found.parts
                return
        self._image.objects.append(found)

    def finish(self) -> None:
        """Keep what the parts of an instance do not have in common, as ``parts``."""
        for leader, members in self._groups.values():
            if len({encode_json(member) for member in members}) > 1:
                leader.extra["parts"] = raw(members)


class Labels:
    """Names of classes: categories numbered from 1, in the order in which they came."""

    def __init__(self, categories: Sequence[Category] = ()) -> None:
        self.categories = list(categories)
        self.rows = {category.name: row for row, category in enumerate(self.categories)}

    def add(self, name: str) -> None:
        """Add a name, unless it is known."""
        if name not in self.rows:
            self.rows[name] = len(self.categories)
            self.categories.append(Category(len(self.categories) + 1, name))

    def append(self, category: Category) -> None:
        """Add a class that the source describes."""
        self.rows[category.name] = len(self.categories)
        self.categories.append(category)

    def row(self, name: str) -> int:
        """Row of a name in the header; raise FormatError if it is not there."""
        row = self.rows.get(name)
        if row is None:
            raise FormatError(
                f"must be a class of the dataset, got {name!r}. Add it to the list of classes."
            )
        return row


def check_size(height: float, width: float) -> tuple[int, int]:
    """Give (height, width) of an image; raise FormatError unless a mask can be that large."""
    small = max(height, width) < 2**31 and min(height, width) >= 1
    if not small or height % 1 or width % 1 or height * width > MAX_PIXELS:
        raise FormatError(
            "must have a height and a width of whole pixels, at least 1 and fewer than 2**32 "
            f"together, got {height:g}x{width:g}."
        )
    return int(height), int(width)


def check_box(box: list[float]) -> list[float]:
    """Give a box; raise FormatError unless it lies near its image."""
    if not max(map(abs, box)) < 2.0**31:
        raise FormatError(f"must have a box near its image, got {box}.")
    return box


def loaders(
    items: Sequence[Item],
    load: Callable[[Item, int, Problems], FoundImage | None],
    path: Path,
    options: ReadOptions,
    *,
    numbered: bool,
) -> Iterator[Callable[[], Shard]]:
    """Cut the images of a file or folder into shards.

    Parameters
    ----------
    items : sequence
        One an image.
    load : callable
        Gets an item, its number and where to put problems; gives the image, or None to leave it.
    path : Path
    options : ReadOptions
    numbered : bool
        Whether all objects have ids.
    """

    def one(first: int) -> Shard:
        problems = FolderProblems(Problems(options.on_error), path)
        images = []
        for number, item in enumerate(items[first : first + SHARD_IMAGES], first):
            try:
                image = load(item, number, problems)
            except FormatError as error:
                problems.add(error)
                continue
            if image is not None:
                images.append(image)
        return collect(images, str(path), problems, numbered=numbered)

    return (partial(one, first) for first in range(0, len(items), SHARD_IMAGES))


def collect(
    images: Sequence[FoundImage], source: str, problems: Problems, *, numbered: bool
) -> Shard:
    """Make a shard of images.

    Parameters
    ----------
    images : sequence of G images
    source : str
        File that errors name, where an image does not name another.
    problems : Problems
        Takes objects that cannot be: vertices beyond all images, masks that reach out of theirs.
    numbered : bool
        Whether the objects have ids.
    """
    builder = ShardBuilder(numbered=numbered)
    for image in images:
        builder.add_image(image.id, image.file_name, image.size, image.place, image.extra)
        sound = [o for o in image.objects if _is_sound(o, image, source, problems)]
        masks = _place(sound, image.size)
        for found in sound:
            builder.add_instance(
                found.category,
                next(masks) if found.mask is not None else cast("Parts | None", found.parts),
                number=found.id if numbered else None,
                crowd=found.crowd,
                area=found.area,
                box=found.box,
                score=found.score,
                extra=found.extra,
            )
    return builder.build(problems.skipped)


def _is_sound(found: Found, image: FoundImage, source: str, problems: Problems) -> bool:
    try:
        if found.mask is not None:
            _check_inside(found.mask, found.corner, image.size)
        elif found.parts is not None:
            found.parts = [[as_ring(ring) for ring in part] for part in found.parts]
    except FormatError as error:
        problems.add(FormatError(error.problem, image.source or source, found.place, found.id))
        return False
    return True


def _check_inside(mask: Masks, corner: tuple[int, int], size: tuple[int, int]) -> None:
    height, width = mask.sizes[0].tolist()
    x, y = corner
    if not (0 <= x <= size[1] - width and 0 <= y <= size[0] - height):
        raise FormatError(
            f"must lie inside the image of {size[1]}x{size[0]} pixels, got a mask of "
            f"{width}x{height} at ({x}, {y}). Export it again."
        )


def _place(objects: Sequence[Found], size: tuple[int, int]) -> Iterator[Masks]:
    """Masks of the objects that are masks, in the image."""
    masks = [o.mask for o in objects if o.mask is not None]
    if not masks:
        return iter(())
    corners = np.array([o.corner for o in objects if o.mask is not None], np.int64)
    sizes = np.tile(np.array(size, np.int32), (len(masks), 1))
    return iter(place_masks(Masks.concatenate(masks), corners, sizes))
