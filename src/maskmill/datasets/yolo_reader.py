"""YOLO segmentation datasets as they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from maskmill.datasets.building import Parts, ShardBuilder, as_ring
from maskmill.datasets.dataset import Category, Dataset, Header
from maskmill.datasets.jsonfile import Problems
from maskmill.datasets.paths import IMAGE_SUFFIXES, safe_parts
from maskmill.datasets.pictures import PictureSizes, list_files
from maskmill.datasets.streams import read_bytes, shard_loaders
from maskmill.errors import FormatError
from maskmill.loading import loading

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.datasets.format import ReadOptions

__all__ = ["CONFIG", "find_config", "read_yolo"]

CONFIG: Final = "data.yaml"
_CONFIGS: Final = (CONFIG, "data.yml", "dataset.yaml")
_SPLITS: Final = ("train", "val", "test")
_LONGEST: Final = 1 << 24
"""Bytes of a description; the largest known has 1,200 classes and 40 KB."""

_DECIMALS: Final = 9


class _Item(NamedTuple):
    number: int
    stem: str
    labels: Path
    pictures: PictureSizes
    split: str | None


def find_config(path: Path) -> Path | None:
    """Find the description of a dataset: the path itself, or one in the folder."""
    if path.is_dir():
        return next((path / name for name in _CONFIGS if (path / name).is_file()), None)
    return path if path.suffix in (".yaml", ".yml") and path.is_file() else None


def read_yolo(path: Path, options: ReadOptions) -> Dataset:
    """Read a dataset by its description.

    The pictures of a split lie in the folder that the description names, the labels where that
    path has ``labels`` in the place of ``images``, as Ultralytics looks for them. A folder is
    looked for below that of the description only. With several splits, names of images start with
    the name of theirs.
    """
    config = find_config(path)
    if config is None:
        got = f"must be a folder with {CONFIG}, or such a file, got neither."
        raise FormatError(got, str(path))
    description = _load(config)
    categories = _categories(description.get("names"), str(config))
    items = _items(config, description, options)

    def read_image(item: _Item, builder: ShardBuilder, problems: Problems) -> None:
        content = read_bytes(item.labels) if item.labels.is_file() else b""
        try:
            name, size = item.pictures.named(item.stem)
        except FormatError as error:
            raise FormatError(
                error.problem, error.file or str(item.labels), None, item.stem
            ) from None
        extra = {}
        if item.split is not None:
            name = f"{item.split}/{name}"
            extra["split"] = msgspec.Raw(msgspec.json.encode(item.split))
        builder.add_image(item.number, name, size, str(item.labels), extra)
        scale = np.array(size[::-1], np.float64)
        for number, line in enumerate(content.splitlines(), 1):
            try:
                _read_line(line, len(categories), scale, builder)
            except FormatError as error:
                problems.add(
                    FormatError(error.problem, str(item.labels), f"line {number}", item.stem)
                )

    return Dataset(Header(categories), shard_loaders(items, read_image, options), len(items))


def _load(config: Path) -> dict[str, Any]:
    with loading:
        try:
            import yaml
        except ImportError as error:
            raise ImportError(
                f"read: PyYAML must be installed to read YOLO datasets, got {error}. Install it "
                "with pip install 'maskmill[yolo]'."
            ) from error
    content = read_bytes(config)
    if len(content) > _LONGEST:
        raise FormatError(f"must be shorter than 16 MiB, got {len(content)} bytes.", str(config))
    try:
        found = yaml.safe_load(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = None if mark is None else f"line {mark.line + 1}"
        problem = getattr(error, "problem", None) or "bytes that are no text"
        raise FormatError(f"must be YAML, got: {problem}.", str(config), place) from None
    except (ValueError, RecursionError, OverflowError) as error:
        raise FormatError(f"must be YAML, got: {error}.", str(config)) from None
    if not isinstance(found, dict) or "names" not in found:
        raise FormatError("must have the field names, as data.yaml has.", str(config))
    return found


def _categories(names: object, file: str) -> tuple[Category, ...]:
    if isinstance(names, dict):
        if sorted(k for k in names if isinstance(k, int)) != list(range(len(names))):
            raise FormatError(
                f"must number the classes from 0 to {len(names) - 1}, got other keys.",
                file,
                "names",
            )
        names = [names[k] for k in range(len(names))]
    if not isinstance(names, list):
        raise FormatError("must be a list of names, got something else.", file, "names")
    for row, name in enumerate(names):
        if not isinstance(name, str | int | float):
            raise FormatError("must be a name, got something else.", file, f"names[{row}]")
    return tuple(Category(row, str(name)) for row, name in enumerate(names))


def _items(config: Path, description: dict[str, Any], options: ReadOptions) -> list[_Item]:
    root = config.parent
    base = description.get("path")
    if isinstance(base, str):
        inside = _inside(root, base)
        root = inside if inside is not None and inside.is_dir() else root
    folders: dict[Path, str] = {}
    for split in _SPLITS:
        given = description.get(split)
        for name in [given] if isinstance(given, str) else given or []:
            if not isinstance(name, str):
                raise FormatError("must be folders of pictures, got others.", str(config), split)
            folder = _inside(root, name)
            if folder is not None and (folder.is_dir() or _labels(root, folder).is_dir()):
                folders.setdefault(folder, split)
    if not folders and (root / "labels").is_dir():
        folders[root / "images"] = "train"
    if not folders:
        raise FormatError(
            f"must name folders below {root}, got none that is there. Put labels beside images.",
            str(config),
        )
    several = len(folders) > 1
    items: list[_Item] = []
    for folder, split in folders.items():
        labels = _labels(root, folder)
        pictures = PictureSizes(options, [folder])
        stems = {name.rpartition(".")[0] for name in list_files(folder, IMAGE_SUFFIXES)}
        stems |= {name.removesuffix(".txt") for name in list_files(labels, [".txt"])}
        items += [
            _Item(number, stem, labels / f"{stem}.txt", pictures, split if several else None)
            for number, stem in enumerate(sorted(stems), len(items) + 1)
        ]
    return items


def _inside(root: Path, name: str) -> Path | None:
    """Folder below the root; ``../`` in front, as Roboflow writes it, is left out."""
    shortened = name
    while shortened.startswith("../"):
        shortened = shortened[3:]
    if shortened in ("", ".", "./"):
        return root
    try:
        return root.joinpath(*safe_parts(shortened))
    except FormatError:
        return None


def _labels(root: Path, folder: Path) -> Path:
    parts = [*folder.relative_to(root).parts]
    if "images" in parts:
        at = len(parts) - 1 - parts[::-1].index("images")
        parts[at] = "labels"
    return root.joinpath(*parts)


def _read_line(line: bytes, n_classes: int, scale: Array, builder: ShardBuilder) -> None:
    words = line.split()
    if not words:
        return
    try:
        numbers = np.array([float(word) for word in words])
    except ValueError:
        raise FormatError(f"must be numbers, got {line[:40]!r}.") from None
    category = numbers[0]
    if category not in range(n_classes):
        raise FormatError(
            f"must start with the number of a class, 0 to {n_classes - 1}, got {category:g}."
        )
    score = None
    if len(numbers) >= 6 and len(numbers) % 2 == 0:  # a prediction: its score comes last
        score = float(numbers[-1])
        numbers = numbers[:-1]
    if len(numbers) % 2 == 0 or len(numbers) < 5:
        raise FormatError(
            f"must be a class and pairs of coordinates, got {len(numbers) - 1} numbers."
        )
    vertices = as_ring(np.round(as_ring(numbers[1:]) * scale, _DECIMALS))
    if len(vertices) == 2:
        (x, y), (width, height) = vertices.tolist()
        box = [round(v, _DECIMALS) for v in (x - width / 2, y - height / 2, width, height)]
        builder.add_instance(int(category), box=box, score=score)
        return
    shape: Parts = [[vertices]]
    builder.add_instance(int(category), shape, score=score)
