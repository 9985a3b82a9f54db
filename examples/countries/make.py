"""Make ``countries.json``: the countries of the world as a COCO file of four pictures.

    python examples/countries/make.py [countries_50m.json]

The source is Natural Earth's 1:50 million map, projected to a picture of 4096x2048 pixels; default:
``stress_polygons/countries_50m.json`` in the folder that ``MASKMILL_DATA`` names.

COCO has no holes: the lists of one annotation are united, and a hole that is written as a list is
filled. So a country with a hole is written as run lengths and all others as polygons. The sea is
what no country covers.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from maskmill import (
    Masks,
    Polygons,
    area,
    bbox,
    complement,
    label_map,
    merge,
    rasterize,
    to_coco_strings,
)

Ring = npt.NDArray[np.float64]  # (V, 2)
Part = list[Ring]  # an outline, then its holes

SOURCE_HEIGHT, SOURCE_WIDTH = 2048, 4096
PIXELS_A_DEGREE = SOURCE_WIDTH / 360

SEA = "sea"
SEA_COLOUR = (169, 204, 227)
ICE = "Antarctica"
ICE_COLOUR = (244, 246, 247)
COLOURS = [
    (248, 200, 150),
    (178, 213, 160),
    (245, 230, 150),
    (228, 166, 160),
    (203, 184, 222),
    (214, 192, 160),
]
APART = 12  # pixels between countries of one colour


class Picture(NamedTuple):
    """A window on the map, in degrees, and the pixels a degree of latitude."""

    name: str
    west: float
    east: float
    south: float
    north: float
    scale: float

    @property
    def scales(self) -> tuple[float, float]:
        """Pixels a degree of longitude and of latitude; true to shape at the middle latitude."""
        return self.scale * math.cos(math.radians((self.south + self.north) / 2)), self.scale

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        x, y = self.scales
        return round((self.north - self.south) * y), round((self.east - self.west) * x)


SOURCE = Picture("source", -180, 180, -90, 90, PIXELS_A_DEGREE)
PICTURES = [
    Picture("world", -180, 180, -90, 90, PIXELS_A_DEGREE / 2),
    Picture("europe", -12, 42, 34, 72, 30),
    Picture("southern-africa", 10, 42, -36, -14, 34),
    Picture("south-east-asia", 92, 156, -12, 24, 22),
]


def main() -> None:
    """Write ``countries.json`` beside this script."""
    data = os.environ.get("MASKMILL_DATA", "../shared/data")
    source = Path(
        sys.argv[1] if len(sys.argv) > 1 else f"{data}/stress_polygons/countries_50m.json"
    )
    countries = read(source)
    names = sorted(countries)
    colours = dict(zip(names, colour([countries[n] for n in names]), strict=True))
    colours |= {SEA: SEA_COLOUR, ICE: ICE_COLOUR}
    categories = [
        {"id": i, "name": name, "supercategory": "map", "color": colours[name]}
        for i, name in enumerate([SEA, *names], 1)
    ]
    ids = {c["name"]: c["id"] for c in categories}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for i, picture in enumerate(PICTURES, 1):
        height, width = picture.size
        name = f"{picture.name}.png"
        images.append({"id": i, "file_name": name, "height": height, "width": width})
        for record in draw(picture, countries):
            record = {"id": len(annotations) + 1, "image_id": i} | record
            record["category_id"] = ids[record.pop("name")]
            annotations.append(record)
    write(Path(__file__).with_name("countries.json"), images, categories, annotations)


def read(source: Path) -> dict[str, list[Part]]:
    """Parts of each country, in pixels of the source."""
    countries = {}
    for country in json.loads(source.read_text("utf-8"))["objects"]:
        parts = []
        for part in country["polygons"]:
            rings = [np.array(ring).reshape(-1, 2) for ring in [part["exterior"], *part["holes"]]]
            # The outline of Antarctica is a line along the pole, and its coast is the hole in it.
            parts.append([unroll(ring) for ring in rings if np.ptp(ring[:, 1]) > 0])
        countries[country["name"]] = parts
    return countries


def unroll(ring: Ring) -> Ring:
    """Follow a ring over the edge of the map, where the source jumps to the other side.

    A ring around the pole does not close; it is led along the edge of the map.
    """
    steps = np.diff(ring[:, 0], append=ring[0, 0])
    turns = -np.rint(steps / SOURCE_WIDTH)
    x = ring[:, 0] + SOURCE_WIDTH * np.concatenate([[0], np.cumsum(turns)[:-1]])
    unrolled = np.stack([x, ring[:, 1]], axis=1)
    around = SOURCE_WIDTH * turns.sum()
    if not around:
        return unrolled
    pole = 0 if ring[:, 1].mean() < SOURCE_HEIGHT / 2 else SOURCE_HEIGHT
    start = unrolled[0] + [around, 0]
    return np.concatenate([unrolled, [start, [start[0], pole], [x[0], pole]]])


def draw(picture: Picture, countries: dict[str, list[Part]]) -> list[dict[str, Any]]:
    """Annotations of one picture: the sea, then the countries in it."""
    seen = {}
    for name, parts in countries.items():
        inside = [clipped for part in parts for clipped in to_picture(picture, part)]
        if inside:
            seen[name] = inside
    masks = rasterize(polygons(list(seen.values()), picture.size))
    filled = np.flatnonzero(area(masks))
    sea = complement(merge(masks))
    records = [record(SEA, sea, None)]
    for i in filled.tolist():
        name = list(seen)[i]
        records.append(record(name, masks[i], seen[name]))
    return records


def record(name: str, mask: Masks, parts: list[Part] | None) -> dict[str, Any]:
    """One annotation: polygons, or run lengths where there are holes or no parts at all."""
    segmentation: Any
    if parts is None or any(len(part) > 1 for part in parts):
        segmentation = {"size": mask.sizes[0].tolist(), "counts": to_coco_strings(mask)[0].decode()}
    else:
        segmentation = [part[0].reshape(-1).tolist() for part in parts]
    return {
        "name": name,
        "iscrowd": 0,
        "area": int(area(mask)[0]),
        "bbox": bbox(mask)[0].tolist(),
        "segmentation": segmentation,
    }


def to_picture(picture: Picture, part: Part) -> Iterator[Part]:
    """Project and clip a part: once, or twice where it lies on both sides of the map's edge."""
    x_scale, y_scale = picture.scales
    height, width = picture.size
    for turn in (-360, 0, 360):
        rings = []
        for ring in part:
            degrees = ring / PIXELS_A_DEGREE
            x = (degrees[:, 0] - 180 + turn - picture.west) * x_scale
            y = (picture.north - 90 + degrees[:, 1]) * y_scale
            clipped = clip(np.stack([x, y], axis=1), width, height).round(2)
            clipped = clipped[(clipped != np.roll(clipped, 1, axis=0)).any(axis=1)]
            if len(clipped) >= 3:
                rings.append(clipped)
            elif not rings:
                break  # no outline, no holes
        if rings:
            yield rings


