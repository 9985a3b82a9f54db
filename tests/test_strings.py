from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import maskmill
from maskmill import (
    InvalidMaskError,
    Masks,
    encode,
    from_coco_strings,
    from_counts,
    to_coco_strings,
    to_counts,
)
from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.errors import StructureError
from tests.bad_strings import BAD_COUNTS, BAD_SIZES, BAD_STRINGS
from tests.oracles import coco_rle, dense_from_masks, masks_from_dense
from tests.strategies import batches

WIDE = 2**16 - 1
"""Masks of WIDE x WIDE pixels come close to the limit of 2**32."""


def number(value: int) -> str:
    """Write one number as COCO does."""
    text = ""
    while True:
        group = value & 0x1F
        value >>= 5
        more = value != (-1 if group & 0x10 else 0)
        text += chr(48 + group + 32 * more)
        if not more:
            return text


def string(counts: list[int]) -> str:
    """Write counts as COCO does."""
    return "".join(number(c - (counts[i - 2] if i > 2 else 0)) for i, c in enumerate(counts))


@st.composite
def run_lengths(draw: st.DrawFn) -> tuple[list[int], tuple[int, int]]:
    """Counts of a mask of any size, zeros among them."""
    height, width = draw(
        st.sampled_from([(1, 1), (3, 7), (480, 640), (WIDE, WIDE), (1, 2**31 - 1)])
    )
    n_pixels = height * width
    ends = sorted(draw(st.lists(st.integers(0, n_pixels), max_size=12)))
    ends = draw(st.sampled_from([ends, sorted(ends * 2)]))
    return np.diff([0, *ends, n_pixels]).tolist(), (height, width)


@given(masks=batches())
def test_strings_equal_pycocotools(backend: BackendName, masks: Masks) -> None:
    expected = [coco_rle(d)["counts"] for d in dense_from_masks(masks)]
    assert to_coco_strings(masks, backend=backend) == expected


@given(masks=batches())
def test_counts_and_back(backend: BackendName, masks: Masks) -> None:
    counts = to_counts(masks, backend=backend)
    assert all(c.dtype == np.uint32 for c in counts)
    assert all((c[1:] > 0).all() and len(c) for c in counts)
    assert from_counts(counts, masks.sizes, backend=backend) == masks


@given(masks=batches())
def test_strings_and_back(backend: BackendName, masks: Masks) -> None:
    strings = to_coco_strings(masks, backend=backend)
    assert from_coco_strings(strings, masks.sizes, backend=backend) == masks
    text = [s.decode() for s in strings]
    assert from_coco_strings(text, masks.sizes, backend=backend) == masks


@given(records=st.lists(run_lengths(), max_size=5))
def test_counts_with_zero_runs(
    backend: BackendName, records: list[tuple[list[int], tuple[int, int]]]
) -> None:
    counts = [c for c, _ in records]
    sizes = np.array([s for _, s in records], np.int32).reshape(-1, 2)
    masks = from_counts(counts, sizes, backend=backend)
    Masks(masks.bounds, masks.offsets, masks.sizes)  # is well formed
    for i, own in enumerate(counts):
        assert masks[i].bounds[1::2].sum(dtype=int) - masks[i].bounds[::2].sum(dtype=int) == sum(
            own[1::2]
        )
    assert from_coco_strings([string(c) for c in counts], sizes, backend=backend) == masks
    canonical = [c.tolist() for c in to_counts(masks, backend=backend)]
    assert to_coco_strings(masks, backend=backend) == [string(c).encode() for c in canonical]
    assert from_counts(canonical, sizes, backend=backend) == masks
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert from_counts(counts, sizes, backend="cpu") == masks


@pytest.mark.parametrize(
    ("counts", "size", "bounds"),
    [
        ([4], (2, 2), []),
        ([0, 4], (2, 2), [0, 4]),
        ([1, 0, 3], (2, 2), []),
        ([1, 1, 0, 2], (2, 2), [1, 4]),
        ([0, 0, 0, 4], (2, 2), [0, 4]),
        ([1, 2, 1, 0], (2, 2), [1, 3]),
        ([2, 2, 0, 0, 0], (2, 2), [2, 4]),
        ([4, 0], (2, 2), []),
        ([2**30, 2**32 - 2**18 - 2**30], (2**16, 2**16 - 4), [2**30, 2**32 - 2**18]),
        ([0, 2**32 - 2**17 + 1], (WIDE, WIDE), [0, 2**32 - 2**17 + 1]),
    ],
)
def test_counts_by_hand(
    backend: BackendName, counts: list[int], size: tuple[int, int], bounds: list[int]
) -> None:
    for masks in (
        from_counts([counts], size, backend=backend),
        from_coco_strings([string(counts)], size, backend=backend),
    ):
        np.testing.assert_array_equal(masks.bounds, bounds)


def test_a_run_of_2_to_the_30(backend: BackendName) -> None:
    # pycocotools reserves six characters a run and writes seven.
    size = (2**15, 2**15 + 1)
    masks = from_counts([[2**30, 2**15]], size, backend=backend)
    strings = to_coco_strings(masks, backend=backend)
    assert strings == [string([2**30, 2**15]).encode()]
    assert len(number(2**30)) == 7
    assert from_coco_strings(strings, size, backend=backend) == masks


def test_every_length_of_a_number(backend: BackendName) -> None:
    # Differences of both signs at each border between lengths.
    steps = [2 ** (5 * k + 4) + d for k in range(6) for d in (-1, 0, 1)]
    for step in steps:
        counts = [5, 1, 3, 1 + step, 3, 1, 3]
        pixels = sum(counts)
        if pixels >= 2**31:
            continue
        masks = from_counts([counts], (1, pixels), backend=backend)
        strings = to_coco_strings(masks, backend=backend)
        assert strings == [string(counts).encode()]
        assert from_coco_strings(strings, (1, pixels), backend=backend) == masks


