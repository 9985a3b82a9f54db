"""Shards made record by record, and what the stream carries besides the columns."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from maskmill import FormatError, Masks, encode
from maskmill.datasets import Category, Header, Losses, convert, get_format, read
from maskmill.datasets.building import ShardBuilder, as_ring
from maskmill.datasets.dataset import Shard, get_extra, set_extra
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS, RUN_LENGTHS
from tests.datasets.tiny import files_under, read_json, tiny_coco, write_json

SQUARE = as_ring([0, 0, 6, 0, 6, 6, 0, 6])
HOLE = as_ring([(2, 2), (2, 4), (4, 4), (4, 2)])


def built(*, numbered: bool) -> Shard:
    builder = ShardBuilder(numbered=numbered)
    builder.add_image("a", "x/a.jpg", (6, 8), "/images/0", {"date": msgspec.Raw(b'"now"')})
    builder.add_instance(0, [[SQUARE, HOLE], [SQUARE]], number="one", score=0.5)
    builder.add_instance(1, number=7, box=[1, 2, 3, 4], crowd=True)
    builder.add_image("b", "b.jpg", (5, 4))
    builder.add_image("c", "c.jpg", (3, 3))
    builder.add_instance(1, encode(np.eye(3, dtype=bool)), number="three", area=9)
    return builder.build()


def test_records_become_columns() -> None:
    shard = built(numbered=True)
    assert (shard.images.ids, len(shard.images)) == (["a", "b", "c"], 3)
    assert shard.images.sizes.tolist() == [[6, 8], [5, 4], [3, 3]]
    instances = shard.instances
    assert instances.groups.tolist() == [0, 2, 2, 3]
    assert instances.ids == ["one", 7, "three"]
    assert instances.shapes.kinds.tolist() == [POLYGONS, NO_SHAPE, RUN_LENGTHS]
    assert instances.shapes.polygons.part_offsets.tolist() == [0, 2, 3]
    assert instances.areas == [None, None, 9]
    assert instances.boxes == [None, [1, 2, 3, 4], None]
    assert instances.scores == [0.5, None, None]
    assert instances.crowd.tolist() == [False, True, False]
    assert shard.masks()[2] == encode(np.eye(3, dtype=bool))


def test_no_records() -> None:
    shard = ShardBuilder().build()
    assert (len(shard.images), len(shard.instances)) == (0, 0)
    assert shard.masks() == Masks.empty()


def test_instances_are_selected_with_their_groups() -> None:
    instances = built(numbered=False).instances.where(np.array([False, True, True]))
    assert instances.groups.tolist() == [0, 1, 1, 2]
    assert instances.ids == [7, "three"]
    assert not instances.numbered


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["x", 1], "must be coordinates"),
        ([[1, 2], [3]], "must be coordinates"),
        ([1, 2, 3], "must be pairs"),
        ([[1, 2, 3]], "must be pairs"),
        ([[[1, 2]]], "must be pairs"),
        ([1, float("nan")], "must be finite"),
        ([1, float("-inf")], "must be finite"),
        ([1, 1e9], "must be finite coordinates within"),
        (None, "must be"),
    ],
)
def test_bad_rings(values: object, problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        as_ring(values)


def test_instances_without_ids_are_counted(tmp_path: Path) -> None:
    for to in ("coco-rle", "coco-polygons"):
        losses = Losses()
        header = Header((Category(1, "x", colour=(1, 2, 3)), Category(2, "y")))
        path = tmp_path / f"{to}.json"
        with get_format(to).write(path, header, get_format(to).options()) as writer:
            for _ in range(2):
                writer.append(writer.encode(built(numbered=False), losses))
        written = read_json(path)
        assert [a["id"] for a in written["annotations"]] == [1, 2, 3, 4, 5, 6]
        assert written["categories"][0] == {"id": 1, "name": "x", "color": [1, 2, 3]}
        assert "renumbered" not in losses.to_dict()


def test_fields_that_formats_agree_on() -> None:
    extra: dict[str, msgspec.Raw] = {}
    set_extra(extra, "attributes", {"occluded": True})
    assert get_extra(extra, "attributes", dict[str, bool]) == {"occluded": True}
    assert get_extra(extra, "attributes", list) is None
    assert get_extra(extra, "keypoints", list) is None


def test_strict_stops_at_a_loss(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    with pytest.raises(FormatError, match="must lose nothing, got crowd regions drawn"):
        convert(source, tmp_path / "out", to="semantic-png", strict=True)
    assert not {name for name in files_under(tmp_path / "out") if name.endswith("json")}
    report = convert(source, tmp_path / "out.json", to="coco-polygons", strict=True)
    assert report.losses.kinds, "a run length that stays one is noted and no loss"
    data = tiny_coco()
    data["annotations"] = data["annotations"][:1]
    source = write_json(tmp_path / "y.json", data)
    with pytest.raises(FormatError, match="carried: attributes"):
        convert(source, tmp_path / "more", to="semantic-png", strict=True)


def test_sizes_are_checked(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    with pytest.raises(ValueError, match="read: sizes of mask 0 must be at least 1x1"):
        read(source, size=(0, 5))
