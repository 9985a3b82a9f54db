"""CVAT for images 1.1: one XML file for all images."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Final

from maskmill.datasets.cvat_shapes import KINDS, OWN, Kept, Specs, found_of, plain
from maskmill.datasets.cvat_writer import CvatWriter, Piece
from maskmill.datasets.dataset import Category, Dataset, Extra, Header, Shard, get_extra
from maskmill.datasets.files import atomic_path
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import Id, Problems, sniff
from maskmill.datasets.objects import (
    SHARD_IMAGES,
    FoundImage,
    Joiner,
    Labels,
    check_size,
    collect,
    hex_colour,
    raw,
)
from maskmill.datasets.records import at
from maskmill.datasets.xmlfile import Element, elements
from maskmill.errors import FormatError

__all__ = ["FORMAT", "Cvat"]

ROOT: Final = "annotations"
SPOOLED: Final = 1 << 24
"""Bytes of images that wait in memory for the list of labels; more of them wait in a file."""


class Cvat(Format[Options]):
    """CVAT for images 1.1.

    Polygons that share a label and a group are one instance. Boxes are boxes without a mask;
    polylines, points, cuboids and skeletons have no pixels and come back as they were.
    """

    name = "cvat"
    summary = "CVAT for images 1.1 XML: polygons, masks, boxes, attributes"
    carries = frozenset[Carried](
        (
            "polygons", "parts", "masks", "overlap", "instances", "crowd", "scores", "attributes",
            "instance_ids", "empty_images", "empty_categories",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        text = sniff(path)[:4096]
        return b"<annotations" in text and b"<annotation>" not in text and b"<version>" in text

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        labels, specs, extra, numbered = _read_head(path)
        problems = Problems(options.on_error)
        images = _Images(path, labels, specs, numbered=numbered)
        header = Header(tuple(labels.categories), extra)
        return Dataset(header, images.loaders(options, problems), None, problems.skipped)

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[Piece]]:
        with (
            atomic_path(path) as temporary,
            temporary.open("wb") as file,
            SpooledTemporaryFile(SPOOLED, dir=str(path.parent)) as spool,
        ):
            writer = CvatWriter(spool, header, options)
            yield writer
            file.write(writer.head().encode())
            spool.seek(0)
            shutil.copyfileobj(spool, file, 1 << 20)
            file.write(b"</annotations>\n")


FORMAT = Cvat()


def _read_head(path: Path) -> tuple[Labels, Specs, Extra, bool]:
    """Read the labels, and whether objects have ids; of all objects where no label is listed."""
    labels = Labels()
    specs: Specs = {}
    extra: Extra = {}
    numbered: bool | None = None
    for element in elements(path, ROOT):
        if element.name == "meta":
            _read_labels(element, labels, specs)
            extra["cvat_meta"] = raw(_without_labels(element))
        elif element.name == "image":
            shapes = [child for child in element.children if child.name in KINDS]
            if numbered is None and shapes:
                numbered = "id" in shapes[0].attributes
            if not specs:
                for child in (*shapes, *element.all("tag")):
                    labels.add(child.attributes.get("label", ""))
            elif numbered is not None:
                break
    return labels, specs, extra, bool(numbered)


def _read_labels(meta: Element, labels: Labels, specs: Specs) -> None:
    for element in meta.all("label"):
        fields = {child.name: child.text.strip() for child in element.children}
        name = fields.pop("name", "")
        if name in specs or not name:
            continue
        own = specs[name] = {}
        extra: Extra = {}
        declared = []
        for given in element.all("attribute"):
            spec = {child.name: child.text.strip() for child in given.children}
            own[spec.get("name", "")] = spec.get("input_type", "text")
            declared.append(spec)
        fields.pop("attributes", None)
        colour = hex_colour(fields.pop("color", ""))
        if colour is not None:
            extra["color"] = raw(colour)
        if declared:
            extra["attributes"] = raw(declared)
        extra |= {key: raw(text) for key, text in fields.items() if text}
        number = len(labels.categories) + 1
        labels.append(Category(number, name, colour=colour, extra=extra))


def _without_labels(meta: Element) -> Kept:
    """Keep what a file says about its project, task or job; the labels are the categories."""

    def strip(kept: Kept) -> Kept:
        children = [strip(child) for child in kept.children if child.name != "labels"]
        return Kept(kept.name, kept.attributes, kept.text, children)

    return strip(plain(meta))


class _Images:
    """Reads the images of a file, one after the other."""

    def __init__(self, path: Path, labels: Labels, specs: Specs, *, numbered: bool) -> None:
        self._path = path
        self._labels = labels
        self._specs = specs
        self._numbered = numbered

    def loaders(self, options: ReadOptions, problems: Problems) -> Iterator[Callable[[], Shard]]:
        """Cut the images into shards."""
        found = self._elements(problems)
        while batch := list(islice(found, SHARD_IMAGES)):
            yield partial(self._load, batch, options)

    def _elements(self, problems: Problems) -> Iterator[tuple[Element, Id, str]]:
        """Give the images, with an id and a name that no other has."""
        ids: set[Id] = set()
        names: set[str] = set()
        for element in elements(self._path, ROOT):
            if element.name == "track":
                problems.add(
                    FormatError(
                        "must be an image, got a track. Export the task as CVAT for images 1.1.",
                        str(self._path),
                        f"line {element.line}",
                    )
                )
            if element.name != "image":
                continue
            given = element.attributes
            subset = given.get("subset") or given.get("task_id") or str(element.line)
            text = given.get("id", "")
            number: Id = int(text) if text.isdecimal() and len(text) < 18 else len(ids)
            name = given.get("name", "")
            # In a project each task may count its images from 0 and name them alike.
            if number in ids:
                number = f"{subset}/{number}"
            if name in names:
                name = f"{subset}/{name}"
            ids.add(number)
            names.add(name)
            yield element, number, name

    def _load(self, batch: list[tuple[Element, Id, str]], options: ReadOptions) -> Shard:
        problems = Problems(options.on_error)
        images = []
        for element, number, name in batch:
            place = f"line {element.line}"
            try:
                with at(str(self._path), place, number):
                    image = self._image(element, number, name)
            except FormatError as error:
                problems.add(error)
                continue
            images.append(image)
            self._read_objects(element, image, problems)
        return collect(images, str(self._path), problems, numbered=self._numbered)

    def _image(self, element: Element, number: Id, name: str) -> FoundImage:
        given = element.attributes
        try:
            size = check_size(float(given["height"]), float(given["width"]))
        except (KeyError, ValueError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(
                "must have width and height as numbers of pixels, got "
                f"{given.get('width')!r} and {given.get('height')!r}."
            ) from None
        if not given.get("name"):
            raise FormatError("must have a name, got none.")
        extra = {key: raw(text) for key, text in given.items() if key not in OWN}
        tags = [plain(tag) for tag in element.children if tag.name == "tag"]
        if tags:
            extra["cvat_tags"] = raw(tags)
        return FoundImage(f"line {element.line}", number, name, size, extra)

    def _read_objects(self, element: Element, image: FoundImage, problems: Problems) -> None:
        joiner = Joiner(image)
        for child in element.children:
            if child.name == "tag":
                continue
            try:
                with at(str(self._path), f"line {child.line}"):
                    if child.name not in KINDS:
                        raise FormatError(f"must be a shape of CVAT, got <{child.name}>.")
                    found = found_of(child, self._labels, self._specs)
                    if self._numbered and found.id is None:
                        raise FormatError("must have an id, as the objects before it, got none.")
            except FormatError as error:
                problems.add(error)
                continue
            joiner.add(found, get_extra(found.extra, "group_id", int))
        joiner.finish()
