from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from PIL import Image, ImageFile

from maskmill.datasets.palette import ids_from_rgb, rgb_from_ids, voc_palette
from maskmill.datasets.png import encode_png, read_label_png, write_png
from maskmill.errors import FormatError
from tests.conftest import data_path

Array = npt.NDArray[Any]
SIZES = [(1, 1), (1, 7), (7, 1), (3, 5), (64, 64), (101, 257), (700, 1001)]
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def header(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">2I5B", width, height, depth, colour, 0, 0, 0))


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content, each with its checksum compared."""
    assert png.startswith(SIGNATURE)
    at, found = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert png[at : at + 12 + length] == chunk(kind, content)
        found.append((kind, content))
        at += 12 + length
    return found


def with_pillow(png: bytes) -> tuple[str, Array]:
    with Image.open(io.BytesIO(png)) as image:
        return image.mode, np.array(image)


def saved(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def picture(size: tuple[int, ...], high: int, dtype: str, seed: int = 0) -> Array:
    """Patches with some noise on them."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, high, (size[0] // 9 + 1, size[1] // 9 + 1, *size[2:]))
    image = coarse.repeat(9, axis=0).repeat(9, axis=1)[: size[0], : size[1]]
    noisy = rng.random(size) < 0.05
    return np.where(noisy, rng.integers(0, high, size), image).astype(dtype)


@pytest.mark.parametrize("size", SIZES)
def test_pillow_reads_what_was_written(size: tuple[int, int]) -> None:
    grey = picture(size, 256, "u1")
    mode, pixels = with_pillow(encode_png(grey))
    assert mode == "L"
    np.testing.assert_array_equal(pixels, grey)

    deep = picture(size, 65536, "u2")
    mode, pixels = with_pillow(encode_png(deep))
    assert mode in ("I;16", "I")
    np.testing.assert_array_equal(pixels, deep)

    rgb = picture((*size, 3), 256, "u1")
    mode, pixels = with_pillow(encode_png(rgb))
    assert mode == "RGB"
    np.testing.assert_array_equal(pixels, rgb)

    indices = picture(size, 21, "u1")
    mode, pixels = with_pillow(encode_png(indices, palette=voc_palette(21)))
    assert mode == "P"
    np.testing.assert_array_equal(pixels, indices)


