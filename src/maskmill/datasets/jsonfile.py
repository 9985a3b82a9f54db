"""JSON files of datasets: read as a whole, decoded record by record, every fault with its place."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final, Generic, Literal, TypeAlias, TypeVar

import msgspec

from maskmill.datasets.paths import safe_parts
from maskmill.datasets.report import Skipped
from maskmill.errors import FormatError

__all__ = [
    "BOM",
    "Id",
    "JsonFile",
    "OnError",
    "Problems",
    "RawId",
    "Records",
    "no_gc",
    "sniff",
    "sniff_json",
]

OnError: TypeAlias = Literal["raise", "skip"]

T = TypeVar("T", bound=msgspec.Struct)
Whole = TypeVar("Whole")

Id: TypeAlias = int | str
RawId: TypeAlias = int | float | str
"""An id as it may stand in a file: 7.0, which some tools write, means 7."""

FAULTS: Final = (ValueError, RecursionError)
"""What the decoder raises on bad text: its own errors, bad UTF-8, numbers of too many digits."""

BOM: Final = b"\xef\xbb\xbf"
_TOKENS: Final = re.compile(
    rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|NaN|-?Infinity',  # an unclosed string reaches to the end
    re.DOTALL,
)
_MARK: Final = b'"\\u0000'
_PATH: Final = re.compile(r"\.([^.\[\]`]+)|\[([^\]]+)\]")
_AT: Final = re.compile(r" - at `\$(.*)`$")
_TOP: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_INTEGER: Final = msgspec.json.Decoder(int)


@contextmanager
def no_gc() -> Iterator[None]:
    """Read many small objects without the collector."""
    # Half of the time of reading many small objects goes to a collector that finds nothing.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Problems:
    """Bad records: raises the first one, or lists them all."""

    def __init__(self, on_error: OnError) -> None:
        self.on_error = on_error
        self.skipped: list[Skipped] = []

    def add(self, error: FormatError) -> None:
        """Raise ``error``, or note that its record is left out."""
        if self.on_error == "raise":
            raise error
        self.skipped.append(Skipped.from_error(error))


class JsonFile:
    """The text of a JSON file.

    Python and others write NaN and Infinity, which JSON does not know. Where a file holds them,
    `data` is a copy in which they are strings that begin with a NUL, so that the file can be
    read and the records that hold them can be named.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        content = path.read_bytes()
        self.data: memoryview | bytes = memoryview(content)[
            len(BOM) if content.startswith(BOM) else 0 :
        ]
        self.marked = False

    def top(self) -> dict[str, msgspec.Raw]:
        """Give the fields of the object that the file holds."""
        return self._whole(_TOP)

    def _whole(self, decoder: msgspec.json.Decoder[Whole]) -> Whole:
        try:
            return decoder.decode(self.data)
        except msgspec.ValidationError as error:
            raise self.error(error, "") from None
        except FAULTS as error:
            marked = _TOKENS.sub(_mark, self.data)
            try:
                content = decoder.decode(marked)
            except FAULTS:
                raise self.error(error, "") from None
            self.data, self.marked = marked, True
            return content

    def elements(self) -> list[msgspec.Raw]:
        """Give the elements of the array that the file holds."""
        return self._whole(_ARRAY)

    def whole_array(self) -> list[msgspec.Raw]:
        """Cut the array that the file holds into its records."""
        try:
            return _ARRAY.decode(self.data)
        except FAULTS as error:
            raise self.error(error, "") from None

    def record(self) -> msgspec.Raw:
        """Give the file as one record."""
        return msgspec.Raw(bytes(self.data))

    def integer(self, raw: msgspec.Raw, place: str) -> int:
        """Read an integer."""
        try:
            return _INTEGER.decode(raw)
        except FAULTS as error:
            raise self.error(error, place) from None

    def array(self, raw: msgspec.Raw, place: str) -> list[msgspec.Raw]:
        """Cut an array into its records."""
        try:
            return _ARRAY.decode(raw)
        except FAULTS as error:
            raise self.error(error, place) from None

    def check_finite(self, raw: msgspec.Raw, place: str) -> None:
        """Raise if a part of the file holds NaN or Infinity."""
        if self.marked and _MARK in bytes(raw):
            raise FormatError(
                "must hold finite numbers, got NaN or Infinity. Write null or leave it out.",
                self.name,
                place,
            )

    def check_text(self, raw: msgspec.Raw, place: str) -> None:
        """Raise if a part of the file is not UTF-8; the decoder looks only at what it decodes."""
        try:
            str(raw, "utf-8")
        except UnicodeDecodeError as error:
            raise self.error(error, place) from None

    def error(self, error: Exception, place: str) -> FormatError:
        """Word what the decoder says, with the JSON pointer of the place."""
        text = str(error)
        if isinstance(error, RecursionError):
            text = "must not nest that deeply. It is no dataset"
        elif isinstance(error, UnicodeDecodeError):
            text = f"must be UTF-8 text, got {error.reason}. Convert the file to UTF-8"
        elif isinstance(error, msgspec.ValidationError):
            at = _AT.search(text)
            if at:
                text = text[: at.start()]
                place += "".join(f"/{a or b}" for a, b in _PATH.findall(at.group(1)))
            text = text.replace("Expected", "must be").replace("Object missing", "must have the")
        elif place == "" and "truncated" in text:
            text = "must be whole, got a file that breaks off. Copy or download it again"
        elif place == "":
            text = f"must be JSON, got a fault: {text}"
        return FormatError(text.replace("`", "") + ".", self.name, place or None)


