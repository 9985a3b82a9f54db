"""Names that come from a dataset are not trusted: none leads out of the folder it belongs to."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from maskmill.datasets.files import write_atomically
from maskmill.datasets.png import encode_png, write_png
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["IMAGE_SUFFIXES", "NameTakenError", "Names", "OutputFolder", "output_name", "safe_parts"]

WHOLE: Final = 1 << 24
"""Values of a picture below which its file is made in memory and written at once."""

IMAGE_SUFFIXES: Final = frozenset(
    f".{kind}"
    for kind in "bmp gif heic jp2 jpe jpeg jpg jxl pgm png ppm tif tiff webp".split()  # noqa: SIM905
)
"""Suffixes that an output replaces; of ``frame.0001`` it replaces nothing."""

_DRIVE: Final = re.compile(r"[A-Za-z]:")


def safe_parts(file_name: str) -> tuple[str, ...]:
    r"""Split a file name of a dataset into folders and a name.

    Parameters
    ----------
    file_name : str
        ``/`` and ``\\`` both separate folders; ``.`` and empty parts are dropped.

    Returns
    -------
    tuple of str
        At least one.

    Raises
    ------
    FormatError
        If the name is absolute, goes up (``..``), has a drive letter, a NUL, or no name at all.

    Examples
    --------
    >>> safe_parts("train/./0001.jpg")
    ('train', '0001.jpg')
    """
    problem = None
    parts = file_name.replace("\\", "/").split("/")
    kept = tuple(part for part in parts if part not in ("", "."))
    if "\0" in file_name:
        problem = "must not hold a NUL"
    elif not parts[0] and len(parts) > 1:
        problem = "must be relative"
    elif ".." in kept:
        problem = "must not go up out of its folder"
    elif any(_DRIVE.match(part) or (":" in part and sys.platform == "win32") for part in kept):
        problem = "must not name a drive"
    elif not kept:
        problem = "must name a file"
    elif not _is_text(file_name):
        problem = "must be text that a file system can hold"
    if problem is not None:
        raise FormatError(f"file_name {problem}, got {file_name!r}. Rename the image.")
    return kept


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=1024)  # asked for when a name is checked, used and noted
def output_name(file_name: str, suffix: str) -> str:
    """Name of the output of an image, with ``/`` between folders.

    Examples
    --------
    >>> output_name("train/0001.jpg", ".png")
    'train/0001.png'
    >>> output_name("frame.0002", ".png")
    'frame.0002.png'
    """
    *folders, name = safe_parts(file_name)
    stem, dot, kind = name.rpartition(".")
    kept = stem if stem and f"{dot}{kind}".lower() in IMAGE_SUFFIXES else name
    return "/".join([*folders, kept + suffix])


class OutputFolder:
    """A folder that gets one file an image; threads may share it."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._made = {""}

    def write_png(self, file_name: str, image: Array, *, palette: Array | None = None) -> None:
        """Write the PNG of an image, in the sub-folder that its file name asks for.

        Parameters
        ----------
        file_name : str
            Of the image, as the dataset has it.
        image, palette
            See `maskmill.datasets.png.encode_png`.
        """
        path = self._place(file_name, ".png")
        if image.size < WHOLE:
            write_atomically(path, encode_png(image, palette=palette))
        else:
            write_png(path, image, palette=palette)

    def write(self, file_name: str, suffix: str, content: bytes) -> None:
        """Write a file of an image, in the sub-folder that its file name asks for."""
        write_atomically(self._place(file_name, suffix), content)

    def _place(self, file_name: str, suffix: str) -> str:
        name = output_name(file_name, suffix)
        folder = name.rpartition("/")[0]
        if folder not in self._made:
            (self._root / folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        return f"{self._root}/{name}"


class Names:
    """The output names of a dataset: each belongs to one image."""

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix
        self._owners: dict[str, tuple[tuple[int, int], str]] = {}
        self._lock = Lock()

    def take(self, file_name: str, image: tuple[int, int]) -> None:
        """Take the output name of an image.

        Parameters
        ----------
        file_name : str
        image : (int, int)
            Shard, and image in it. Whatever order threads come in, the message names
            the two images in theirs.

        Raises
        ------
        FormatError
            If the name leads out of its folder.
        NameTakenError
            If another image has it.
        """
        name = output_name(file_name, self._suffix)
        key = name.casefold() if sys.platform in ("win32", "darwin") else name
        with self._lock:
            owner = self._owners.setdefault(key, (image, file_name))
        if owner[0] != image:
            (_, first), (_, second) = sorted([owner, (image, file_name)])
            raise NameTakenError(
                f"file_name must lead to an output of its own, got {first!r} and {second!r}, "
                f"which both become {name!r}. Rename one of the images."
            )


class NameTakenError(FormatError):
    """Two images would be written to one file: an error even where bad records are skipped."""