def test_no_masks(backend: BackendName) -> None:
    assert to_counts(Masks.empty(), backend=backend) == []
    assert to_coco_strings(Masks.empty(), backend=backend) == []
    assert len(from_counts([], (2, 2), backend=backend)) == 0
    assert len(from_coco_strings([], (2, 2), backend=backend)) == 0


def test_unsigned_counts(backend: BackendName) -> None:
    masks = from_counts([np.array([1, 3], np.uint64), np.array([4], np.uint8)], (2, 2))
    np.testing.assert_array_equal(masks.bounds, [1, 4])


@pytest.mark.parametrize(("counts", "size", "message"), BAD_COUNTS)
def test_bad_counts(
    backend: BackendName, counts: object, size: tuple[int, int], message: str
) -> None:
    with pytest.raises(InvalidMaskError, match=f"^from_counts: counts of mask 1 {message}"):
        from_counts([[4], counts, [4]], size, backend=backend)


@pytest.mark.parametrize(("text", "size", "message"), BAD_STRINGS)
def test_bad_strings(
    backend: BackendName, text: bytes, size: tuple[int, int], message: str
) -> None:
    with pytest.raises(InvalidMaskError, match=f"^from_coco_strings: strings of mask 1 {message}"):
        from_coco_strings([b"4", text, b"4"], size, backend=backend)


@pytest.mark.parametrize(("size", "message"), BAD_SIZES)
def test_bad_sizes(backend: BackendName, size: tuple[int, int], message: str) -> None:
    sizes = [(2, 2), size]
    with pytest.raises(InvalidMaskError, match=f"^from_counts: sizes of mask 1 {message}"):
        from_counts([[4], [4]], sizes, backend=backend)
    with pytest.raises(InvalidMaskError, match=f"^from_coco_strings: sizes of mask 1 {message}"):
        from_coco_strings([b"4", b"4"], sizes, backend=backend)


def test_wrong_kinds(backend: BackendName) -> None:
    for text in (b"4", "4"):
        with pytest.raises(TypeError, match="strings must be a sequence of them, got one"):
            from_coco_strings(text, (2, 2), backend=backend)  # type: ignore[arg-type]
    for function in (to_counts, to_coco_strings):
        with pytest.raises(TypeError, match="masks must be Masks, got list"):
            function([4], backend=backend)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"sizes must have shape \(2,\) or \(1, 2\), got \(2, 2\)"):
        from_counts([[4]], [(2, 2), (2, 2)], backend=backend)


def outcome(name: BackendName, strings: list[bytes], sizes: object) -> object:
    """Masks, or the error as the backend reports it."""
    lengths = np.array([0, *map(len, strings)], np.int64)
    chars = np.frombuffer(b"".join(strings), np.uint8)
    try:
        return backend_for(name).from_coco_strings(chars, np.cumsum(lengths), np.array(sizes, "i4"))
    except StructureError as error:
        return error.record, error.requirement, error.got


pieces = st.sampled_from(["0", "1", "2", "4", "P0", "O", "oooooo?", "P", "p", "/", "PPPPPPP0"])


@given(
    strings=st.lists(
        st.one_of(
            st.sampled_from([b"4", b"0121", b"121"]),
            st.lists(pieces, max_size=6).map(lambda p: "".join(p).encode()),
            st.binary(max_size=12),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_backends_report_the_same_record(strings: list[bytes]) -> None:
    sizes = [(2, 2)] * len(strings)
    expected = outcome("numpy", strings, sizes)
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert outcome("cpu", strings, sizes) == expected


@pytest.mark.parametrize("bad", [b"P", b"/", b"PPPPPPP0", b"O", b"3"])
def test_the_first_bad_record_of_many(backend: BackendName, bad: bytes) -> None:
    strings = [b"4"] * 30_000
    strings[12_345] = bad
    strings[12_346] = strings[29_999] = b"~"
    for threads in (1, 2, 7):
        with maskmill.threads(threads), pytest.raises(InvalidMaskError, match="of mask 12345 must"):
            from_coco_strings(strings, (2, 2), backend=backend)


def test_many_masks_on_many_threads() -> None:
    rng = np.random.default_rng(5)
    few = encode(rng.random((40, 60, 50)) < rng.random((40, 1, 1)))
    many = few[np.arange(3000) % 40]
    few_counts, few_strings = to_counts(few, backend="numpy"), to_coco_strings(few, backend="numpy")
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            counts, strings = to_counts(many), to_coco_strings(many)
            assert strings == [few_strings[i % 40] for i in range(3000)]
            for i in range(0, 3000, 7):
                np.testing.assert_array_equal(counts[i], few_counts[i % 40])
            assert from_counts(counts, (60, 50)) == many
            assert from_coco_strings(strings, (60, 50)) == many


def test_binding_refuses_other_columns() -> None:
    from maskmill import _core

    offsets, sizes = np.array([0, 1]), np.array([[2, 2]], np.int32)
    for counts in (np.array([4], np.int32), np.array([2, 9, 2])[::2], [4]):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            _core.from_counts(counts, offsets, sizes, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["strings", "encode", "decode"])
def test_docstring_examples(name: str) -> None:
    import doctest
    import importlib

    result = doctest.testmod(importlib.import_module(f"maskmill.ops.{name}"))
    assert result.attempted
    assert not result.failed


def test_dense_oracle_of_strings(backend: BackendName) -> None:
    dense = np.eye(2, dtype=bool)
    assert from_coco_strings(["0120"], (2, 2), backend=backend) == masks_from_dense([dense])
