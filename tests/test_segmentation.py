from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import hypothesis.strategies as st
import msgspec
import numpy as np
import pytest
from hypothesis import example, given

import maskmill
from maskmill.backend.contract import COCO_STRING, COUNTS, POLYGONS, BackendName, Segmentations
from maskmill.backend.dispatch import backend_for
from maskmill.errors import StructureError
from tests.bad_segmentations import BAD, JSON_TEXT, POLYGON, RANGE
from tests.conftest import data_path


def parse(backend: BackendName, *texts: Any) -> Segmentations:
    encoded = [text.encode() if isinstance(text, str) else text for text in texts]
    return backend_for(backend).parse_segmentations(encoded)


def outcome(backend: BackendName, *texts: Any) -> object:
    """All bytes of the columns, or all of the error."""
    try:
        columns = parse(backend, *texts)
    except StructureError as error:
        return error.record, error.requirement, error.got
    return [(c.dtype, c.shape, c.tobytes()) for c in columns]


def assert_backends_agree(*texts: Any) -> object:
    expected = outcome("numpy", *texts)
    assert outcome("cpu", *texts) == expected
    return expected


def test_every_kind_in_one_batch(backend: BackendName) -> None:
    parsed = parse(
        backend,
        "[[1, 2.5, 3, 4], [5,6]]",
        '{"size": [3, 4], "counts": [4, 3, 4, 1]}',
        "null",
        '{"counts":"01\\\\2\\u005c","size":[2,2]}',
        "[]",
        "[[]]",
        ' { "size" : [ 1 , 2147483647 ] , "counts" : [ ] } ',
        '{"size":[1,1],"counts":""}',
    )
    assert parsed.kinds.tolist() == [
        POLYGONS, COUNTS, POLYGONS, COCO_STRING, POLYGONS, POLYGONS, COUNTS, COCO_STRING
    ]  # fmt: skip
    none = [-1, -1]
    assert parsed.sizes.tolist() == [
        none, [3, 4], none, [2, 2], none, none, [1, 2147483647], [1, 1]
    ]  # fmt: skip
    assert parsed.coords.tolist() == [[1, 2.5], [3, 4], [5, 6]]
    assert parsed.ring_offsets.tolist() == [0, 2, 3, 3]
    assert parsed.mask_offsets.tolist() == [0, 2, 2, 2, 3]
    assert parsed.counts.tolist() == [4, 3, 4, 1]
    assert parsed.count_offsets.tolist() == [0, 4, 4]
    assert parsed.chars.tobytes() == b"01\\2\\"
    assert parsed.char_offsets.tolist() == [0, 5, 5]
    dtypes = [np.uint8, np.int64, np.float64, *[np.int64] * 4, np.uint8, np.int64]
    assert [column.dtype for column in parsed] == dtypes


def test_no_records(backend: BackendName) -> None:
    parsed = parse(backend)
    assert parsed.sizes.shape == (0, 2)
    assert parsed.coords.shape == (0, 2)
    assert [len(c) for c in parsed] == [0, 0, 0, 1, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("text", "requirement", "got"), BAD, ids=[f"{i}-{b[2][:30]}" for i, b in enumerate(BAD)]
)
def test_bad_text(backend: BackendName, text: Any, requirement: str, got: str) -> None:
    assert outcome(backend, "[[1,2]]", text, "[") == (1, requirement, got)


def test_extreme_counts_and_coordinates_are_kept(backend: BackendName) -> None:
    low, high = -(2**63), 2**63 - 1
    parsed = parse(
        backend,
        f'{{"size":[1,1],"counts":[{low},{high},0,-0,12345678,1234567]}}',
        "[[4194304, -4194304.0, 4194304e0, -0]]",
    )
    assert parsed.counts.tolist() == [low, high, 0, 0, 12345678, 1234567]
    assert parsed.coords.reshape(-1).tolist() == [2.0**22, -(2.0**22), 2.0**22, 0.0]
    assert math.copysign(1, parsed.coords[1, 1]) == -1


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """JSON numbers of every length and form, up to 2**22 in value for most."""
    sign = draw(st.sampled_from(["", "", "-"]))
    whole = draw(st.one_of(st.just("0"), st.integers(1, 4_194_303).map(str)))
    point = draw(st.one_of(st.just(""), st.text("0123456789", min_size=1, max_size=30)))
    marks = st.sampled_from(["e-", "E-", "e", "E+"])
    powers = st.sampled_from(["0", "1", "07", "22", "300", "324", "400"])
    exponent = draw(st.one_of(st.just(""), st.tuples(marks, powers).map("".join)))
    return sign + whole + ("." + point if point else "") + exponent


