"""Bounded memory by its structure: however many images there are, few shards are alive."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from maskmill.datasets import Shard, convert, get_format
from tests.datasets.comparison import both_ways, target
from tests.datasets.tiny import tiny_coco, write_json

IMAGES = 320
MOST = 2
"""The shard at work, and the one before it."""


def alive() -> int:
    return sum(isinstance(thing, Shard) for thing in gc.get_objects())


@pytest.mark.parametrize("name", both_ways())
def test_few_shards_are_alive(tmp_path: Path, name: str) -> None:
    data = tiny_coco()
    first = data["annotations"][0]
    data["images"] = [
        {"id": i, "file_name": f"{i:04}.jpg", "height": 8, "width": 8} for i in range(IMAGES)
    ]
    data["annotations"] = [first | {"id": i, "image_id": i} for i in range(IMAGES)]
    one = get_format(name)
    gc.collect()
    before, steps, most = alive(), 0, 0

    def count(done: int, total: int | None) -> None:
        nonlocal steps, most
        steps += 1
        most = max(most, alive() - before)

    written = target(tmp_path, one)
    source = write_json(tmp_path / "x.json", data)
    convert(source, written, to=name, jobs=1, progress=count)
    convert(written, tmp_path / "y.json", to="coco-rle", from_=name, size=(8, 8), jobs=1,
            progress=count)  # fmt: skip
    assert steps >= 2 * IMAGES // 32
    assert most <= MOST