@pytest.mark.parametrize("size", SIZES)
def test_reading_gives_what_was_written(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "map.png"
    for labels, palette in [
        (picture(size, 256, "u1"), None),
        (picture(size, 21, "u1"), voc_palette(21)),
        (picture(size, 65536, "u2"), None),
    ]:
        write_png(path, labels, palette=palette)
        assert path.read_bytes() == encode_png(labels, palette=palette)
        got = read_label_png(path)
        assert got.dtype == labels.dtype
        assert got.flags.writeable
        np.testing.assert_array_equal(got, labels)
    ids = picture(size, 2**24, "i4")
    write_png(path, rgb_from_ids(ids))
    got = read_label_png(path, rgb=True)
    assert got.dtype == np.int32
    np.testing.assert_array_equal(got, ids)


@pytest.mark.parametrize("width", [40, 400])
def test_every_filter(tmp_path: Path, width: int) -> None:
    # Rows filtered by hand: short rows go to Pillow, long ones with the filters 0 and 2 do not.
    rng = np.random.default_rng(width)
    labels = rng.integers(0, 256, (12, width)).astype(np.uint8)
    before = np.zeros_like(labels)
    before[1:] = labels[:-1]
    left = np.zeros_like(labels)
    left[:, 1:] = labels[:, :-1]
    by_filter = {
        0: labels,
        1: labels - left,
        2: labels - before,
        3: labels - ((left.astype(int) + before) // 2).astype(np.uint8),
    }
    path = tmp_path / "map.png"
    for used in ([0], [2], [0, 2, 2], [2, 0], [1], [2, 3, 0, 1]):
        rows = b"".join(
            bytes([kind]) + by_filter[kind][y].tobytes() for y, kind in enumerate((used * 12)[:12])
        )
        path.write_bytes(
            SIGNATURE + header(width, 12) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")
        )
        np.testing.assert_array_equal(read_label_png(path), labels)


def test_layout_of_the_file() -> None:
    palette = voc_palette(3)
    found = chunks(encode_png(np.array([[0, 1, 2], [0, 1, 1]], np.uint8), palette=palette))
    assert [kind for kind, _ in found] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert found[0][1] == struct.pack(">2I5B", 3, 2, 8, 3, 0, 0, 0)
    assert found[1][1] == palette.tobytes()
    assert zlib.decompress(found[2][1]) == bytes([2, 0, 1, 2, 2, 0, 0, 255])
    deep = chunks(encode_png(np.array([[258]], np.uint16)))
    assert zlib.decompress(deep[1][1]) == bytes([2, 1, 2])  # big-endian


def test_large_images_come_in_several_chunks() -> None:
    noise = np.random.default_rng(0).integers(0, 65536, (1200, 1500)).astype(np.uint16)
    png = encode_png(noise)
    assert [kind for kind, _ in chunks(png)].count(b"IDAT") > 1
    np.testing.assert_array_equal(with_pillow(png)[1], noise)


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    kind=st.sampled_from([("u1", ()), ("u2", ()), ("u1", (3,))]),
    seed=st.integers(0, 2**16),
)
def test_any_layout_in_memory(
    size: tuple[int, int], kind: tuple[str, tuple[int, ...]], seed: int
) -> None:
    dtype, channels = kind
    image = picture((*size, *channels), 256, dtype, seed)
    expected = encode_png(image)
    layouts = [
        np.asfortranarray(image),
        image[::-1].copy()[::-1],
        image[:, ::-1].copy()[:, ::-1],
        np.repeat(image, 2, axis=1)[:, ::2],
    ]
    for layout in layouts:
        layout.flags.writeable = False
        assert encode_png(layout) == expected


def test_shallow_files_keep_their_labels(tmp_path: Path) -> None:
    # Written by hand: depth, values, colour type.
    path = tmp_path / "map.png"
    rows = {1: [0b01100000], 2: [0b00011011], 4: [0x01, 0x7F]}
    expected = {1: [0, 1, 1, 0], 2: [0, 1, 2, 3], 4: [0, 1, 7, 15]}
    for depth, packed in rows.items():
        for colour in (0, 3):
            plte = chunk(b"PLTE", voc_palette(2**depth).tobytes()) if colour == 3 else b""
            path.write_bytes(
                SIGNATURE
                + chunk(b"IHDR", struct.pack(">2I5B", 4, 1, depth, colour, 0, 0, 0))
                + plte
                + chunk(b"IDAT", zlib.compress(bytes([0, *packed])))
                + chunk(b"IEND")
            )
            got = read_label_png(path)
            assert got.dtype == np.uint8
            assert got.tolist() == [expected[depth]]


def test_a_palette_that_is_too_short(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(
        SIGNATURE
        + header(2, 1, colour=3)
        + chunk(b"PLTE", bytes(6))
        + chunk(b"IDAT", zlib.compress(bytes([0, 1, 2])))
        + chunk(b"IEND")
    )
    assert read_label_png(path).tolist() == [[1, 2]]
    with pytest.raises(FormatError, match="within its palette of 2 colours, got 2"):
        read_label_png(path, rgb=True)


def test_transparency_does_not_change_labels(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    indices = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "L").convert("P")
    indices.putpalette(voc_palette(256).tobytes())
    path.write_bytes(saved(indices, transparency=bytes([0, 128, 255])))
    assert read_label_png(path).tolist() == [[0, 1, 2]]
    assert read_label_png(path, rgb=True).tolist() == [[0, 128, 128 * 256]]
    path.write_bytes(saved(Image.fromarray(np.array([[0, 1, 2]], np.uint8)), transparency=1))
    assert read_label_png(path).tolist() == [[0, 1, 2]]


def test_colours_of_optimised_panoptic_files(tmp_path: Path) -> None:
    # Optimisers turn RGB files with few colours into palettes, and grey ones into grey.
    path = tmp_path / "panoptic.png"
    path.write_bytes(saved(Image.fromarray(np.array([[0, 7]], np.uint8))))
    assert read_label_png(path, rgb=True).tolist() == [[0, 7 + 7 * 256 + 7 * 65536]]
    write_png(path, np.array([[1]], np.uint8), palette=np.array([[0, 0, 0], [4, 1, 0]], np.uint8))
    assert read_label_png(path, rgb=True).tolist() == [[260]]


def test_interlaced_files(tmp_path: Path) -> None:
    # Adam7 of a 2x2 image: pass 1 holds (0, 0), pass 6 (0, 1), pass 7 the row below.
    data = bytes([0, 10, 0, 20, 0, 30, 40])
    path = tmp_path / "map.png"
    path.write_bytes(
        SIGNATURE
        + chunk(b"IHDR", struct.pack(">2I5B", 2, 2, 8, 0, 0, 0, 1))
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND")
    )
    assert read_label_png(path).tolist() == [[10, 20], [30, 40]]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colours_and_alpha_are_no_labels(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(saved(Image.new(mode, (3, 2))))
    with pytest.raises(FormatError, match=r"map\.png must hold grey values or palette indices"):
        read_label_png(path)
    if mode != "RGB":
        with pytest.raises(FormatError, match=r"map\.png must hold 8-bit colours without alpha"):
            read_label_png(path, rgb=True)


def test_other_formats(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    for mode in ("L", "CMYK"):
        Image.new(mode, (3, 2)).save(path, "JPEG")
        with pytest.raises(FormatError, match=r"map\.png must be a PNG file, got JPEG data"):
            read_label_png(path)
    for content in (b"", b"\x89PN", b"GIF89a" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"map\.png must be a PNG file"):
            read_label_png(path)


def test_deep_colours_are_refused(tmp_path: Path) -> None:
    # Pillow would silently keep the upper byte of each channel.
    path = tmp_path / "map.png"
    path.write_bytes(
        SIGNATURE
        + chunk(b"IHDR", struct.pack(">2I5B", 1, 1, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(7)))
        + chunk(b"IEND")
    )
    with pytest.raises(FormatError, match="got 16-bit RGB"):
        read_label_png(path, rgb=True)


@pytest.mark.parametrize("load_truncated", [False, True])
def test_a_file_cut_anywhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load_truncated: bool
) -> None:
    # Even where another library has told Pillow to be content with parts of images.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", load_truncated)
    whole = encode_png(picture((40, 50), 5, "u1"), palette=voc_palette(5))
    path = tmp_path / "map.png"
    for length in [*range(60), *range(60, len(whole), 17), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match=r"read_label_png: .*map\.png must be"):
            read_label_png(path)


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    whole = encode_png(picture((20, 30), 5, "u1"), palette=voc_palette(5))
    path = tmp_path / "map.png"
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with pytest.raises(FormatError, match=r"map\.png must"):
            read_label_png(path)


@pytest.mark.parametrize(
    "parts",
    [
        header(1, 1) + chunk(b"IEND"),
        chunk(b"IDAT", zlib.compress(bytes(2))) + header(1, 1) + chunk(b"IEND"),
        header(1, 1) + chunk(b"IDAT", b"no deflate") + chunk(b"IEND"),
        header(1, 1) + chunk(b"IDAT", zlib.compress(bytes([9, 0]))) + chunk(b"IEND"),
        header(1, 1, depth=3) + chunk(b"IDAT", zlib.compress(bytes(2))) + chunk(b"IEND"),
        header(1, 1, colour=7) + chunk(b"IDAT", zlib.compress(bytes(2))) + chunk(b"IEND"),
        header(0, 5) + chunk(b"IDAT", zlib.compress(bytes(2))) + chunk(b"IEND"),
        header(300, 300) + chunk(b"IDAT", zlib.compress(bytes(10))) + chunk(b"IEND"),
        header(1, 1) + chunk(b"IDAT", zlib.compress(bytes(3))) + chunk(b"IEND"),
        header(1, 1) + chunk(b"IDAT", zlib.compress(bytes(2))[:-1]) + chunk(b"IEND"),
        header(1, 1, colour=3) + chunk(b"IDAT", zlib.compress(bytes(2))) + chunk(b"IEND"),
        header(2, 2)[:-5] + b"\2" + chunk(b"IEND"),
    ],
    ids=[
        "no data", "no header", "no deflate", "unknown filter", "depth 3", "colour type 7",
        "no columns", "too few rows", "too many rows", "no end", "no palette", "damaged header",
    ],
)  # fmt: skip
@pytest.mark.parametrize("load_truncated", [False, True])
def test_well_framed_nonsense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: bytes, load_truncated: bool
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", load_truncated)
    path = tmp_path / "map.png"
    path.write_bytes(SIGNATURE + parts)
    with pytest.raises(FormatError, match=r"read_label_png: .*map\.png must"):
        read_label_png(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(
        SIGNATURE + header(2**31 - 1, 2**31 - 1) + chunk(b"IDAT", b"") + chunk(b"IEND")
    )
    with pytest.raises(FormatError, match=r"map\.png must have at most 1073741824 pixels"):
        read_label_png(path)
    write_png(path, np.zeros((10, 10), np.uint8))
    with pytest.raises(FormatError, match="at most 99 pixels, got 10x10"):
        read_label_png(path, max_pixels=99)
    assert read_label_png(path, max_pixels=100).shape == (10, 10)


def test_pillows_own_limit_is_neither_used_nor_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    write_png(tmp_path / "map.png", np.ones((10, 10), np.uint8))
    assert read_label_png(tmp_path / "map.png").sum() == 100
    assert Image.MAX_IMAGE_PIXELS == 10


def test_missing_files_are_ordinary_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_label_png(tmp_path / "none.png")
    with pytest.raises(FileNotFoundError):
        write_png(tmp_path / "none" / "map.png", np.zeros((1, 1), np.uint8))


GREY = np.zeros((2, 3), np.uint8)


@pytest.mark.parametrize(
    ("image", "palette", "error", "message"),
    [
        ([[0]], None, TypeError, "image must be an array of uint8 or uint16, got list"),
        (GREY.astype(np.int32), None, TypeError, "got int32"),
        (GREY.astype(bool), None, TypeError, "got bool"),
        (GREY[0], None, ValueError, r"image must have shape .* got \(3,\)"),
        (np.zeros((2, 2, 4), np.uint8), None, ValueError, r"got \(2, 2, 4\) of uint8"),
        (np.zeros((2, 2, 3), np.uint16), None, ValueError, r"got \(2, 2, 3\) of uint16"),
        (GREY[:0], None, ValueError, "PNG has no empty images"),
        (GREY[:, :0], None, ValueError, "PNG has no empty images"),
        (GREY, [[0, 0, 0]], TypeError, "palette must be an array of uint8, got list"),
        (GREY, voc_palette(257), ValueError, r"palette must have shape \(n, 3\)"),
        (GREY, voc_palette(0), ValueError, r"palette must have shape \(n, 3\)"),
        (GREY.astype(np.uint16), voc_palette(), ValueError, "when there is a palette"),
        (np.zeros((2, 2, 3), np.uint8), voc_palette(), ValueError, "when there is a palette"),
        (GREY + np.uint8(3), voc_palette(3), ValueError, "palette of 3 colours, got 3"),
    ],
)
def test_bad_images_leave_no_file(
    tmp_path: Path, image: Any, palette: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match="encode_png: " + message if message[0] == "i" else message):
        encode_png(image, palette=palette)
    with pytest.raises(error, match=message):
        write_png(tmp_path / "map.png", image, palette=palette)
    assert list(tmp_path.iterdir()) == []


def test_real_panoptic_files_survive(tmp_path: Path) -> None:
    folder = data_path("panoptic", "panopticapi_sample", "panoptic_examples")
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            colours = np.array(image.convert("RGB"))
        ids = read_label_png(path, rgb=True)
        expected = colours.astype(np.int64) @ [1, 256, 65536]
        np.testing.assert_array_equal(ids, expected)
        write_png(tmp_path / path.name, rgb_from_ids(ids))
        np.testing.assert_array_equal(ids_from_rgb(colours), ids)
        np.testing.assert_array_equal(read_label_png(tmp_path / path.name, rgb=True), ids)


def test_real_palettes_keep_their_indices() -> None:
    path = data_path(
        "formats", "labelme", "video_annotation", "SegmentationClassPNG", "00000100.png"
    )
    with Image.open(path) as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(read_label_png(path), np.array(image))
