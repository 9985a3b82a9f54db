"""What is left of a dataset on its way through a format, by what the formats say they carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from maskmill import Masks, area, iou, merge
from maskmill.datasets import Dataset, Format, format_names, get_format
from maskmill.datasets.dataset import Category, Extra, Id, Shard
from maskmill.datasets.paths import output_name
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS

POINTS = ("keypoints", "num_keypoints")


@dataclass
class Instance:
    id: Id
    category: str
    kind: int
    mask: Masks
    rings: Any
    crowd: bool
    area: float | None
    box: list[float] | None
    score: float | None
    extra: dict[str, Any]


@dataclass
class Image:
    id: Id
    size: tuple[int, int]
    extra: dict[str, Any]
    instances: list[Instance] = field(default_factory=list)


@dataclass
class Plain:
    """A dataset as plain data, images by the stems of their names."""

    categories: dict[str, Category]
    extra: dict[str, Any]
    images: dict[str, Image]


def plain(dataset: Dataset) -> Plain:
    categories = dataset.header.categories
    found = Plain({c.name: c for c in categories}, values(dataset.header.extra), {})
    assert len(found.categories) == len(categories)
    for shard in dataset:
        _add(found, shard, categories)
    return found


def holds(after: dict[str, Any], before: dict[str, Any], but: Iterable[str] = ()) -> bool:
    """Tell whether all fields are as they were; a format may have added some that it requires."""
    return all(after.get(k, ...) == v for k, v in before.items() if k not in but)


def values(extra: Extra) -> dict[str, Any]:
    return {name: msgspec.json.decode(raw) for name, raw in extra.items()}


def _add(found: Plain, shard: Shard, categories: tuple[Category, ...]) -> None:
    images, instances = shard.images, shard.instances
    masks = shard.masks()
    inside = instances.shapes.rows_in_batches()
    for g, name in enumerate(images.file_names):
        height, width = images.sizes[g].tolist()
        image = Image(images.ids[g], (height, width), values(images.extra[g]))
        for k in range(instances.groups[g], instances.groups[g + 1]):
            kind = int(instances.shapes.kinds[k])
            own = instances.shapes.polygons[int(inside[k])] if kind == POLYGONS else None
            rings = None
            if own is not None:
                rings = [
                    [
                        own.coords[own.ring_offsets[r] : own.ring_offsets[r + 1]].tolist()
                        for r in range(own.part_offsets[p], own.part_offsets[p + 1])
                    ]
                    for p in range(len(own.part_offsets) - 1)
                ]
            image.instances.append(
                Instance(
                    instances.ids[k],
                    categories[instances.categories[k]].name,
                    kind,
                    masks[k],
                    rings,
                    bool(instances.crowd[k]),
                    instances.areas[k],
                    instances.boxes[k],
                    instances.scores[k],
                    values(instances.extra[k]),
                )
            )
        key = output_name(name, "")
        assert key not in found.images
        found.images[key] = image


def both_ways() -> list[str]:
    """Names of the formats that are read and written."""
    return [n for n in format_names() if get_format(n).reads() and get_format(n).writes()]


def target(folder: Path, one: Format[Any]) -> Path:
    return folder / (one.name if one.target == "folder" else f"{one.name}{one.suffix}")


def compare(before: Plain, after: Plain, carried: Iterable[str]) -> None:
    """Check that ``after`` is ``before`` in all that was carried."""
    able = frozenset(carried)
    _compare_categories(before, after, able)
    if "dataset_fields" in able:
        assert holds(after.extra, before.extra)
    expected = {
        name: image
        for name, image in before.images.items()
        if "empty_images" in able or any(i.kind != NO_SHAPE for i in image.instances)
    }
    assert expected.keys() <= after.images.keys() <= before.images.keys()
    for name, image in expected.items():
        other = after.images[name]
        assert other.size == image.size
        if "image_ids" in able:
            assert other.id == image.id
        if "image_fields" in able:
            assert holds(other.extra, image.extra)
        # A box that has become a shape on the way may lie over others as well.
        boxed = "boxes" not in able and any(i.kind == NO_SHAPE for i in image.instances)
        clear = "overlap" in able or not (boxed or overlapping(image.instances))
        _compare_instances(image.instances, other.instances, able if clear else able - {"masks"})


def _compare_categories(before: Plain, after: Plain, able: frozenset[str]) -> None:
    used = {i.category for image in before.images.values() for i in image.instances}
    names = [name for name in before.categories if "empty_categories" in able or name in used]
    if "empty_categories" in able:
        assert [*after.categories] == names
    else:
        assert set(names) <= after.categories.keys()
    for name in names:
        one, other = before.categories[name], after.categories[name]
        if "category_ids" in able:
            assert other.id == one.id
        if "category_fields" in able:
            assert other.supercategory == one.supercategory
            assert one.colour in (None, other.colour)
            assert holds(values(other.extra), values(one.extra), but=("color",))


def _compare_instances(before: list[Instance], after: list[Instance], able: frozenset[str]) -> None:
    if "boxes" not in able:
        # A box without a shape is left out, or has become a shape.
        shaped = [k for k, one in enumerate(before) if one.kind != NO_SHAPE]
        kept = len(after) == len(before)
        after = [after[k] for k in shaped] if kept else [i for i in after if i.kind != NO_SHAPE]
        before = [before[k] for k in shaped]
    if "instances" not in able:
        _compare_unions(before, after, able)
        return
    assert [i.category for i in after] == [i.category for i in before]
    for one, other in zip(before, after, strict=True):
        plain_shape = one.kind != POLYGONS or _simple(one.rings, able)
        if "polygons" in able and plain_shape and one.kind == POLYGONS:
            assert other.kind == one.kind
            assert other.rings == one.rings
        if "masks" in able or ("polygons" in able and plain_shape and one.kind == POLYGONS):
            assert other.mask == one.mask
        for column, name in (("crowd", "crowd"), ("score", "scores"), ("area", "areas")):
            if name in able and getattr(one, column) is not None:
                assert getattr(other, column) == getattr(one, column)
        if "boxes" in able and one.box is not None:
            assert other.box == one.box
        if "instance_ids" in able:
            assert other.id == one.id
        for name in POINTS:
            if "keypoints" in able:
                assert other.extra.get(name) == one.extra.get(name)
        if "attributes" in able:
            assert other.extra.get("attributes") == one.extra.get("attributes")
        if "fields" in able:
            # What a tool calls a shape says how to write it there; others do not know it.
            assert holds(other.extra, one.extra, but=("shape_type",))


def _simple(rings: Any, able: frozenset[str]) -> bool:
    """Whether the formats carry polygons of this kind."""
    holed = any(len(part) > 1 for part in rings)
    return ("holes" in able or not holed) and ("parts" in able or len(rings) == 1)


def _compare_unions(before: list[Instance], after: list[Instance], able: frozenset[str]) -> None:
    one, other = (
        {name: union([i.mask for i in rows if i.category == name]) for name in
         sorted({i.category for i in rows})}
        for rows in (before, after)
    )  # fmt: skip
    assert other.keys() == one.keys()
    if "masks" in able:
        assert other == one


def overlapping(instances: list[Instance]) -> bool:
    return bool(sum(int(area(i.mask)[0]) for i in instances)) and (
        int(area(union([i.mask for i in instances]))[0])
        < sum(int(area(i.mask)[0]) for i in instances)
    )


def union(masks: list[Masks]) -> Masks:
    return merge(Masks.concatenate(masks))


def likeness(before: Plain, after: Plain) -> float:
    """Mean IoU of the unions of each category and image: the mildest measure of what is left."""
    ious: list[float] = []
    for name, image in before.images.items():
        rows = after.images[name].instances if name in after.images else []
        for category in {i.category for i in image.instances if i.kind != NO_SHAPE}:
            one = union([i.mask for i in image.instances if i.category == category])
            masks = [i.mask for i in rows if i.category == category]
            ious.append(float(iou(one, union(masks))[0, 0]) if masks else 0.0)
    return float(np.mean(ious)) if ious else 1.0
