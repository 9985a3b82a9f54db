"""The frame of a PNG file: its chunks and its header (ISO/IEC 15948, chapters 5 and 11)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from zlib_ng import zlib_ng

from maskmill.errors import FormatError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

GREY: Final = 0
RGB: Final = 2
PALETTE: Final = 3
"""Colour types; those with alpha are not written and not read."""

_KINDS: Final = {
    0: ("grey", 1, (1, 2, 4, 8, 16)),
    2: ("RGB", 3, (8, 16)),
    3: ("palette", 1, (1, 2, 4, 8)),
    4: ("grey with alpha", 2, (8, 16)),
    6: ("RGBA", 4, (8, 16)),
}
"""Name, channels and depths of each colour type."""

_ADAM7: Final = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
                 (1, 0, 2, 1))  # fmt: skip
"""First row, first column, row step and column step of the passes of interlaced images."""

_SLICE: Final = 2**14  # bytes inflated at a time: at most 17 MB come out of them


class Frame(NamedTuple):
    """What a PNG file holds, still deflated."""

    width: int
    height: int
    depth: int  # bits a channel
    colour: int
    interlaced: int  # 0 or 1
    palette: bytes  # red, green, blue of each index
    data: bytes

    @property
    def kind(self) -> str:
        """Depth and colour type in words."""
        return f"{self.depth}-bit {_KINDS[self.colour][0]}"


def chunk(kind: bytes, *parts: bytes) -> Iterator[bytes]:
    """Frame the parts as one chunk."""
    crc = zlib_ng.crc32(kind)
    for part in parts:
        crc = zlib_ng.crc32(part, crc)
    yield struct.pack(">I", sum(map(len, parts))) + kind
    yield from parts
    yield struct.pack(">I", crc)


def read_frame(what: str, content: bytes) -> Frame:
    """Take a file apart and check that it is whole; ``what`` starts the message of an error."""
    if not content.startswith(SIGNATURE):
        got = "JPEG data" if content.startswith(b"\xff\xd8") else repr(content[:8])
        raise FormatError(
            f"{what} must be a PNG file, got {got}. Lossy formats change labels; use PNG."
        )
    chunks = _chunks(what, content)
    kind, header = next(chunks)
    if kind != b"IHDR" or len(header) != 13:
        raise FormatError(
            f"{what} must start with its header, got a chunk {_shown(kind)} of {len(header)} "
            "bytes. Write it again."
        )
    width, height, depth, colour, method, filters, interlaced = struct.unpack(">2I5B", header)
    known = colour in _KINDS and depth in _KINDS[colour][2]
    if not known or not 0 < width < 2**31 or not 0 < height < 2**31:
        raise FormatError(
            f"{what} must have a size and a kind that PNG knows, got {width}x{height} pixels, "
            f"colour type {colour}, {depth} bits. Write it again."
        )
    if (method, filters) != (0, 0) or interlaced not in (0, 1):
        raise FormatError(
            f"{what} must use the methods that PNG knows, got compression {method}, filters "
            f"{filters}, interlacing {interlaced}. Write it again."
        )
    palette = b""
    data = []
    for kind, part in chunks:
        if kind == b"PLTE":
            palette = bytes(part)
        elif kind == b"IDAT":
            data.append(part)
    if colour == PALETTE and (not 3 <= len(palette) <= 768 or len(palette) % 3):
        raise FormatError(
            f"{what} must have a palette of 1 to 256 colours, got {len(palette)} bytes. "
            "Write it again."
        )
    return Frame(width, height, depth, colour, interlaced, palette, b"".join(data))


def _chunks(what: str, content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view = memoryview(content)
    at = len(SIGNATURE)
    kind = b""
    while kind != b"IEND":
        length = int.from_bytes(view[at : at + 4], "big")
        kind = bytes(view[at + 4 : at + 8])
        end = at + 12 + length
        if end > len(view):
            raise FormatError(
                f"{what} must be whole, got a file that is cut off at byte {len(view)}, in the "
                f"chunk at byte {at}. Write or copy it again."
            )
        if zlib_ng.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            raise FormatError(
                f"{what} must be unharmed, got a wrong checksum in the chunk {_shown(kind)} at "
                f"byte {at}. Write or copy it again."
            )
        yield kind, view[at + 8 : end - 4]
        at = end


def _shown(kind: bytes) -> str:
    return repr(kind.decode("latin-1"))


def inflate(what: str, frame: Frame) -> bytes:
    """Give the filtered rows; raise FormatError unless they are the image, no less and no more.

    The check is ours because Pillow leaves the rows that are missing at zero.
    """
    bits = frame.depth * _KINDS[frame.colour][1]
    passes = _ADAM7 if frame.interlaced else ((0, 0, 1, 1),)
    expected = 0
    for first_row, first_column, row_step, column_step in passes:
        rows = (frame.height - first_row + row_step - 1) // row_step
        columns = (frame.width - first_column + column_step - 1) // column_step
        if rows > 0 and columns > 0:
            expected += rows * (1 + (columns * bits + 7) // 8)
    inflater = zlib_ng.decompressobj()
    view = memoryview(frame.data)
    pieces = []
    got = 0
    for at in range(0, len(view), _SLICE):
        try:
            pieces.append(inflater.decompress(view[at : at + _SLICE]))
        except zlib_ng.error as error:  # type: ignore[misc]  # typed as an instance
            raise FormatError(
                f"{what} must hold deflated rows, got: {error}. Write it again."
            ) from error
        got += len(pieces[-1])
        if inflater.eof or got > expected:
            break
    if got != expected or not inflater.eof:
        raise FormatError(
            f"{what} must hold the {expected} bytes of {frame.width}x{frame.height} pixels, "
            f"{frame.kind}, got {'more' if got > expected else got}. Write it again."
        )
    return b"".join(pieces)
