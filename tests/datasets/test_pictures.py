from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from maskmill import FormatError
from maskmill.datasets import ReadOptions
from maskmill.datasets.pictures import PictureSizes, list_files, picture_size


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp", "tif", "webp", "gif"])
def test_sizes_come_from_headers(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    Image.new("RGB", (31, 17)).save(path)
    assert picture_size(path) == (17, 31)


def test_no_pixel_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    Image.new("L", (40_000, 30_000)).save(path)
    path.write_bytes(path.read_bytes()[:100])
    assert picture_size(path) == (30_000, 40_000)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"II*\0"])
def test_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="must be a picture whose header can be read"):
        picture_size(path)


def test_a_header_of_nonsense(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 8 + b"\x08\0\0\0\0")
    with pytest.raises(FormatError, match="must have at least 1 and fewer than"):
        picture_size(path)


def test_where_pictures_are_looked_for(tmp_path: Path) -> None:
    for name, width in (("one/a.png", 1), ("two/sub/a.png", 2), ("two/b.jpg", 3)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (width, 9)).save(path)
    sizes = PictureSizes(ReadOptions(), [tmp_path / "one", tmp_path / "two"])
    assert sizes.of("a.png") == (9, 1)
    assert sizes.of("sub/a.png") == (9, 2)
    assert sizes.of("elsewhere/b.jpg") == (9, 3)
    assert sizes.named("a") == ("a.png", (9, 1))
    assert sizes.named("sub/a") == ("sub/a.png", (9, 2))
    with pytest.raises(FormatError, match="got none named 'c"):
        sizes.of("c.png")
    with pytest.raises(FormatError, match="must not go up"):
        sizes.of("../one/a.png")
    known = PictureSizes(ReadOptions(images=tmp_path / "two", size=(5, 6)), [tmp_path / "one"])
    assert known.of("c.png") == (5, 6)
    assert known.named("b") == ("b.jpg", (9, 3))
    assert known.named("c") == ("c", (5, 6))


def test_files_are_listed_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.TXT", "a/y.txt", "c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_files(tmp_path, [".txt"]) == ["a/y.txt", "a/z.TXT", "b.txt"]
    assert list_files(tmp_path / "none", [".txt"]) == []
