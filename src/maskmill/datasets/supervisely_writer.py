"""Writes projects of Supervisely."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import msgspec

from maskmill.datasets.colours import category_colours
from maskmill.datasets.dataset import Header, Shard, get_extra
from maskmill.datasets.files import write_atomically
from maskmill.datasets.format import Options, Writer
from maskmill.datasets.objects import encode_json
from maskmill.datasets.outgoing import Groups, instances_of
from maskmill.datasets.paths import safe_parts
from maskmill.datasets.report import Losses
from maskmill.datasets.supervisely_objects import TagTypes, objects_of, write_tags
from maskmill.errors import FormatError

__all__ = ["ProjectPiece", "ProjectWriter"]

DATASET: Final = "dataset"
"""Folder of images that are in none."""


class ProjectPiece(NamedTuple):
    """What ``meta.json`` must declare."""

    types: TagTypes
    shapes: dict[str, set[str]]
    """Of each class: kinds of its objects."""


class ProjectWriter(Writer[ProjectPiece]):
    """Writes the files of images, and knows what ``meta.json`` must declare."""

    def __init__(self, root: Path, header: Header, options: Options) -> None:
        self._root = root
        self._header = header
        self._rule = options.rule
        self._types: TagTypes = {}
        self._shapes: dict[str, set[str]] = {}
        self._taken: set[tuple[Path, str]] = set()
        self._lock = Lock()

    def encode(self, shard: Shard, losses: Losses) -> ProjectPiece:
        """Write the files of a shard."""
        types: TagTypes = {}
        shapes: dict[str, set[str]] = {}
        images, numbered = shard.images, shard.instances.numbered
        found = instances_of(shard, self._header.categories, self._rule, losses, holes=True)
        for g, objects in enumerate(found):
            groups = Groups(objects)
            records = [
                record
                for o in objects
                for record in objects_of(o, types, groups, losses, numbered=numbered)
            ]
            for record in records:
                kind = record.get("geometryType", "")
                shapes.setdefault(record.get("classTitle", ""), set()).add(kind)
            extra = dict(images.extra[g])
            tags = write_tags(extra, types)
            height, width = images.sizes[g].tolist()
            annotation: dict[str, Any] = {
                "description": "",
                "tags": tags,
                "size": {"height": height, "width": width},
                "objects": records,
                "id": images.ids[g],
            }
            *folders, name = safe_parts(images.file_names[g])
            if not folders:  # a project has data sets, an image lies in one of them
                annotation["file_name"] = images.file_names[g]
            self._write(folders or [DATASET], name, encode_json(annotation | extra))
        return ProjectPiece(types, shapes)

    def _write(self, folders: list[str], name: str, content: bytes) -> None:
        folder = self._root.joinpath(*folders, "ann")
        with self._lock:
            if (folder, name) in self._taken:
                raise FormatError(
                    f"file_name must lead to an output of its own, got two that become "
                    f"{'/'.join([*folders, name])!r}. Rename one of the images."
                )
            self._taken.add((folder, name))
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{name}.json", content)

    def append(self, piece: ProjectPiece) -> None:
        """Take up what the next shard needs to be declared."""
        for name, kind in piece.types.items():
            known = self._types.setdefault(name, kind)
            if known != kind:
                self._types[name] = "any_string"
        for name, kinds in piece.shapes.items():
            self._shapes.setdefault(name, set()).update(kinds)

    def meta(self) -> bytes:
        """Give the classes and the tags of the project."""
        header = self._header
        colours = category_colours(header.categories).tolist()
        classes = []
        for category, (red, green, blue) in zip(header.categories, colours, strict=True):
            record: dict[str, Any] = {"title": category.name, "shape": "any"}
            record |= {k: v for k, v in category.extra.items() if k != "color"}
            if self._shapes.get(category.name, set()) - {get_extra(category.extra, "shape", str)}:
                record["shape"] = "any"
            record["color"] = f"#{red:02X}{green:02X}{blue:02X}"
            if isinstance(category.id, int):
                record["id"] = category.id
            classes.append(record)
        prefix = "supervisely_"
        further = {
            name.removeprefix(prefix): value
            for name, value in header.extra.items()
            if name.startswith(prefix)
        }
        tags = msgspec.json.decode(further.pop("tags", b"[]"), type=list[dict[str, Any]])
        declared = {tag.get("name") for tag in tags}
        tags += [
            {"name": name, "value_type": kind, "color": "#808080"}
            for name, kind in sorted(self._types.items())
            if name not in declared
        ]
        return encode_json({"classes": classes, "tags": tags} | further)
