"""Run lengths in CSV as Kaggle's competitions have them: a row an instance, pairs start length."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final, Literal, NamedTuple

import numpy as np

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.crops import transpose_masks
from maskmill.datasets.dataset import Category, Dataset, Header, Shard
from maskmill.datasets.files import atomic_path
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import BOM, Problems, sniff
from maskmill.datasets.losses import note_dropped, note_shapes
from maskmill.datasets.pictures import PictureSizes
from maskmill.datasets.report import BOX_ONLY, CROWD_LOST, Losses
from maskmill.datasets.shapes import NO_SHAPE
from maskmill.datasets.streams import read_bytes, shard_loaders
from maskmill.errors import FormatError
from maskmill.masks import Masks

__all__ = ["FORMAT", "KaggleRle"]

_IMAGES: Final = ("imageid", "image_id", "imageid_classid", "image", "img", "id")
_RUNS: Final = ("encodedpixels", "encoded_pixels", "rle", "annotation", "segmentation")
_CLASSES: Final = ("classid", "class_id", "class", "label", "categoryid")
_NOTHING: Final = ("", "-1", "nan")
_LONGEST: Final = 1 << 30


class KaggleRle(Format[Options]):
    """One CSV file with the columns ``ImageId`` and ``EncodedPixels``, and perhaps ``ClassId``.

    Runs are pairs of a start, from 1, and a length, down the columns of the picture. An image
    without an instance has a row without runs. The sizes of the pictures are stated nowhere.
    """

    name = "kaggle-rle"
    summary = "Kaggle CSV: runs from 1, down the columns"
    suffix = ".csv"
    carries = frozenset[Carried](("masks", "overlap", "instances", "empty_images"))
    order: ClassVar[Literal["columns", "rows"]] = "columns"
    relative: ClassVar[bool] = False
    """Whether a start counts from the end of the run before, from 0, as in SIIM-ACR."""
    empty: ClassVar[str] = ""

    def detect(self, path: Path) -> bool:
        return self.order == "columns" and _is_relative(path) is self.relative

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        table = _Table(path, options)
        sizes = PictureSizes(options, [path.parent, path.parent / "images"])

        def read_image(item: _Item, builder: ShardBuilder, problems: Problems) -> None:
            place = f"line {item.rows[0].line}"
            try:
                size = sizes.of(item.name)
            except FormatError as error:
                raise FormatError(
                    error.problem, error.file or str(path), place, item.name
                ) from None
            builder.add_image(item.number, item.name, size, place)
            for row in item.rows:
                if row.runs.lower() in _NOTHING:
                    continue
                try:
                    mask = self.parse(row.runs, size)
                except FormatError as error:
                    problems.add(
                        FormatError(error.problem, str(path), f"line {row.line}", item.name)
                    )
                    continue
                builder.add_instance(table.classes[row.category], mask)

        return Dataset(
            Header(table.categories),
            shard_loaders(table.items, read_image, options),
            len(table.items),
            table.problems.skipped,
        )

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[bytes]]:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            writer = _Writer(self, header, options)
            columns = ["ImageId", "EncodedPixels", "ClassId"]
            file.write(_rows([columns if writer.classes else columns[:2]]))
            writer.write = file.write
            yield writer

    def parse(self, text: str, size: tuple[int, int]) -> Masks:
        """Read the runs of a mask."""
        height, width = size
        try:
            numbers = np.array([int(word) for word in text.split()], np.int64)
        except (ValueError, OverflowError):
            raise FormatError(f"must be whole numbers, got {text[:40]!r}.") from None
        if len(numbers) % 2:
            raise FormatError(f"must be pairs of start and length, got {len(numbers)} numbers.")
        starts, lengths = numbers[::2], numbers[1::2]
        largest = height * width
        sound = (lengths >= 0) & (lengths <= largest) & (starts >= 0) & (starts <= largest + 1)
        if not sound.all():
            i = int(np.argmin(sound))
            raise FormatError(
                f"must stay within {height}x{width} pixels, got the run {starts[i]} {lengths[i]}."
            )
        before = np.cumsum(starts) + np.cumsum(lengths) - lengths
        starts = before if self.relative else starts - 1
        filled = lengths > 0
        order = np.argsort(starts[filled], kind="stable")
        starts, ends = starts[filled][order], (starts + lengths)[filled][order]
        if len(starts) and not (starts[0] >= 0 and ends[-1] <= largest):
            raise FormatError(
                f"must stay within {height}x{width} pixels, got runs from {starts[0]} to "
                f"{ends[-1]}, counted from 0. Check the size and the variant."
            )
        if (starts[1:] < ends[:-1]).any():
            raise FormatError("must be runs that do not overlap, got some that do.")
        apart = starts[1:] > ends[:-1]  # runs that touch are one
        firsts = starts[np.concatenate([[True], apart])] if len(starts) else starts
        lasts = ends[np.concatenate([apart, [True]])] if len(starts) else ends
        bounds = np.stack([firsts, lasts], axis=1).reshape(-1).astype(np.uint32)
        shape = size if self.order == "columns" else (width, height)
        mask = Masks(bounds, np.array([0, len(bounds)]), np.array([shape], np.int32))
        return mask if self.order == "columns" else transpose_masks(mask)

    def text(self, mask: Masks) -> str:
        """Write the runs of a mask."""
        bounds = (mask if self.order == "columns" else transpose_masks(mask)).bounds.astype(
            np.int64
        )
        starts, ends = bounds[::2], bounds[1::2]
        lengths = ends - starts
        gaps = starts - np.concatenate([[0], ends])[:-1]
        starts = gaps if self.relative else starts + 1
        pairs = np.stack([starts, lengths], axis=1).reshape(-1)
        return " ".join(map(str, pairs.tolist())) or self.empty


FORMAT = KaggleRle()


class _Row(NamedTuple):
    line: int
    runs: str
    category: str


class _Item(NamedTuple):
    number: int
    name: str
    rows: list[_Row]


class _Table:
    """The rows of a file, by image, in the order in which images come."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self.problems = Problems(options.on_error)
        images: dict[str, list[_Row]] = {}
        names: set[str] = set()
        for line, values in _read_rows(path, self.problems):
            name, runs, category = values
            images.setdefault(name, []).append(_Row(line, runs.strip(), category))
            if runs.strip().lower() not in _NOTHING:
                names.add(category)
        self.items = [
            _Item(number, name, rows) for number, (name, rows) in enumerate(images.items(), 1)
        ]
        ordered = sorted(names, key=lambda name: (not name.isdecimal(), len(name), name))
        numbers = [int(name) if name.isdecimal() else None for name in ordered]
        by_number = None not in numbers and len(set(numbers)) == len(numbers)
        self.categories = tuple(
            Category(int(name) if by_number else row, name) for row, name in enumerate(ordered, 1)
        )
        self.classes = {name: row for row, name in enumerate(ordered)}