def nearest(text: str) -> float | None:
    value = float(text)
    return value if abs(value) <= 2.0**22 else None


@given(texts=st.lists(numbers(), min_size=1, max_size=20))
@example(texts=["0e999999999999999999999999"])
@example(texts=["0.0000000000000000000000000000000000000001e-400"])
@example(texts=["1e-99999999999999999999999999", "-1e-400", "-0.0", "-0e5"])
@example(texts=["4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324"])
@example(texts=["2.2250738585072011e-308", "2.2250738585072014e-308"])
@example(texts=["0." + "0" * 400 + "1e401", "1" + "0" * 400 + "e-400"])
@example(texts=["9007199254740993e-10", "9007199254740992.0e-12", "90071992547.40993"])
@example(texts=["1.00000000000000011102230246251565404236316680908203125"])
@example(texts=["1.00000000000000011102230246251565404236316680908203124"])
def test_numbers_equal_float(backend: BackendName, texts: list[str]) -> None:
    for text in texts:
        value = nearest(text)
        got = outcome(backend, f"[[{text},0]]")
        if value is None:
            assert isinstance(got, tuple)
            assert got[1] == RANGE
        else:
            parsed = parse(backend, f"[[{text},0]]").coords
            assert parsed.tobytes() == np.array([value, 0.0]).tobytes(), text


@pytest.mark.parametrize("places", range(9))
def test_short_decimals_equal_float(backend: BackendName, places: int) -> None:
    values = np.random.default_rng(places).integers(0, 10**8, 3000)
    texts = [f"{v / 10**places:.{places}f}" for v in values.tolist()]
    texts = [t for t in texts if nearest(t) is not None]
    texts += texts[: len(texts) % 2]
    parsed = parse(backend, "[[" + ",".join(texts) + "]]")
    assert parsed.coords.tobytes() == np.array([float(t) for t in texts]).tobytes()


spaces = st.text(" \t\n\r", max_size=2)


@st.composite
def texts(draw: st.DrawFn, depth: int = 4) -> str:
    """JSON texts and near misses, made of the words of the grammar."""
    kinds = ["number", "string", "word"] + (["list", "object"] * 3 if depth else [])
    kind = draw(st.sampled_from(kinds))
    gap = draw(spaces)
    if kind == "number":
        return gap + draw(st.one_of(numbers(), st.sampled_from(["1.", "01", "-", "NaN", "1e5"])))
    if kind == "string":
        word = draw(st.text(st.sampled_from('aé\\"u0/\U0001f600\ud800\x01'), max_size=4))
        body = draw(st.sampled_from([json.dumps(word), f'"{word}"', '"\\ud83d\\ude00"', '"0120"']))
        return gap + body
    if kind == "word":
        return gap + draw(st.sampled_from(["null", "true", "false", "nul", ""]))
    items = draw(st.lists(texts(depth=depth - 1), max_size=4))
    if kind == "list":
        return gap + "[" + ",".join(items) + gap + "]"
    keys = draw(st.lists(st.sampled_from(['"size"', '"counts"', '"x"', "size", '"\\u0073ize"']),
                         min_size=len(items), max_size=len(items)))  # fmt: skip
    pairs = (f"{k}{gap}:{v}" for k, v in zip(keys, items, strict=True))
    return gap + "{" + ",".join(pairs) + "}"


@st.composite
def rings(draw: st.DrawFn) -> list[float | int]:
    value = st.one_of(st.integers(-5, 700), st.floats(-100, 5000), st.integers(0, 10**6).map(
        lambda v: v / 1000))  # fmt: skip
    pairs = draw(st.lists(st.tuples(value, value), max_size=6))
    return [v for pair in pairs for v in pair]