def clip(ring: Ring, width: int, height: int) -> Ring:
    """Cut a ring to the picture, one edge of it after the other (Sutherland and Hodgman 1974)."""
    for axis, limit, sign in ((0, 0, 1), (0, width, -1), (1, 0, 1), (1, height, -1)):
        depth = sign * (ring[:, axis] - limit)
        if (depth >= 0).all():
            continue
        kept = []
        for i, d in enumerate(depth):
            before = depth[i - 1]
            if (d >= 0) != (before >= 0):
                kept.append(ring[i - 1] + (ring[i] - ring[i - 1]) * (before / (before - d)))
            if d >= 0:
                kept.append(ring[i])
        ring = np.array(kept).reshape(-1, 2)
        if not len(ring):
            break
    return ring


def polygons(masks: list[list[Part]], size: tuple[int, int]) -> Polygons:
    """Lay nested lists out as columns."""
    parts = [part for mask in masks for part in mask]
    rings = [ring for part in parts for ring in part]
    return Polygons(
        coords=np.concatenate(rings),
        ring_offsets=np.cumsum([0, *map(len, rings)]),
        part_offsets=np.cumsum([0, *map(len, parts)]),
        mask_offsets=np.cumsum([0, *map(len, masks)]),
        sizes=np.tile(np.array(size, np.int32), (len(masks), 1)),
    )


def near_each_other(countries: list[list[Part]]) -> npt.NDArray[np.bool_]:
    """Tell which pairs of countries come close to each other in a picture."""
    n = len(countries)
    near = np.zeros((n + 1, n + 1), bool)
    for picture in (SOURCE, *PICTURES):
        inside = [[p for part in parts for p in to_picture(picture, part)] for parts in countries]
        masks = rasterize(polygons(inside, picture.size))
        labels = np.asarray(label_map(masks, np.arange(1, n + 1)))
        steps = [(0, d) for d in range(1, APART)] + [(d, 0) for d in range(1, APART)]
        for dy, dx in steps:
            a, b = labels[dy:, dx:], labels[: len(labels) - dy, : labels.shape[1] - dx]
            apart = (a != b) & (a > 0) & (b > 0)
            near[a[apart], b[apart]] = near[b[apart], a[apart]] = True
    return near[1:, 1:]


def colour(countries: list[list[Part]]) -> list[tuple[int, int, int]]:
    """Give neighbours different colours: the most constrained country chooses first."""
    near = near_each_other(countries)
    chosen = np.full(len(countries), -1)
    used = np.zeros(len(COLOURS), np.int64)
    while (chosen < 0).any():
        taken = [set(chosen[row][chosen[row] >= 0].tolist()) for row in near]
        i = max(
            np.flatnonzero(chosen < 0).tolist(), key=lambda i: (len(taken[i]), near[i].sum(), -i)
        )
        free = [c for c in range(len(COLOURS)) if c not in taken[i]]
        chosen[i] = min(free, key=lambda c: used[c])
        used[chosen[i]] += 1
    return [COLOURS[c] for c in chosen]


def write(path: Path, images: list[Any], categories: list[Any], annotations: list[Any]) -> None:
    """Write one record a line, so that the file can be looked at."""

    def lines(records: list[Any]) -> str:
        rows = (json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in records)
        return "[\n" + ",\n".join(rows) + "\n]"

    info = {
        "description": "Countries of the world, from Natural Earth's 1:50 million map",
        "url": "https://www.naturalearthdata.com",
        "contributor": "Natural Earth",
    }
    licences = [{"id": 1, "name": "Public domain"}]
    text = (
        f'{{"info":{json.dumps(info)},\n"licenses":{json.dumps(licences)},\n'
        f'"images":{lines(images)},\n"categories":{lines(categories)},\n'
        f'"annotations":{lines(annotations)}}}\n'
    )
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
