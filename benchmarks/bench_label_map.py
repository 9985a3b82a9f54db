"""Instances to label maps and back."""

from __future__ import annotations

from benchmarks import limits, workloads
from benchmarks.data import Array, LabelMapData, PaintData, Rle
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row


def by_dense_painting(data: PaintData) -> Array:
    return data.label_map


def by_construction(data: LabelMapData) -> list[Rle]:
    """The map was painted from these masks."""
    return data.rles


def write_map(data: PaintData) -> Run:
    return limits.write(data.size[0] * data.size[1])


def read_map(data: LabelMapData) -> Run:
    return limits.read(data.label_map)


def _map_bytes(data: PaintData) -> float:
    return data.size[0] * data.size[1]


def _bytes(data: LabelMapData) -> float:
    return float(data.label_map.nbytes)


ROWS = [
    Row(
        name="label_map",
        title="label map of 20 instances, 1024x2048",
        workload="street",
        operation="label_map",
        data=workloads.street,
        reference=by_dense_painting,
        amount=_map_bytes,
        unit="bytes",
        quick=0.1,
        goal=Goal("at most 1.2 times memset of the map", share_of_limit=1 / 1.2),
        limit=Limit("memset of the map", write_map),
    ),
    Row(
        name="from_label_map_street",
        title="masks of every label, 20 instances on 1024x2048",
        workload="street",
        operation="from_label_map",
        data=workloads.street_map,
        reference=by_construction,
        amount=_bytes,
        unit="bytes",
        quick=0.1,
        limit=Limit("plain read of the map", read_map),
    ),
    Row(
        name="from_label_map_satellite",
        title="masks of every label, 10,000 objects on 10,000x10,000",
        workload="satellite",
        operation="from_label_map",
        data=workloads.satellite,
        reference=by_construction,
        amount=_bytes,
        unit="bytes",
        quick=0.001,
        limit=Limit("plain read of the map", read_map),
        scales=True,
    ),
]
