"""Scale AI: a JSON list of tasks with their responses, or one task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from maskmill.datasets.coco_file import JsonArray, open_json_array
from maskmill.datasets.dataset import Dataset, Header, Shard, get_extra
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import Id, JsonFile, Problems, sniff_json
from maskmill.datasets.objects import (
    Found,
    FoundImage,
    Joiner,
    Labels,
    check_size,
    encode_json,
    loaders,
    raw,
    url_name,
)
from maskmill.datasets.outgoing import Groups, instances_of
from maskmill.datasets.pictures import PictureSizes
from maskmill.datasets.records import FolderProblems, Reader, at
from maskmill.datasets.report import Losses
from maskmill.datasets.scale_annotations import (
    Annotation,
    Segment,
    annotations_of,
    found_of,
    segments_of,
)
from maskmill.errors import FormatError

__all__ = ["FORMAT", "Scale"]


class _Params(msgspec.Struct, frozen=True):
    attachment: str | None = None
    metadata: dict[str, msgspec.Raw] | None = None


class _Response(msgspec.Struct, frozen=True):
    annotations: msgspec.Raw = msgspec.Raw(b"[]")
    labelMapping: dict[str, msgspec.Raw] = {}  # noqa: N815  # as the file has it


class _Task(msgspec.Struct, frozen=True):
    task_id: str
    type: str
    params: _Params = _Params()
    response: _Response | None = None


class _Scan(msgspec.Struct, frozen=True):
    label: str
    uuid: str | None = None


class _Picture(msgspec.Struct, frozen=True):
    indexedImage: str | None = None  # noqa: N815


class _Combined(msgspec.Struct, frozen=True):
    combined: _Picture = _Picture()


_TASK: Final = Reader[_Task](_Task)
_LIST: Final = Reader["list[msgspec.Raw]"](list[msgspec.Raw])
_SCAN: Final = Reader[_Scan](_Scan)
_ANNOTATION: Final = Reader[Annotation](Annotation)
_COMBINED: Final = Reader[_Combined](_Combined)
_SEGMENTS: Final = Reader["Segment | list[Segment]"](Segment | list[Segment])
_TYPES: Final = ("imageannotation", "polygonannotation", "annotation", "segmentannotation")


class Scale(Format[Options]):
    """Scale AI tasks: image annotation (polygons, boxes, lines, points) and segmentation.

    Written are image annotation tasks.
    """

    name = "scale"
    summary = "Scale AI tasks: polygons, boxes, lines; segmentations read"
    carries = frozenset[Carried](
        (
            "polygons", "parts", "overlap", "instances", "crowd", "scores", "keypoints",
            "attributes", "fields", "instance_ids", "image_ids", "image_fields", "empty_images",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        text = sniff_json(path)
        words = (b'"task_id"', b'"response"', b'"params"')
        return text[:1] in (b"[", b"{") and all(word in text for word in words)

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        problems = FolderProblems(Problems(options.on_error), path)
        tasks = _Tasks(path, problems)
        pictures = PictureSizes(options, [path.parent, path.parent / "images"])

        def load(item: _Item, number: int, problems: Problems) -> FoundImage:
            return _load(tasks, item, number, pictures, problems)

        shards = loaders(tasks.items, load, path, options, numbered=tasks.numbered)
        header = Header(tuple(tasks.labels.categories))
        return Dataset(header, shards, len(tasks.items), problems.skipped)

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[bytes]]:
        with open_json_array(path) as tasks:
            yield _Writer(tasks, header, options)


FORMAT = Scale()


class _Item(NamedTuple):
    place: str
    text: msgspec.Raw
    task: _Task
    annotations: list[msgspec.Raw]


class _Tasks:
    """The tasks of a file, and the labels of their annotations."""

    def __init__(self, path: Path, problems: Problems) -> None:
        self.folder = path.parent
        self.labels = Labels()
        self.items: list[_Item] = []
        self.numbered = True
        self.file = JsonFile(path)
        seen: set[str] = set()
        for place, text in self._records():
            try:
                item = self._item(place, text)
                for i, given in enumerate(item.annotations):
                    scanned = _SCAN.read(self.file, given, f"{place}/response/annotations/{i}")
                    self.labels.add(scanned.label)
                    self.numbered = (
                        self.numbered and scanned.uuid is not None and scanned.uuid not in seen
                    )
                    seen.add(scanned.uuid or "")
            except FormatError as error:
                problems.add(error)
                continue
            self.items.append(item)

    def _records(self) -> Iterator[tuple[str, msgspec.Raw]]:
        if bytes(self.file.data[:4096]).lstrip()[:1] == b"[":
            for i, text in enumerate(self.file.elements()):
                yield f"/{i}", text
        else:
            top = self.file.top()
            yield (("/task", top["task"]) if "task" in top else ("", self.file.record()))

    def _item(self, place: str, text: msgspec.Raw) -> _Item:
        task = _TASK.read(self.file, text, place)
        if task.type not in _TYPES:
            raise FormatError(
                f"must be a task that draws, one of {', '.join(_TYPES)}, got {task.type!r}.",
                self.file.name, f"{place}/type",
            )  # fmt: skip
        response = task.response or _Response()
        if task.type != "segmentannotation":
            where = f"{place}/response/annotations"
            return _Item(place, text, task, _LIST.read(self.file, response.annotations, where))
        self.numbered = False
        for label in response.labelMapping:
            self.labels.add(label)
        return _Item(place, text, task, [])


def _name(task: _Task) -> tuple[str, dict[str, msgspec.Raw]]:
    """Name of the image of a task, and what its metadata says besides."""
    metadata = dict(task.params.metadata or {})
    name = get_extra(metadata, "file_name", str)
    metadata.pop("file_name", None)
    attachment = (task.params.attachment or "").removeprefix("file:")
    return name or url_name(attachment) or task.task_id, metadata


def _load(
    tasks: _Tasks, item: _Item, number: int, pictures: PictureSizes, problems: Problems
) -> FoundImage:
    file, task = tasks.file, item.task
    name, metadata = _name(task)
    objects: list[Found] = []
    sides = [get_extra(metadata, side, float) for side in ("height", "width")]
    with at(file.name, item.place, task.task_id):
        size: tuple[int, int] | None = None
        if task.type == "segmentannotation" and task.response is not None:
            objects, size = _segments(tasks, item, task.response)
        height, width = sides
        if size is None:
            if height is None or width is None:
                height, width = pictures.of(name)
            size = check_size(height, width)
    extra = _TASK.extra(file, item.text, item.place)
    own: Id | None = get_extra(metadata, "maskmill_id", int)
    own = get_extra(metadata, "maskmill_id", str) if own is None else own
    further = get_extra(metadata, "maskmill_further", dict[str, msgspec.Raw]) or {}
    for known in ("height", "width", "maskmill_id", "maskmill_further"):
        metadata.pop(known, None)
    params = {"attachment": task.params.attachment, "metadata": metadata}
    if own is None:
        extra["params"] = raw(params)
    image_id = task.task_id if own is None else own
    image = FoundImage(item.place, image_id, name, size, extra | further)
    image.objects += objects
    joiner = Joiner(image)
    for i, text in enumerate(item.annotations):
        place = f"{item.place}/response/annotations/{i}"
        try:
            record = _ANNOTATION.read(file, text, place)
            with at(file.name, place, record.uuid):
                found = found_of(record, place, tasks.labels)
            found.extra |= _ANNOTATION.extra(file, text, place)
        except FormatError as error:
            problems.add(error)
            continue
        joiner.add(found, get_extra(found.extra, "group_id", int))
    joiner.finish()
    return image


def _segments(
    tasks: _Tasks, item: _Item, response: _Response
) -> tuple[list[Found], tuple[int, int]]:
    place = f"{item.place}/response"
    combined = _COMBINED.read(tasks.file, response.annotations, f"{place}/annotations").combined
    mapping = {}
    for label, text in response.labelMapping.items():
        found = _SEGMENTS.read(tasks.file, text, f"{place}/labelMapping/{label}")
        mapping[label] = [found] if isinstance(found, Segment) else found
    if combined.indexedImage is None:
        raise FormatError("must have a picture of indices, combined.indexedImage, got none.")
    return segments_of(combined.indexedImage, mapping, tasks.folder, tasks.labels, place)


class _Writer(Writer[bytes]):
    def __init__(self, tasks: JsonArray, header: Header, options: Options) -> None:
        self._tasks = tasks
        self._categories = header.categories
        self._rule = options.rule

    def encode(self, shard: Shard, losses: Losses) -> bytes:
        images, numbered = shard.images, shard.instances.numbered
        found = instances_of(shard, self._categories, self._rule, losses, holes=False, masks=False)
        tasks = []
        for g, objects in enumerate(found):
            groups = Groups(objects)
            extra = dict(images.extra[g])
            height, width = images.sizes[g].tolist()
            params = get_extra(extra, "params", dict[str, Any])
            extra.pop("params", None)
            metadata: dict[str, Any] = {}
            if params is None:
                params = {"attachment": images.file_names[g]}
                metadata = {"file_name": images.file_names[g], "maskmill_id": images.ids[g]}
                if extra:
                    metadata["maskmill_further"] = extra
                extra = {}
            params["metadata"] = (params.get("metadata") or {}) | metadata
            params["metadata"] |= {"width": width, "height": height}
            annotations = [
                record
                for o in objects
                for record in annotations_of(o, groups, losses, numbered=numbered)
            ]
            task = {
                "task_id": str(images.ids[g]),
                "type": "imageannotation",
                "params": params,
                "response": {"annotations": annotations},
            }
            tasks.append(encode_json(extra | task))
        return b",\n".join(tasks)

    def append(self, piece: bytes) -> None:
        self._tasks.add(piece)
