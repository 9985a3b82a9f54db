"""Polygons to run lengths."""

from __future__ import annotations

from benchmarks import limits, workloads
from benchmarks.data import PolygonData, Rle
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row
from benchmarks.work import rles
from maskmill import rasterize


def by_coco_rule(data: PolygonData) -> list[Rle]:
    """By pycocotools."""
    return data.rles


def by_pixel_centres(data: PolygonData) -> list[Rle]:
    """By the array program."""
    return rles(rasterize(data.polygons, rule="center", backend="numpy"))


def copy_in_and_out(data: PolygonData) -> Run:
    return limits.copy(data.polygons.nbytes + data.masks.masks.nbytes)


_LIMIT = Limit("copy of the vertices and the runs", copy_in_and_out)

ROWS = [
    Row(
        name="rasterize",
        title="polygons to run lengths",
        workload="coco_instances",
        operation="rasterize",
        data=workloads.coco_instances,
        reference=by_coco_rule,
        amount=len,
        unit="masks",
        quick=0.005,
        goal=Goal("at least 1,000k masks/s", rate=1_000_000),
        limit=_LIMIT,
        scales=True,
    ),
    Row(
        name="rasterize_lvis",
        title="polygons to run lengths, finer outlines",
        workload="lvis",
        operation="rasterize",
        data=workloads.lvis,
        reference=by_coco_rule,
        amount=len,
        unit="masks",
        quick=0.02,
        limit=_LIMIT,
    ),
    Row(
        name="rasterize_countries",
        title="rings of countries to run lengths, one mask a ring",
        workload="countries_98k",
        operation="rasterize",
        data=workloads.countries_98k,
        reference=by_coco_rule,
        amount=len,
        unit="masks",
        quick=0.0007,
        limit=_LIMIT,
    ),
    Row(
        name="rasterize_center",
        title="polygons to masks by pixel centres",
        workload="crowded",
        operation="rasterize_center",
        data=workloads.crowded_polygons,
        reference=by_pixel_centres,
        amount=len,
        unit="masks",
        quick=0.01,
        limit=_LIMIT,
    ),
]
