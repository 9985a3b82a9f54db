"""Reading helpers that the formats of annotation tools share: JSON records, and folders of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from maskmill.datasets.dataset import Extra
from maskmill.datasets.jsonfile import FAULTS, Id, JsonFile, Problems, sniff_json
from maskmill.datasets.report import Skipped
from maskmill.errors import FormatError

__all__ = ["FolderProblems", "Reader", "at", "find_files", "first_files", "text_of"]

REPORT: Final = "report.json"
"""What `convert` writes beside the files of a folder."""

T = TypeVar("T")


@contextmanager
def at(source: str, place: str, record: Id | None = None) -> Iterator[None]:
    """Name file, place and record in errors that do not name them."""
    try:
        yield
    except FormatError as error:
        raise FormatError(
            error.problem,
            error.file or source,
            error.place if error.file or error.place else place,
            record if error.record is None else error.record,
        ) from None


class Reader(Generic[T]):
    """Decodes records of one type, wherever in a file they stand."""

    def __init__(self, kind: Any) -> None:
        self._typed: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)
        fields = getattr(kind, "__struct_encode_fields__", ())
        self._known = frozenset(fields)

    def read(self, file: JsonFile, raw: msgspec.Raw, place: str) -> T:
        """Decode a record; raise FormatError that names the place and the id."""
        try:
            file.check_finite(raw, place)
            return self._typed.decode(raw)
        except FormatError as error:
            raise FormatError(error.problem, error.file, error.place, _id_of(raw)) from None
        except FAULTS as error:
            known = file.error(error, place)
            raise FormatError(known.problem, known.file, known.place, _id_of(raw)) from None

    def extra(self, file: JsonFile, raw: msgspec.Raw, place: str) -> Extra:
        """Fields of a record that its struct does not have."""
        try:
            fields = _FIELDS.decode(raw)
            str(raw, "utf-8")
        except FAULTS as error:
            raise file.error(error, place) from None
        return {name: value for name, value in fields.items() if name not in self._known}


class _Named(msgspec.Struct):
    id: int | str


_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NAMED: Final = msgspec.json.Decoder(_Named)
_TEXT: Final = msgspec.json.Decoder(str)


def _id_of(raw: msgspec.Raw) -> Id | None:
    try:
        return _NAMED.decode(raw).id
    except FAULTS:
        return None


def text_of(raw: msgspec.Raw | None) -> str | None:
    """Text that a further field holds, or None."""
    try:
        return None if raw is None else _TEXT.decode(raw)
    except FAULTS:
        return None


class FolderProblems(Problems):
    """Problems of the files of a folder: what is skipped is named with its file."""

    def __init__(self, problems: Problems, root: Path) -> None:
        super().__init__(problems.on_error)
        self.skipped = problems.skipped
        self._root = root

    def add(self, error: FormatError) -> None:
        """Raise ``error``, or note that its record is left out."""
        if self.on_error == "raise":
            raise error
        inside = error.file and self._root.is_dir()
        path = os.path.relpath(error.file or "", self._root) if inside else ""
        place = f"{path}{error.place or ''}"
        self.skipped.append(Skipped(place, error.record, error.problem))


def find_files(root: Path, suffix: str = ".json") -> list[Path]:
    """All files of a folder with this suffix, in the order of their names; or the file itself."""
    if root.is_file():
        return [root]
    found = [p for p in _walk(root) if p.suffix.lower() == suffix]
    return sorted(found, key=lambda p: p.relative_to(root).as_posix())


def first_files(root: Path, suffix: str = ".json", n: int = 3) -> list[Path]:
    """A few files of a folder, for a look at what it may hold; or the file itself."""
    if root.is_file():
        return [root] if root.suffix.lower() == suffix else []
    found = []
    for path in _walk(root):
        if path.suffix.lower() == suffix:
            found.append(path)
            if len(found) == n:
                break
    return found


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not (name == REPORT and Path(folder) == root):
                yield Path(folder, name)


def looks_like(root: Path, *words: bytes, suffix: str = ".json") -> bool:
    """Tell whether the first files of a folder, or the file, are JSON objects with these words."""
    files = first_files(root, suffix)
    return bool(files) and all(
        (text := sniff_json(file)).startswith(b"{") and all(word in text for word in words)
        for file in files
    )
