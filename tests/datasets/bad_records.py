"""One table of bad records a format: each is named, or left out with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from maskmill import FormatError
from maskmill.datasets import Dataset, read
from maskmill.datasets.report import Skipped


def check_bad_record(
    path: Path, name: str, place: str, *, size: tuple[int, int] | None = None, inside: str = ""
) -> None:
    """Check that a dataset with one bad record, and a good image b.jpg, is read as it should.

    Parameters
    ----------
    path : Path
        The dataset.
    name : str
        Of its format.
    place : str
        Where the bad record is, or the beginning of that.
    size : (height, width), optional
        Of images that do not state theirs.
    inside : str
        File of the folder that holds the record.
    """
    with pytest.raises(FormatError) as caught:
        list(read(path, from_=name))
    assert caught.value.file == str(path / inside if inside else path)
    assert (caught.value.place or "").startswith(place)
    dataset = read(path, from_=name, on_error="skip", size=size)
    skipped, names = skipped_of(dataset)
    assert [s.place.startswith(inside + place) for s in skipped] == [True]
    assert "b.jpg" in names


def skipped_of(dataset: Dataset) -> tuple[list[Skipped], list[str]]:
    """All records that were left out, and the names of the images that were not."""
    shards = list(dataset)
    skipped = [*dataset.skipped, *(s for shard in shards for s in shard.skipped)]
    return skipped, [name for shard in shards for name in shard.images.file_names]


BROKEN = [b"", b"{", b"[", b'{"a": ', b"[" * 100_000, b"\xff\xfe", b"null", b'"x"', b"7", b"{}{}"]
"""Files that are no dataset in JSON."""


def check_broken_file(path: Path, text: bytes, name: str, *, inside: str = "") -> None:
    """Check that a file of nonsense is refused."""
    file = path / inside if inside else path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
    with pytest.raises(FormatError):
        list(read(path, from_=name))
