"""The columnar stream between the formats: a header, then shards of a few images each.

::

    Dataset ── Header      categories, and what the file says about itself
            └─ shards ──┬─ Shard ─┬─ Images     ids, file_names, sizes, extra      one row an image
                        │         └─ Instances  ids, categories, crowd, areas,     one row an
                        │                       boxes, scores, shapes, extra       instance
                        └─ Shard    image g owns instances groups[g]:groups[g+1]
                           ...

Nothing of a record is lost on the way: a field without a column of its own stays in ``extra`` as
the JSON text that it was. Formats agree on the names and the form of some of these fields, so that
one writes what another has read (`get_extra` and `set_extra` take them out and put them in):

=================  ================================================================================
``attributes``     object, what an annotator said of an instance or an image: name to value
``keypoints``      x, y, v of each point in one list, v as in COCO: 0 absent, 1 hidden, 2 visible
``num_keypoints``  how many of them are labelled
``color``          of a category: [red, green, blue]; a reader sets `Category.colour` as well
=================  ================================================================================

Ids are integers or text. A source without ids of images numbers them from 1 in the order of their
file names. A source without ids of instances sets ``numbered`` to False and gives names that are
good for messages, ``"street.png:3"``; a writer that needs numbers counts these instances from 1.
Boxes, areas and scores are what the source states: None where it states none, even if the shape
would tell; a box that differs from the shape stays. Pixel coordinates have their origin at the
outer corner of the first pixel, as in COCO. Vertices are the floats of the source.

`maskmill.datasets.building.ShardBuilder` makes shards from single records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec
import numpy as np

from maskmill import ragged
from maskmill.backend.contract import RasterRule
from maskmill.datasets.jsonfile import FAULTS, Id
from maskmill.datasets.report import Skipped
from maskmill.datasets.shapes import Shapes
from maskmill.masks import Masks

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = [
    "Category",
    "Dataset",
    "Extra",
    "Header",
    "Id",
    "Images",
    "Instances",
    "Shard",
    "get_extra",
    "set_extra",
]

Extra: TypeAlias = dict[str, msgspec.Raw]
"""Further fields of a record: name to JSON text."""

ValueT = TypeVar("ValueT")


def get_extra(extra: Extra, name: str, kind: type[ValueT]) -> ValueT | None:
    """Give a further field as a value; None where it is missing or of another kind.

    Examples
    --------
    >>> get_extra({"attributes": msgspec.Raw(b'{"occluded": true}')}, "attributes", dict)
    {'occluded': True}
    """
    try:
        return msgspec.json.decode(extra[name], type=kind)
    except (KeyError, *FAULTS):
        return None


def set_extra(extra: Extra, name: str, value: object) -> None:
    """Put a value into the further fields as JSON text."""
    extra[name] = msgspec.Raw(msgspec.json.encode(value))


@dataclass(frozen=True, slots=True)
class Category:
    """One category."""

    id: Id
    name: str
    supercategory: str | None = None
    isthing: bool | None = None
    """Whether its instances can be counted; None where the source does not say."""
    colour: tuple[int, int, int] | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """What holds for the whole dataset."""

    categories: tuple[Category, ...]
    extra: Extra = field(default_factory=dict)
    """``info``, ``licenses`` and whatever else the file says about itself."""


@dataclass(frozen=True, slots=True)
class Images:
    """Columns of G images."""

    ids: list[Id]
    file_names: list[str]
    """As the source has them: not safe to open before `maskmill.datasets.paths` saw them."""
    sizes: Array  # int32 [G, 2], (height, width)
    places: list[str]
    """Where each image stands in the source, for messages."""
    extra: list[Extra]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: Array) -> Images:
        """Select images by an array of row numbers."""
        picked = rows.tolist()
        return Images(
            [self.ids[i] for i in picked],
            [self.file_names[i] for i in picked],
            self.sizes[rows],
            [self.places[i] for i in picked],
            [self.extra[i] for i in picked],
        )


@dataclass(frozen=True, slots=True)
class Instances:
    """Columns of N instances, grouped by image."""

    groups: Array  # int64 [G+1]: image g owns rows groups[g]:groups[g+1]
    ids: list[Id]
    categories: Array  # int64 [N]: row of the header's categories
    crowd: Array  # bool [N]
    areas: list[float | None]
    """As stated by the source, which need not be the pixels of the mask."""
    boxes: list[list[float] | None]
    """As stated by the source: x, y, width, height."""
    scores: list[float | None]
    shapes: Shapes
    extra: list[Extra]
    numbered: bool = True
    """Whether the ids are those of the source; else they only name the instances in messages."""

    def __len__(self) -> int:
        return len(self.ids)

    def images(self) -> Array:
        """Row of the image of each instance, int64 (N,)."""
        return np.repeat(np.arange(len(self.groups) - 1), np.diff(self.groups))

    def where(self, chosen: Array) -> Instances:
        """Select instances by a boolean array (N,)."""
        rows = np.flatnonzero(chosen)
        picked = rows.tolist()
        kept = np.bincount(self.images()[rows], minlength=len(self.groups) - 1)
        return Instances(
            ragged.offsets_from_lengths(kept),
            [self.ids[i] for i in picked],
            self.categories[rows],
            self.crowd[rows],
            [self.areas[i] for i in picked],
            [self.boxes[i] for i in picked],
            [self.scores[i] for i in picked],
            self.shapes[rows],
            [self.extra[i] for i in picked],
            self.numbered,
        )

    def of_images(self, rows: Array) -> Instances:
        """Select the instances of some images, by an array of row numbers of images."""
        groups, taken = ragged.take(self.groups, rows)
        picked = taken.tolist()
        return Instances(
            groups,
            [self.ids[i] for i in picked],
            self.categories[taken],
            self.crowd[taken],
            [self.areas[i] for i in picked],
            [self.boxes[i] for i in picked],
            [self.scores[i] for i in picked],
            self.shapes[taken],
            [self.extra[i] for i in picked],
            self.numbered,
        )


@dataclass(frozen=True, slots=True)
class Shard:
    """A few images with their instances."""

    images: Images
    instances: Instances
    skipped: list[Skipped] = field(default_factory=list)
    """Records that the reader left out, under ``on_error="skip"``."""

    def sizes(self) -> Array:
        """(height, width) of the image of each instance, int32 (N, 2)."""
        sizes: Array = np.repeat(self.images.sizes, np.diff(self.instances.groups), axis=0)
        return sizes

    def masks(self, rule: RasterRule = "coco") -> Masks:
        """Give all instances as masks, see `maskmill.rasterize` for the rules.

        An instance that has a box and nothing more gives an empty mask.
        """
        return self.instances.shapes.masks(self.sizes(), rule)

    def of_images(self, rows: Array) -> Shard:
        """Select images, with their instances, by an array of row numbers."""
        return Shard(self.images[rows], self.instances.of_images(rows), self.skipped)


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a format reads: a header and a stream of shards.

    ``loaders`` yields functions that make one shard each. They may run in any thread and in any
    order, so that parsing is shared among threads; a format that has its shards at hand may yield
    ``lambda: shard``. Iterating over the dataset gives the shards one after the other.
    """

    header: Header
    loaders: Iterable[Callable[[], Shard]]
    n_images: int | None = None
    """How many images will come, where that is known."""
    skipped: list[Skipped] = field(default_factory=list)
    """Records left out that belong to no shard."""

    def __iter__(self) -> Iterator[Shard]:
        return (load() for load in self.loaders)
