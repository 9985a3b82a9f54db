"""Sizes of pictures, from their headers: not a pixel is decoded."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from maskmill.datasets.paths import IMAGE_SUFFIXES, safe_parts
from maskmill.datasets.png_frame import SIGNATURE
from maskmill.errors import FormatError
from maskmill.masks import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from maskmill.datasets.format import ReadOptions

__all__ = ["PictureSizes", "list_files", "picture_size"]


def picture_size(path: Path) -> tuple[int, int]:
    """Read (height, width) from the header of a picture.

    Raises
    ------
    FormatError
        If it is no picture that Pillow knows, is cut off, or too large to be one.
    """
    try:
        with path.open("rb") as file:
            head = file.read(32)
        if head.startswith(SIGNATURE) and len(head) >= 24:
            width, height = struct.unpack(">2I", head[16:24])
        else:
            width, height = _size(path, head)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FormatError(
            f"must be a picture whose header can be read, got: {error}. Pass its size.", str(path)
        ) from None
    if not (0 < height < 2**31 and 0 < width < 2**31 and height * width <= MAX_PIXELS):
        raise FormatError(
            f"must have at least 1 and fewer than 2**32 pixels, got {height}x{width}.", str(path)
        )
    return height, width


def _size(path: Path, head: bytes) -> tuple[int, int]:
    # Pillow's limit of pixels guards against unpacking, which does not happen here.
    if head.startswith(b"\xff\xd8"):
        with JpegImageFile(path) as picture:
            return picture.size
    if head.startswith((b"II", b"MM")):
        with TiffImageFile(path) as picture:
            return picture.size
    with Image.open(path) as picture:
        return picture.size


class PictureSizes:
    """Finds the sizes of the pictures of a dataset.

    Parameters
    ----------
    options : ReadOptions
        Its folder of pictures, where there is one, takes the place of ``folders``.
    folders : iterable of Path
        Where the format has its pictures.
    """

    def __init__(self, options: ReadOptions, folders: Iterable[Path] = ()) -> None:
        self._folders = [*folders] if options.images is None else [options.images]
        self._size = options.size
        self._names: dict[str, tuple[Path, str]] | None = None

    def of(self, file_name: str) -> tuple[int, int]:
        """(height, width) of a picture by its file name, as the dataset has it.

        Raises
        ------
        FormatError
            If there is no such picture and no size for all; it names no place yet.
        """
        parts = safe_parts(file_name)
        whole = [folder.joinpath(*parts) for folder in self._folders]
        for path in (*whole, *(folder / parts[-1] for folder in self._folders)):
            if path.is_file():
                return picture_size(path)
        if self._size is not None:
            return self._size
        looked = ", ".join(map(str, self._folders)) or "no folder"
        raise FormatError(
            f"must have a picture, whose header tells its size, got none named {file_name!r} in "
            f"{looked}. Pass images (the folder of the pictures) or size."
        )

    def named(self, stem: str) -> tuple[str, tuple[int, int]]:
        """File name, and (height, width), of the picture that goes by a name without a suffix.

        ``stem`` has ``/`` between folders. Where only the size is known the name is the stem.
        """
        if self._names is None:
            self._names = dict(self._list())
        found = self._names.get(stem) or self._names.get(stem.rpartition("/")[2])
        if found is not None:
            path, name = found
            return name, picture_size(path)
        return stem, self.of(stem)

    def _list(self) -> Iterator[tuple[str, tuple[Path, str]]]:
        for folder in reversed(self._folders):  # the first one wins
            for name in list_files(folder, IMAGE_SUFFIXES):
                yield name.rpartition(".")[0], (folder / name, name)


def list_files(folder: Path, suffixes: Iterable[str]) -> list[str]:
    """Names of the files of a folder and its sub-folders, sorted, with ``/`` between folders.

    Parameters
    ----------
    folder : Path
        One that is not there has no files. Links to folders are not followed.
    suffixes : iterable of str
        Ends of the names that are wanted, in small letters.
    """
    ends: Final = tuple(suffixes)
    found = []
    for root, folders, names in os.walk(folder):
        folders.sort()
        inside = Path(root).relative_to(folder).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        found += [prefix + name for name in names if name.lower().endswith(ends)]
    return sorted(found)
