"""What a dataset holds: counts, sizes, areas, and the problems found on the way."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from maskmill.backend.contract import RasterRule
from maskmill.datasets.dataset import Header, Id, Shard
from maskmill.datasets.format import ReadOptions
from maskmill.datasets.losses import note_shapes
from maskmill.datasets.registry import detect, get_format
from maskmill.datasets.report import Losses, LossKind, Skipped
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS, RUN_LENGTHS

__all__ = ["CategoryCount", "Summary", "summarize"]

SMALL: Final = 32**2
LARGE: Final = 96**2
"""COCO's bounds of small and large instances, pixels; both ends of a range belong to it."""

EMPTY_IMAGES: Final = LossKind("images_without_instances", "images without instances")


@dataclass(slots=True)
class CategoryCount:
    """How often a category occurs."""

    id: Id
    name: str
    instances: int = 0
    images: int = 0
    pixels: int = 0


@dataclass(slots=True)
class Summary:
    """What `summarize` finds."""

    source: str
    format: str
    categories: list[CategoryCount]
    images: int = 0
    instances: int = 0
    polygons: int = 0
    run_lengths: int = 0
    box_only: int = 0
    crowd: int = 0
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Number of images of each (height, width)."""
    areas: array[int] = field(default_factory=lambda: array("q"))
    """Pixels of every instance that has a mask."""
    skipped: list[Skipped] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)

    def area_table(self) -> dict[str, float | int]:
        """Give the spread of the areas; empty without instances that have a mask."""
        if not len(self.areas):
            return {}
        areas = np.frombuffer(self.areas, np.int64)
        return {
            "smallest": int(areas.min()),
            "median": float(np.median(areas)),
            "largest": int(areas.max()),
            "small": int((areas < SMALL).sum()),
            "medium": int(((areas >= SMALL) & (areas <= LARGE)).sum()),
            "large": int((areas > LARGE).sum()),
        }

    def to_dict(self) -> dict[str, Any]:
        """Give the summary as plain data."""
        return {
            "source": self.source,
            "format": self.format,
            "images": self.images,
            "instances": self.instances,
            "polygons": self.polygons,
            "run_lengths": self.run_lengths,
            "box_only": self.box_only,
            "crowd": self.crowd,
            "sizes": [
                {"height": height, "width": width, "images": count}
                for (height, width), count in self.sizes.most_common()
            ],
            "areas": self.area_table(),
            "categories": [
                {name: getattr(count, name) for name in CategoryCount.__slots__}
                for count in self.categories
            ],
            "problems": {
                "skipped": [record._asdict() for record in self.skipped],
                "found": self.losses.to_dict(),
            },
        }

    def _add(self, shard: Shard, rule: RasterRule) -> None:
        images, instances = shard.images, shard.instances
        pixels = note_shapes(shard, shard.masks(rule), self.losses)
        alone = np.flatnonzero(np.diff(instances.groups) == 0)
        self.losses.add(EMPTY_IMAGES, [images.ids[g] for g in alone.tolist()])
        kinds = np.bincount(instances.shapes.kinds, minlength=3).tolist()
        self.images += len(images)
        self.instances += len(instances)
        self.polygons += kinds[POLYGONS]
        self.run_lengths += kinds[RUN_LENGTHS]
        self.box_only += kinds[NO_SHAPE]
        self.crowd += int(instances.crowd.sum())
        self.sizes.update(map(tuple, images.sizes.tolist()))
        self.areas.extend(pixels[instances.shapes.kinds != NO_SHAPE].tolist())
        self.skipped.extend(shard.skipped)
        n = len(self.categories)
        counts = np.bincount(instances.categories, minlength=n)
        sums = np.zeros(n, np.int64)
        np.add.at(sums, instances.categories, pixels)
        present = np.unique(instances.images() * n + instances.categories) % max(n, 1)
        in_images = np.bincount(present, minlength=n)
        for row in np.flatnonzero(counts).tolist():
            category = self.categories[row]
            category.instances += int(counts[row])
            category.images += int(in_images[row])
            category.pixels += int(sums[row])


def summarize(
    path: str | os.PathLike[str], *, from_: str | None = None, rule: RasterRule = "coco"
) -> Summary:
    """Look through a dataset.

    Parameters
    ----------
    path : path
    from_ : str, optional
        Name of the format; by default it is recognised.
    rule : {"coco", "center"}
        How polygons become pixels, see `maskmill.rasterize`.

    Returns
    -------
    Summary
        Bad records are left out and listed in ``skipped``.

    Raises
    ------
    FormatError
        If the file as a whole cannot be read.

    Examples
    --------
    >>> summarize("examples/countries/countries.json").instances
    313
    """
    source = Path(path)
    source_format = detect(source) if from_ is None else get_format(from_)
    dataset = source_format.read(source, ReadOptions(on_error="skip"))
    summary = Summary(str(source), source_format.name, _counts(dataset.header))
    summary.skipped.extend(dataset.skipped)
    for shard in dataset:
        summary._add(shard, rule)
    summary.skipped.sort(key=Skipped.order)
    return summary


def _counts(header: Header) -> list[CategoryCount]:
    return [CategoryCount(category.id, category.name) for category in header.categories]
