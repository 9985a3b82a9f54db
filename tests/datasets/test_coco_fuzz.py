"""Whatever is done to a file, reading it gives shards or a FormatError."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from maskmill import FormatError
from maskmill.datasets import convert, summarize
from maskmill.datasets.jsonfile import OnError
from tests.datasets.tiny import tiny_coco

TEXT = json.dumps(tiny_coco()).encode()

numbers = st.one_of(
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**32, 2**63, 2**64, 10**30, 10**400]),
    st.floats(),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["id", "size", "counts", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)


def digest(path: Path) -> None:
    """Read in every way; only a FormatError that names the file may come out of it."""
    policies: tuple[OnError, ...] = ("raise", "skip")
    for on_error in policies:
        for to in ("coco-rle", "coco-polygons", "semantic-png", "panoptic"):
            with allowed(path):
                convert(
                    path, path.parent / to, to=to, from_="coco", on_error=on_error, jobs=1,
                    overwrite=True,
                )  # fmt: skip
    with allowed(path):
        summarize(path, from_="coco")


@contextmanager
def allowed(path: Path) -> Iterator[None]:
    problem = None
    try:
        yield
    except FormatError as error:
        problem = error
    assert problem is None or problem.file == str(path)


@given(data=st.data())
def test_bytes_are_changed(tmp_path: Path, data: st.DataObject) -> None:
    text = bytearray(TEXT)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    path = tmp_path / "x.json"
    path.write_bytes(bytes(text[: data.draw(st.sampled_from([len(text), len(text) // 2]))]))
    digest(path)


@given(data=st.data())
def test_values_are_changed(tmp_path: Path, data: st.DataObject) -> None:
    coco = tiny_coco()
    for _ in range(data.draw(st.integers(1, 3))):
        parent: Any = coco
        for _ in range(data.draw(st.integers(0, 4))):
            inner = [v for v in _children(parent) if isinstance(v, dict | list) and v]
            if not inner:
                break
            parent = data.draw(st.sampled_from(inner))
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        parent[data.draw(st.sampled_from(keys))] = data.draw(values)
    for image in coco["images"] if isinstance(coco["images"], list) else []:
        if isinstance(image, dict):  # pictures that fit into memory
            for side in ("height", "width"):
                if isinstance(image.get(side), int | float) and image[side] > 3000:
                    image[side] = 3000
    path = tmp_path / "x.json"
    path.write_text(json.dumps(coco))
    digest(path)


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