class Records(Generic[T]):
    """Reads the records of one section of a file.

    Parameters
    ----------
    file : JsonFile
    kind : type
        A struct with the fields that are wanted.
    section : str
        Name of the array that holds the records.
    """

    def __init__(self, file: JsonFile, kind: type[T], section: str) -> None:
        self.file = file
        self.section = section
        self._typed = msgspec.json.Decoder(kind)
        self._known = kind.__struct_fields__

    def read(self, raw: msgspec.Raw, i: int) -> T:
        """Read record ``i`` of the section."""
        try:
            record = self._typed.decode(raw)
            if self.file.marked:
                self.file.check_finite(raw, f"/{self.section}/{i}")
        except FormatError as error:
            raise self._named(error, raw) from None
        except FAULTS as error:
            raise self._named(self.file.error(error, f"/{self.section}/{i}"), raw) from None
        return record

    def extra(self, raw: msgspec.Raw, i: int) -> dict[str, msgspec.Raw]:
        """Fields of record ``i`` that its struct does not have."""
        try:
            fields = _TOP.decode(raw)
            str(raw, "utf-8")
        except FAULTS as error:
            raise self._named(self.file.error(error, f"/{self.section}/{i}"), raw) from None
        for name in self._known:
            fields.pop(name, None)
        return fields

    def error(self, i: int, field: str, problem: str, record: Id | None) -> FormatError:
        """Word a problem with a field of record ``i``."""
        return FormatError(problem, self.file.name, f"/{self.section}/{i}/{field}", record)

    def id(self, value: RawId, i: int, field: str = "id") -> Id:
        """Give an id as it is used from here on."""
        if isinstance(value, float):
            if not value.is_integer():
                raise self.error(i, field, f"must be an integer or text, got {value}.", None)
            return int(value)
        return value

    def inside(self, folder: Path, name: str, i: int, field: str, record: Id | None) -> Path:
        """Give the path of a file that record ``i`` names, which lies in the folder."""
        try:
            return folder.joinpath(*safe_parts(name))
        except FormatError as error:
            raise self.error(i, field, error.problem, record) from None

    def _named(self, error: FormatError, raw: msgspec.Raw) -> FormatError:
        try:
            record: Id | None = _NAMED.decode(raw).id
        except FAULTS:
            record = None
        return FormatError(error.problem, error.file, error.place, record)


class _Named(msgspec.Struct):
    id: int | str


_NAMED: Final = msgspec.json.Decoder(_Named)


def _mark(token: re.Match[bytes]) -> bytes:
    text = token.group()
    return text if text.startswith(b'"') else _MARK + text + b'"'


def sniff(path: Path) -> bytes:
    """Beginning and end of a file, for a look at what it may be; empty for a folder."""
    if not path.is_file():
        return b""
    state = path.stat()
    return _sniff(path, state.st_size, state.st_mtime_ns)


def sniff_json(path: Path) -> bytes:
    """Like `sniff`, from the first character that is neither a byte order mark nor white space."""
    return sniff(path).removeprefix(BOM).lstrip()


@lru_cache(maxsize=1)  # all formats look at one file in turn
def _sniff(path: Path, size: int, changed: int) -> bytes:
    del changed
    with path.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(size - (1 << 16), len(head)))
        return head + b"\n" + file.read(1 << 16)
