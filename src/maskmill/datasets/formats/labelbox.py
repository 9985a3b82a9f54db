"""Labelbox: exports v2 (a line or an element a data row) and v1 (an element a label)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from maskmill.datasets.dataset import Dataset, Header, Shard, get_extra
from maskmill.datasets.files import atomic_path
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import Id, Problems, sniff_json
from maskmill.datasets.labelbox_objects import Object, found_of, objects_of
from maskmill.datasets.labelbox_rows import FIELDS, Item, Rows
from maskmill.datasets.objects import (
    FoundImage,
    Joiner,
    check_size,
    encode_json,
    loaders,
    raw,
)
from maskmill.datasets.outgoing import Groups, instances_of
from maskmill.datasets.pictures import PictureSizes
from maskmill.datasets.records import FolderProblems, Reader, at
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError

__all__ = ["FORMAT", "Labelbox"]


_OBJECT: Final = Reader[Object](Object)


class Labelbox(Format[Options]):
    """Labelbox exports. Written are lines of the export v2."""

    name = "labelbox"
    summary = "Labelbox NDJSON (exports v2 and v1): polygons, masks, boxes"
    carries = frozenset[Carried](
        (
            "polygons", "parts", "masks", "overlap", "instances", "crowd", "scores", "keypoints",
            "attributes", "fields", "instance_ids", "image_ids", "image_fields", "empty_images",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        text = sniff_json(path)
        if text[:1] not in (b"{", b"["):
            return False
        version_2 = (b'"data_row"', b'"projects"')
        version_1 = (b'"DataRow ID"', b'"Label"')
        return any(all(word in text for word in words) for words in (version_2, version_1))

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        problems = FolderProblems(Problems(options.on_error), path)
        rows = Rows(path, problems)
        pictures = PictureSizes(options, [path.parent, path.parent / "images"])

        def load(item: Item, number: int, problems: Problems) -> FoundImage:
            return _load(rows, item, number, pictures, problems)

        shards = loaders(rows.items, load, path, options, numbered=rows.numbered)
        header = Header(tuple(rows.labels.categories))
        return Dataset(header, shards, len(rows.items), problems.skipped)

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[bytes]]:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            yield _Writer(file, header, options)


FORMAT = Labelbox()


def _load(
    rows: Rows, item: Item, number: int, pictures: PictureSizes, problems: Problems
) -> FoundImage:
    file = rows.file
    with at(file.name, item.place, item.number):
        height, width = item.media.height, item.media.width
        if height is None or width is None:
            height, width = pictures.of(item.name)
        size = check_size(height, width)
    extra = FIELDS.read(file, item.text, item.place)
    for name in ("Label", "media_attributes", "Media Attributes"):
        extra.pop(name, None)
    _keep_projects(extra)
    row = get_extra(extra, "data_row", dict[str, Any]) or {}
    own: Id | None = row.pop("maskmill_id", None)
    further = row.pop("maskmill_further", None)
    if "data_row" in extra:
        extra["data_row"] = raw(row)
        if set(row) <= {"id", "external_id"} and own is not None:
            del extra["data_row"]
    if further is not None:
        extra |= msgspec.json.decode(raw(further), type=dict[str, msgspec.Raw])
    image_id = own if own is not None else item.number if item.number is not None else number + 1
    image = FoundImage(item.place, image_id, item.name, size, extra)
    joiner = Joiner(image)
    several = len({(project, label) for _, project, label, _ in item.objects}) > 1
    for place, project, label, text in item.objects:
        try:
            record = _OBJECT.read(file, text, place)
            with at(file.name, place, record.number()):
                found = found_of(record, place, rows.labels, size, rows.folder)
            found.extra |= _OBJECT.extra(file, text, place)
        except FormatError as error:
            problems.add(error)
            continue
        if several:
            found.extra["labelbox_label"] = raw([project, label])
        joiner.add(found, get_extra(found.extra, "group_id", int))
    joiner.finish()
    return image


def _keep_projects(extra: dict[str, msgspec.Raw]) -> None:
    """Keep of the projects what is not an object."""
    projects = get_extra(extra, "projects", dict[str, Any])
    if projects is None:
        return
    for project in projects.values():
        for label in project.get("labels", []):
            if isinstance(label, dict) and isinstance(label.get("annotations"), dict):
                label["annotations"].pop("objects", None)
    if projects == _NO_PROJECTS:
        del extra["projects"]
    else:
        extra["projects"] = raw(projects)


_NO_PROJECTS: Final = {"project": {"labels": [{"label_kind": "Default", "annotations": {}}]}}


class _Writer(Writer[bytes]):
    def __init__(self, file: IO[bytes], header: Header, options: Options) -> None:
        self._file = file
        self._categories = header.categories
        self._rule = options.rule

    def encode(self, shard: Shard, losses: Losses) -> bytes:
        images, numbered = shard.images, shard.instances.numbered
        found = instances_of(shard, self._categories, self._rule, losses, holes=False)
        lines = []
        for g, objects in enumerate(found):
            groups = Groups(objects)
            extra = dict(images.extra[g])
            row = get_extra(extra, "data_row", dict[str, Any])
            extra.pop("data_row", None)
            projects: dict[str, Any] = get_extra(extra, "projects", dict[str, Any]) or {
                "project": {"labels": [{"label_kind": "Default", "annotations": {}}]}
            }
            extra.pop("projects", None)
            height, width = images.sizes[g].tolist()
            if row is None:
                row = {"id": str(images.ids[g]), "external_id": images.file_names[g]}
                row["maskmill_id"] = images.ids[g]
            if extra:
                row["maskmill_further"] = extra
            for o in objects:
                place = get_extra(o.extra, "labelbox_label", tuple[str, int])
                o.extra.pop("labelbox_label", None)
                target = _target(projects, place)
                target += objects_of(o, (height, width), groups, losses, numbered=numbered)
            record = {
                "data_row": row,
                "media_attributes": {"width": width, "height": height},
                "projects": projects,
            }
            lines.append(encode_json(record) + b"\n")
        return b"".join(lines)

    def append(self, piece: bytes) -> None:
        self._file.write(piece)


def _target(projects: dict[str, Any], place: tuple[str, int] | None) -> list[Any]:
    """List of objects that an instance belongs to."""
    key, number = place if place is not None else (next(iter(projects)), 0)
    labels = projects.setdefault(key, {}).setdefault("labels", [])
    while len(labels) <= min(number, 1000):
        labels.append({"label_kind": "Default"})
    annotations = labels[min(number, 1000)].setdefault("annotations", {})
    objects: list[Any] = annotations.setdefault("objects", [])
    return objects