def dump(value: object, style: str) -> bytes:
    if style == "compact":
        return msgspec.json.encode(value)
    return json.dumps(value, indent=2 if style == "indented" else None).encode()


@st.composite
def segmentations(draw: st.DrawFn) -> bytes:
    """Text of good segmentations in three styles."""
    counts = st.lists(st.integers(0, 2**40), max_size=6)
    string = st.text(st.characters(min_codepoint=48, max_codepoint=111), max_size=12)
    side = st.integers(1, 3000)
    value = draw(
        st.one_of(
            st.none(),
            st.lists(rings(), max_size=4),
            st.fixed_dictionaries({"size": st.tuples(side, side), "counts": counts | string}),
        )
    )
    return dump(value, draw(st.sampled_from(["compact", "spaced", "indented"])))


@given(text=texts())
def test_backends_agree_on_texts(text: str) -> None:
    assert_backends_agree(text.encode("utf-8", "surrogatepass"))


@given(batch=st.lists(segmentations(), max_size=8))
def test_backends_agree_on_segmentations(batch: list[bytes]) -> None:
    assert isinstance(assert_backends_agree(*batch), list)


EDITS: list[Callable[[bytes, int, int], bytes]] = [
    lambda text, at, c: text[:at] + text[at + 1 :],
    lambda text, at, c: text[:at] + bytes([c]) + text[at + 1 :],
    lambda text, at, c: text[:at] + bytes([c]) + text[at:],
    lambda text, at, c: text[:at] + text[at : at + 9] + text[at:],
    lambda text, at, c: text[:at],
]


