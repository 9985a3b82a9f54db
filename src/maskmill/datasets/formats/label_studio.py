"""Label Studio: a JSON list of tasks, as its export named JSON has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from maskmill.datasets.coco_file import JsonArray, open_json_array
from maskmill.datasets.dataset import Dataset, Extra, Header, Shard, get_extra
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import Id, JsonFile, Problems, sniff_json
from maskmill.datasets.label_studio_regions import Region, Result, found_of
from maskmill.datasets.label_studio_results import results_of
from maskmill.datasets.label_studio_tasks import TASK, Index, Item
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

__all__ = ["FORMAT", "LabelStudio"]


class _Annotation(msgspec.Struct, frozen=True):
    result: list[msgspec.Raw] = []
    was_cancelled: bool | None = None


_ANNOTATION: Final = Reader[_Annotation](_Annotation)
_RESULT: Final = Reader[Result](Result)


class LabelStudio(Format[Options]):
    """Label Studio JSON.

    Coordinates are percent; they become pixels, and the percent that give the same pixels again.
    """

    name = "label-studio"
    summary = "Label Studio JSON: polygons in percent, brushes, rectangles, ellipses"
    carries = frozenset[Carried](
        (
            "polygons", "parts", "masks", "overlap", "instances", "crowd", "scores", "keypoints",
            "attributes", "fields", "instance_ids", "image_ids", "image_fields",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        text = sniff_json(path)
        return (
            text[:1] in (b"[", b"{")
            and b'"result"' in text
            and any(b'"%b"' % word in text for word in (b"annotations", b"completions"))
            and any(b'"%b"' % word in text for word in (b"from_name", b"data"))
        )

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        file = JsonFile(path)
        problems = FolderProblems(Problems(options.on_error), path)
        index = Index(file, problems)
        pictures = PictureSizes(options, [path.parent, path.parent / "images"])

        def load(item: Item, number: int, problems: Problems) -> FoundImage:
            return _load(file, item, number, index, pictures, problems)

        shards = loaders(index.items, load, path, options, numbered=index.numbered)
        header = Header(tuple(index.labels.categories))
        return Dataset(header, shards, len(index.items), problems.skipped)

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[bytes]]:
        with open_json_array(path) as tasks:
            yield _Writer(tasks, header, options)


FORMAT = LabelStudio()


def _load(
    file: JsonFile,
    item: Item,
    number: int,
    index: Index,
    pictures: PictureSizes,
    problems: Problems,
) -> FoundImage:
    task, place = item.task, item.place
    extra = TASK.extra(file, item.text, place)
    if task.data is not None and not _is_plain(task.data, item.name):
        extra["data"] = raw(task.data)
    if task.file_upload is not None:
        extra["file_upload"] = raw(task.file_upload)
    own_id = task.id if index.has_ids and task.id is not None else number + 1
    annotations = []
    size: tuple[int, int] | None = None
    for i, text in enumerate(task.given()):
        inside = f"{place}/annotations/{i}"
        annotation = _ANNOTATION.read(file, text, inside)
        results = [
            (f"{inside}/result/{k}", result_text) for k, result_text in enumerate(annotation.result)
        ]
        kept = []
        for where, result_text in results:
            try:
                result = _RESULT.read(file, result_text, where)
            except FormatError as error:
                problems.add(error)
                continue
            kept.append((where, result_text, result))
            if result.original_width is not None and result.original_height is not None:
                with at(file.name, where, result.id):
                    stated = check_size(result.original_height, result.original_width)
                    if size is not None and stated != size:
                        raise FormatError(
                            f"must state one size for an image, got {stated} and {size}."
                        )
                size = stated
        annotations.append((annotation, text, kept))
    if size is None:
        with at(file.name, place or "/", task.id):
            size = pictures.of(item.name)
    image = FoundImage(place or "/", own_id, item.name, size, extra)
    metas = []
    for i, (annotation, text, kept) in enumerate(annotations):
        rest = _ANNOTATION.extra(file, text, place)
        if annotation.was_cancelled:
            rest["was_cancelled"] = raw(True)
        leftover = _read_regions(
            file, kept, image, index, problems, i if len(annotations) > 1 else None,
            skip=bool(annotation.was_cancelled),
        )  # fmt: skip
        if leftover:
            rest["result"] = raw(leftover)
        metas.append(rest)
    if len(metas) != 1 or metas[0]:
        image.extra["annotations"] = raw(metas)
    return image


def _is_plain(data: dict[str, msgspec.Raw], name: str) -> bool:
    return list(data) == ["image"] and get_extra(data, "image", str) == name


def _read_regions(
    file: JsonFile,
    kept: list[tuple[str, msgspec.Raw, Result]],
    image: FoundImage,
    index: Index,
    problems: Problems,
    number: int | None,
    *,
    skip: bool,
) -> list[msgspec.Raw]:
    """Read the regions of an annotation; give the results that belong to none of them."""
    regions: dict[Id, Region] = {}
    leftover = []
    for k, (where, text, result) in enumerate(kept):
        if skip or (result.id is None and not result.is_region()):
            leftover.append(text)
            continue
        key = k if result.id is None else result.id
        region = regions.setdefault(key, Region(where))
        region.add(result, text, _RESULT.extra(file, text, where))
    joiner = Joiner(image)
    for region in regions.values():
        if region.drawn is None:
            leftover += region.others
            continue
        try:
            with at(file.name, region.place, region.drawn.id):
                found = found_of(region, index.labels, image.size)
        except FormatError as error:
            problems.add(error)
            continue
        if number is not None:
            found.extra["annotation"] = raw(number)
        group = get_extra(found.extra, "group_id", int)
        joiner.add(found, None if group is None else f"{number}:{group}")
    joiner.finish()
    return leftover


class _Writer(Writer[bytes]):
    def __init__(self, tasks: JsonArray, header: Header, options: Options) -> None:
        self._tasks = tasks
        self._categories = header.categories
        self._rule = options.rule

    def encode(self, shard: Shard, losses: Losses) -> bytes:
        found = instances_of(shard, self._categories, self._rule, losses, holes=False)
        images, numbered = shard.images, shard.instances.numbered
        tasks = []
        for g, objects in enumerate(found):
            groups = Groups(objects)
            extra: Extra = dict(images.extra[g])
            metas = get_extra(extra, "annotations", list[dict[str, msgspec.Raw]]) or [{}]
            extra.pop("annotations", None)
            height, width = images.sizes[g].tolist()
            results: list[list[Any]] = [[] for _ in metas]
            for o in objects:
                number = get_extra(o.extra, "annotation", int)
                if number is not None and 0 <= number < len(metas) and len(metas) > 1:
                    del o.extra["annotation"]
                else:
                    number = 0
                own = results_of(o, (height, width), groups, losses, numbered=numbered)
                results[number] += own
            for meta, own_results in zip(metas, results, strict=True):
                own_results += get_extra(meta, "result", list[msgspec.Raw]) or []
            task: dict[str, Any] = {"id": images.ids[g]}
            data = get_extra(extra, "data", dict[str, msgspec.Raw])
            task["data"] = {"image": images.file_names[g]} if data is None else data
            annotations = [
                {"was_cancelled": False} | meta | {"result": own_results}
                for meta, own_results in zip(metas, results, strict=True)
            ]
            tasks.append(encode_json(task | {"annotations": annotations} | extra))
        return b",\n".join(tasks)

    def append(self, piece: bytes) -> None:
        self._tasks.add(piece)
