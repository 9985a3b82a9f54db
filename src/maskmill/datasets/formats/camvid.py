"""CamVid: a PNG an image whose pixels are lines of ``codes.txt``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.dataset import Category, Dataset, Header
from maskmill.datasets.format import Carried, Format, Options, ReadOptions
from maskmill.datasets.jsonfile import Problems
from maskmill.datasets.pictures import list_files
from maskmill.datasets.streams import read_bytes, read_labels, read_picture, shard_loaders
from maskmill.errors import FormatError

__all__ = ["FORMAT", "CamVid"]

CODES: Final = "codes.txt"
_ENDING: Final = "_P.png"
_VOID: Final = "Void"


class CamVid(Format[Options]):
    """CamVid with class numbers as pixels: read only.

    Line n of ``codes.txt``, from 0, names the class n; ``Void`` is none. The label of the picture
    ``a.png`` is ``a_P.png``, here or in a folder below.
    """

    name = "camvid"
    summary = "CamVid: PNG of classes (*_P.png) and codes.txt"
    carries = frozenset[Carried](("masks", "category_ids", "empty_images", "empty_categories"))

    def detect(self, path: Path) -> bool:
        return (path / CODES).is_file()

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        try:
            names = read_bytes(path / CODES).decode("utf-8-sig").split()
        except UnicodeDecodeError as error:
            raise FormatError(
                f"must be UTF-8 text, got {error.reason}.", str(path / CODES)
            ) from None
        if len(set(names)) < len(names):
            raise FormatError("must have names that are unique, got one twice.", str(path / CODES))
        kept = [(value, name) for value, name in enumerate(names) if name != _VOID]
        rows = {value: row for row, (value, _) in enumerate(kept)}
        void = tuple(value for value, name in enumerate(names) if name == _VOID)
        files = list_files(path, [_ENDING.lower()])
        if not files:
            raise FormatError(f"must hold files that end in {_ENDING}, got none.", str(path))

        def read_image(item: tuple[int, str], builder: ShardBuilder, problems: Problems) -> None:
            number, file = item
            found = read_labels(read_picture(path / file, file), void)
            builder.add_image(number, file[: -len(_ENDING)] + ".png", found.size, file)
            for k, value in enumerate(found.labels):
                if value in rows:
                    builder.add_instance(rows[value], found.masks[k])
                    continue
                got = f"must hold lines of {CODES}, 0 to {len(names) - 1}, got {value}."
                problems.add(FormatError(got, str(path / file), None, file))

        items = list(enumerate(files, 1))
        return Dataset(
            Header(tuple(Category(value, name) for value, name in kept)),
            shard_loaders(items, read_image, options),
            len(items),
        )


FORMAT = CamVid()
