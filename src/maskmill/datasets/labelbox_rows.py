"""Data rows of Labelbox: what a file holds, before its objects are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from maskmill.datasets.jsonfile import Id, JsonFile, Problems
from maskmill.datasets.labelbox_objects import object_name
from maskmill.datasets.objects import Labels, url_name
from maskmill.datasets.records import Reader
from maskmill.errors import FormatError

__all__ = ["FIELDS", "Item", "Rows"]


class _DataRow(msgspec.Struct, frozen=True):
    id: str | int | None = None
    external_id: str | None = None
    row_data: str | None = None


class Media(msgspec.Struct, frozen=True):
    width: float | None = None
    height: float | None = None


class _Annotations(msgspec.Struct, frozen=True):
    objects: list[msgspec.Raw] = []


class _Label(msgspec.Struct, frozen=True):
    annotations: _Annotations = _Annotations()


class _Project(msgspec.Struct, frozen=True):
    labels: list[msgspec.Raw] = []


class _V2(msgspec.Struct, frozen=True):
    data_row: _DataRow
    media_attributes: Media = Media()
    projects: dict[str, _Project] = {}


class _LabelV1(msgspec.Struct, frozen=True):
    objects: list[msgspec.Raw] = []


class _V1(msgspec.Struct, frozen=True, rename={
    "label": "Label", "number": "DataRow ID", "external_id": "External ID",
    "url": "Labeled Data", "media": "Media Attributes",
}):  # fmt: skip
    label: _LabelV1 | None = None
    number: str | None = None
    external_id: str | None = None
    url: str | None = None
    media: Media | None = None


class _Scan(msgspec.Struct, frozen=True):
    name: str | None = None
    title: str | None = None
    feature_id: str | None = None
    featureId: str | None = None  # noqa: N815  # as the file has it


_READ_V1: Final = Reader[_V1](_V1)
_READ_V2: Final = Reader[_V2](_V2)
_LABEL: Final = Reader[_Label](_Label)
_SCAN: Final = Reader[_Scan](_Scan)
FIELDS: Final = Reader["dict[str, msgspec.Raw]"](dict[str, msgspec.Raw])


class Item(NamedTuple):
    """A data row: where it stands, and where its objects do."""

    place: str
    text: msgspec.Raw
    name: str
    number: Id | None
    media: Media
    objects: list[tuple[str, str, int, msgspec.Raw]]
    """Place, project, label and text of each."""


class Rows:
    """The data rows of a file, and the classes of their objects."""

    def __init__(self, path: Path, problems: Problems) -> None:
        self.folder = path.parent
        self.labels = Labels()
        self.items: list[Item] = []
        self.numbered = True
        self.file = JsonFile(path)
        seen: set[Id] = set()
        for place, text in _records(self.file):
            try:
                item = self._item(place, text)
                for where, _, _, given in item.objects:
                    scanned = _SCAN.read(self.file, given, where)
                    self.labels.add(object_name(scanned.name, scanned.title))
                    own = scanned.feature_id or scanned.featureId
                    self.numbered = self.numbered and own is not None and own not in seen
                    if own is not None:
                        seen.add(own)
            except FormatError as error:
                problems.add(error)
                continue
            self.items.append(item)

    def _item(self, place: str, text: msgspec.Raw) -> Item:
        fields = FIELDS.read(self.file, text, place)
        objects = []
        if "data_row" in fields:
            row = _READ_V2.read(self.file, text, place)
            for key, project in row.projects.items():
                for k, label in enumerate(project.labels):
                    where = f"{place}/projects/{key}/labels/{k}"
                    found = _LABEL.read(self.file, label, where).annotations.objects
                    objects += [
                        (f"{where}/annotations/objects/{i}", key, k, given)
                        for i, given in enumerate(found)
                    ]
            data = row.data_row
            name = data.external_id or url_name(data.row_data or "") or str(data.id)
            return Item(place, text, name, data.id, row.media_attributes, objects)
        if "DataRow ID" not in fields:
            raise FormatError(
                "must have data_row or DataRow ID, as the exports of Labelbox do.",
                self.file.name, place,
            )  # fmt: skip
        old = _READ_V1.read(self.file, text, place)
        given_v1 = old.label.objects if old.label is not None else []
        objects = [(f"{place}/Label/objects/{i}", "", 0, o) for i, o in enumerate(given_v1)]
        name = old.external_id or url_name(old.url or "") or str(old.number)
        return Item(place, text, name, old.number, old.media or Media(), objects)


def _records(file: JsonFile) -> Iterator[tuple[str, msgspec.Raw]]:
    """Give the records of a file: its lines, its elements, or the one that it is."""
    data = bytes(file.data)
    if data.lstrip()[:1] == b"[":
        for i, text in enumerate(file.elements()):
            yield f"/{i}", text
        return
    try:
        file.top()
    except FormatError:
        if b"\n" not in data.strip():
            raise
        for number, line in enumerate(data.splitlines(), 1):
            if line.strip():
                yield f"line {number} ", msgspec.Raw(line)
        return
    yield "", file.record()