def _read_rows(path: Path, problems: Problems) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Number of the line, image, runs and class of each row."""
    csv.field_size_limit(_LONGEST)
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"must be UTF-8 text, got {error.reason}.", str(path)) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [word.strip().lower() for word in next(reader, [])]
    image, runs = _column(header, _IMAGES), _column(header, _RUNS)
    if image is None or runs is None:
        raise FormatError(
            f"must have the columns ImageId and EncodedPixels, got {', '.join(header) or 'none'}.",
            str(path),
            "line 1",
        )
    category = _column(header, _CLASSES)
    try:
        for row in reader:
            if not row:
                continue
            if len(row) <= max(image, runs, category or 0) or not row[image].strip():
                place = f"line {reader.line_num}"
                got = f"must have {len(header)} columns and an image, got {row[:1]} of {len(row)}."
                problems.add(FormatError(got, str(path), place))
                continue
            name = row[image].strip()
            kind = "object" if category is None else row[category].strip()
            if header[image] == "imageid_classid":
                name, _, kind = name.rpartition("_")
            yield reader.line_num, (name, row[runs], kind)
    except csv.Error as error:
        raise FormatError(f"must be CSV, got: {error}.", str(path)) from None


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _is_relative(path: Path) -> bool | None:
    """Whether runs are relative; None for what is no such file."""
    lines = sniff(path).removeprefix(BOM)[: 1 << 16].decode("latin-1").splitlines()
    header = [word.strip().lower() for word in lines[0].split(",")] if lines else []
    if path.suffix.lower() != ".csv" or _column(header, _IMAGES) is None:
        return None
    runs = _column(header, _RUNS)
    if runs is None:
        return None
    for line in lines[1:-1]:
        words = line.split(",")
        numbers = words[runs].split() if runs < len(words) else []
        if len(numbers) >= 4 and all(word.isdecimal() for word in numbers):
            values = [int(word) for word in numbers]
            if any(b <= a for a, b in zip(values[::2], values[2::2], strict=False)):
                return True
    return any(line.split(",")[-1].strip() == "-1" for line in lines[1:])


def _rows(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


class _Writer(Writer[bytes]):
    def __init__(self, one: KaggleRle, header: Header, options: Options) -> None:
        self._format = one
        self._names = [category.name for category in header.categories]
        self._rule = options.rule
        self.classes = self._names != ["object"]
        self.write = io.BytesIO().write

    def encode(self, shard: Shard, losses: Losses) -> bytes:
        instances = shard.instances
        masks = shard.masks(self._rule)
        areas = note_shapes(shard, masks, losses)
        note_dropped(shard, self._format.carries, losses)
        ids = instances.ids
        shapeless = instances.shapes.kinds == NO_SHAPE
        losses.add(BOX_ONLY, [ids[k] for k in np.flatnonzero(shapeless).tolist()])
        losses.add(CROWD_LOST, [ids[k] for k in np.flatnonzero(instances.crowd).tolist()])
        rows = []
        for g, name in enumerate(shard.images.file_names):
            own = [
                k for k in range(int(instances.groups[g]), int(instances.groups[g + 1])) if areas[k]
            ]
            rows += [
                [name, self._format.text(masks[k]), self._names[instances.categories[k]]]
                for k in own
            ]
            if not own:
                rows.append([name, self._format.empty, ""])
        return _rows([row[: 2 + self.classes] for row in rows])

    def append(self, piece: bytes) -> None:
        self.write(piece)