@given(
    text=segmentations(),
    edits=st.lists(
        st.tuples(
            st.sampled_from(EDITS),
            st.integers(0, 200),
            st.one_of(st.sampled_from(list(b'[]{}",:.-+eE0129 \\u\n\0')), st.integers(0, 255)),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_backends_agree_on_damaged_text(
    text: bytes, edits: list[tuple[Callable[[bytes, int, int], bytes], int, int]]
) -> None:
    for edit, at, character in edits:
        text = edit(text, at % (len(text) + 1), character)
    assert_backends_agree(text)


ESCAPES = [
    "\\\\", "\\u005c", "\\u005C", "\\/", "\\n", "\\u0000", '\\"', "\\b\\f\\r\\t",
    "\\ud83d\\ude00", "\\ud83d", "\\ude00\\ud83d", "\\ud83d\\u0041", "\\ud83d\\n", "é",
    "\u20ac", "\U0001f600",
]  # fmt: skip


@pytest.mark.parametrize("escape", ESCAPES)
def test_string_escapes(backend: BackendName, escape: str) -> None:
    text = f'{{"size":[1,1],"counts":"0123456{escape}789{escape}"}}'
    expected = json.loads(text)["counts"].encode("utf-8", "surrogatepass")
    assert parse(backend, text).chars.tobytes() == expected


MALFORMED = [
    b"\x80", b"\xc0\x80", b"\xc3(", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x80\x80\x80",
    b"\xf4\x90\x80\x80", b"\xfe",
]  # fmt: skip


@pytest.mark.parametrize("bad", MALFORMED)
def test_malformed_utf8(backend: BackendName, bad: bytes) -> None:
    for at in range(9):
        text = b'{"size":[1,1],"counts":"' + b"0" * at + bad + b'"}'
        got = outcome(backend, text)
        assert isinstance(got, tuple)
        assert got[1] == JSON_TEXT


def test_kinds_of_buffers(backend: BackendName) -> None:
    text = b"[[1,2,3,4]]"
    raw = msgspec.json.decode(b"[" + text + b"]", type=list[msgspec.Raw])[0]
    buffers: list[Any] = [text, raw, memoryview(text), memoryview(b"xx" + text)[2:]]
    assert parse(backend, *buffers).coords.tolist() == [[1, 2], [3, 4]] * 4


def test_native_takes_buffers_only() -> None:
    with pytest.raises(TypeError, match="bytes-like"):
        backend_for("cpu").parse_segmentations(["[]"])  # type: ignore[list-item]
    with pytest.raises(BufferError):
        parse("cpu", b"[]", memoryview(b"[1]2[3]")[::2])


@pytest.mark.parametrize("n", [1, 20, 3000])
def test_threads_give_equal_bytes(n: int) -> None:
    rng = np.random.default_rng(n)
    batch = []
    for i in range(n):
        if i % 7 == 3:
            value: object = {"size": [9, i + 1], "counts": rng.integers(0, 99, i % 50).tolist()}
        elif i % 7 == 5:
            value = {"size": [9, i + 1], "counts": "0" * (i % 90)}
        else:
            value = [np.round(rng.random(2 * int(k)) * 640, 2).tolist() for k in range(i % 5)]
        batch.append(msgspec.json.encode(value))
    expected = outcome("numpy", *batch)
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert outcome("cpu", *batch) == expected
    # The first bad record wins, wherever the others are.
    first = n // 2
    for i in (*range(first, n, 3), n - 1):
        batch[i] = f"[[{i}]]".encode()
    batch[first] = b"[1]"
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert outcome("cpu", *batch) == (
                first, POLYGON, "a flat list of numbers; put it into a list"
            )  # fmt: skip


class Annotation(msgspec.Struct):
    segmentation: msgspec.Raw


class File(msgspec.Struct):
    annotations: list[Annotation]


REAL = [
    "coco/mini_val2017/instances_val2017.json",
    "coco/val2014_100/instances_val2014_100.json",
    "coco/tiny_train2017/instances_train2017.json",
    "coco/icevision6/annotations.json",
    "lvis/lvis_v0.5_val_50a.json",
    "lvis/derived_results_50a.json",
    "formats/cvat_coco/potato/instances_default.json",
    "formats/roboflow_coco/sharks/train/_annotations.coco.json",
]


@pytest.mark.parametrize("name", REAL)
def test_real_files(backend: BackendName, name: str) -> None:
    text = data_path(*name.split("/")).read_bytes()
    kind: Any = list[Annotation] if text.lstrip().startswith(b"[") else File
    decoded = msgspec.json.decode(text, type=kind)
    rows = decoded if isinstance(decoded, list) else decoded.annotations
    raw: list[Any] = [row.segmentation for row in rows]
    values = [json.loads(bytes(text)) for text in raw]
    parsed = parse(backend, *raw)
    masks = [v for v in values if isinstance(v, list)]
    flat = [c for mask in masks for ring in mask for c in ring]
    assert parsed.coords.reshape(-1).tolist() == flat
    assert np.diff(parsed.mask_offsets).tolist() == [len(mask) for mask in masks]
    objects = [v for v in values if isinstance(v, dict)]
    assert parsed.sizes[parsed.kinds != POLYGONS].tolist() == [v["size"] for v in objects]
    counts = [v["counts"] for v in objects if isinstance(v["counts"], list)]
    assert parsed.counts.tolist() == [c for row in counts for c in row]
    strings = [v["counts"] for v in objects if isinstance(v["counts"], str)]
    assert parsed.chars.tobytes().decode() == "".join(strings)


class MadeOnRequest(Sequence[bytes]):
    """Holds no item: the parser must."""

    def __len__(self) -> int:
        return 500

    def __getitem__(self, i: Any) -> Any:
        if not 0 <= i < 500:
            raise IndexError(i)
        return f"[[{i},{i + 0.5}]]".encode()


def test_items_that_nobody_else_holds(backend: BackendName) -> None:
    parsed = backend_for(backend).parse_segmentations(MadeOnRequest())
    assert parsed.coords.tolist() == [[i, i + 0.5] for i in range(500)]


def test_buffers_are_released(backend: BackendName) -> None:
    good, bad = bytearray(b"[[1,2]]"), bytearray(b"[1]")
    for batch in ([good], [good, bad], [good, "text"]):
        with contextlib.suppress(StructureError, TypeError):
            backend_for(backend).parse_segmentations(batch)  # type: ignore[arg-type]
        good.append(32)  # a held buffer would refuse
