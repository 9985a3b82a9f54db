"""What a format is: `read` yields shards, `write` takes shards, `detect` recognises.

One file a format lies in ``datasets/formats``. A package of its own adds one by an entry point of
the group ``maskmill.formats``, whose name is the name of the format and whose object is a `Format`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

from maskmill.backend.contract import RasterRule
from maskmill.datasets.jsonfile import OnError
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.datasets.dataset import Dataset, Header, Shard

__all__ = ["Carried", "Format", "Options", "ReadOptions", "Writer"]

Carried: TypeAlias = Literal[
    "polygons",
    "holes",
    "parts",
    "masks",
    "overlap",
    "instances",
    "boxes",
    "areas",
    "crowd",
    "scores",
    "keypoints",
    "attributes",
    "fields",
    "instance_ids",
    "image_ids",
    "category_ids",
    "category_fields",
    "image_fields",
    "dataset_fields",
    "empty_images",
    "empty_categories",
]
"""What a format can carry, there and back without a change.

================  =================================================================================
polygons          outlines, as the floats that they are
holes, parts      rings inside an outline; several outlines of one instance
masks             any pixels, exactly
overlap           pixels of several instances
instances         instances of one category apart from each other
boxes             a box without a shape, and one that differs from the shape
areas             an area as stated
crowd, scores     these columns of the instances
keypoints         the fields ``keypoints`` and ``num_keypoints``
attributes        the field ``attributes``
fields            all further fields of instances
instance_ids      ids of instances; so with images and categories
category_fields   supercategory, colour and further fields of categories
image_fields      further fields of images; so with the dataset
empty_images      images without an instance
empty_categories  categories without an instance
================  =================================================================================
"""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How to read."""

    on_error: OnError = "raise"
    """What to do with a bad record: raise a `FormatError`, or leave it out and list it."""
    images: Path | None = None
    """Folder of the pictures, whose headers give the sizes that the annotations do not state;
    default: where the format has them."""
    size: tuple[int, int] | None = None
    """(height, width) of pictures whose size is stated nowhere."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to write; a format adds fields of its own."""

    rule: RasterRule = "coco"
    """How polygons become pixels, see `maskmill.rasterize`."""


OptionsT = TypeVar("OptionsT", bound=Options)
PieceT = TypeVar("PieceT")


class Writer(ABC, Generic[PieceT]):
    """Takes the shards of a dataset.

    `encode` does the work, in any thread and any order, and may write the files that belong to
    its shard alone. `append` is called in the order of the shards, in one thread, with what
    `encode` gave, so that the output does not depend on the threads.
    """

    @abstractmethod
    def encode(self, shard: Shard, losses: Losses) -> PieceT:
        """Turn a shard into a piece of the output; note in ``losses`` what it cannot carry."""

    @abstractmethod
    def append(self, piece: PieceT) -> None:
        """Add the piece of the next shard to what all shards share."""


class Format(Generic[OptionsT]):
    """One format; a subclass overrides what it can do."""

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line for people."""
    options: ClassVar[type[Options]] = Options
    """The dataclass of what `write` understands."""
    target: ClassVar[Literal["file", "folder"]] = "file"
    """What `write` makes."""
    suffix: ClassVar[str] = ".json"
    """End of the name of a target that is a file."""
    carries: ClassVar[frozenset[Carried]] = frozenset()
    """What comes back from a dataset written and read again in this format; of a format that is
    only read or only written, what is read or written."""
    image_suffix: ClassVar[str | None] = None
    """Set where each image becomes a file: its name is the image's, with this suffix."""

    @classmethod
    def reads(cls) -> bool:
        """Tell whether the format can be read."""
        return cls.read is not Format.read

    @classmethod
    def writes(cls) -> bool:
        """Tell whether the format can be written."""
        return cls.write is not Format.write

    def detect(self, path: Path) -> bool:
        """Tell, from a quick look, whether ``path`` holds this format."""
        del path
        return False

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        """Open a dataset; its shards come as they are asked for."""
        del path, options
        raise FormatError(f"{self.name} is a format to write, not to read.")

    def write(
        self, path: Path, header: Header, options: OptionsT
    ) -> AbstractContextManager[Writer[Any]]:
        """Open a dataset to write; nothing has its final name before the block ends well.

        Files of single images are an exception: each gets its name when it is whole.
        """
        del path, header, options
        raise FormatError(f"{self.name} is a format to read, not to write.")
