"""Tasks of Label Studio: what a file holds, before its results are read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from maskmill.datasets.dataset import get_extra
from maskmill.datasets.jsonfile import Id, JsonFile, Problems
from maskmill.datasets.label_studio_regions import LABELS, REGIONS
from maskmill.datasets.objects import Labels
from maskmill.datasets.records import Reader
from maskmill.errors import FormatError

__all__ = ["TASK", "Index", "Item"]


class Task(msgspec.Struct, frozen=True):
    data: dict[str, msgspec.Raw] | None = None
    id: int | str | None = None
    annotations: list[msgspec.Raw] | None = None
    completions: list[msgspec.Raw] | None = None
    file_upload: str | None = None

    def given(self) -> list[msgspec.Raw]:
        """Annotations, under the name of now or of long ago."""
        return self.annotations if self.annotations is not None else self.completions or []


class _ScanValue(msgspec.Struct, frozen=True):
    polygonlabels: list[str] | None = None
    brushlabels: list[str] | None = None
    rectanglelabels: list[str] | None = None
    ellipselabels: list[str] | None = None
    keypointlabels: list[str] | None = None
    labels: list[str] | None = None


class _ScanResult(msgspec.Struct, frozen=True):
    type: str = ""
    id: str | int | None = None
    value: _ScanValue | None = None


class _ScanAnnotation(msgspec.Struct, frozen=True):
    result: list[_ScanResult] = []


TASK: Final = Reader[Task](Task)
_SCAN: Final = Reader[_ScanAnnotation](_ScanAnnotation)


class Item(NamedTuple):
    """A task, cut into its annotations."""

    place: str
    task: Task
    name: str
    text: msgspec.Raw


class Index:
    """The tasks of a file, their labels and the names of their images."""

    def __init__(self, file: JsonFile, problems: Problems) -> None:
        self.labels = Labels()
        self.items: list[Item] = []
        self.numbered = True
        ids: set[Id] = set()
        task_ids: set[Id] = set()
        taken: set[str] = set()
        for place, text in _tasks(file):
            try:
                task = TASK.read(file, text, place)
                name, whole = _image_names(task)
                for i, annotation in enumerate(task.given()):
                    scanned = _SCAN.read(file, annotation, f"{place}/annotations/{i}")
                    self._scan(scanned, ids)
            except FormatError as error:
                problems.add(error)
                continue
            name = whole if name in taken else name
            taken.add(name)
            self.items.append(Item(place, task, name, text))
            if task.id is not None:
                task_ids.add(task.id)
        self.has_ids = len(task_ids) == len(self.items)

    def _scan(self, annotation: _ScanAnnotation, ids: set[Id]) -> None:
        own: set[Id] = set()
        for result in annotation.result:
            value = result.value
            if value is None:
                continue
            for names in (getattr(value, key) for key in LABELS):
                if names:
                    self.labels.add(names[0])
            if result.id is not None:
                own.add(result.id)
            elif result.type in REGIONS:
                self.numbered = False
        if own & ids:  # copies of annotations keep the ids of their regions
            self.numbered = False
        ids |= own


def _tasks(file: JsonFile) -> Iterator[tuple[str, msgspec.Raw]]:
    """Give the tasks: those of a list, or the one that is the file."""
    if bytes(file.data[:4096]).lstrip()[:1] == b"{":
        file.top()
        yield "", file.record()
        return
    for i, text in enumerate(file.elements()):
        yield f"/{i}", text


def _image_names(task: Task) -> tuple[str, str]:
    """Name of the image of a task, and the longer one that its folders make."""
    if task.file_upload:
        return task.file_upload, task.file_upload
    data = task.data or {}
    values = {name: get_extra(data, name, str) for name in data}
    named = values.get("image") or next((text for text in values.values() if text), None)
    if named is None:  # a task that was stored without its data
        return f"task-{task.id}", f"task-{task.id}"
    parts = urlsplit(named)
    local = parse_qs(parts.query).get("d")
    path = local[0] if local else unquote(parts.path)
    whole = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    if not whole:
        return f"task-{task.id}", f"task-{task.id}"
    if parts.scheme or local or named.startswith("/"):
        return whole[-1], posixpath.join(*whole)
    return posixpath.join(*whole), posixpath.join(*whole)
