from __future__ import annotations

import stat
from pathlib import Path

import pytest

from maskmill.datasets.files import atomic_path, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_writes_and_replaces(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    write_atomically(target, b"one")
    write_atomically(str(target), memoryview(b"two!"))
    assert target.read_bytes() == b"two!"
    assert names(tmp_path) == ["a.bin"]


def test_nothing_is_seen_under_the_name_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"part")
        assert not target.exists()
        assert temporary.parent == tmp_path
    assert target.read_bytes() == b"part"


def test_an_error_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    write_atomically(target, b"old")

    def write_half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_the_file_gets_the_permissions_of_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "ours", b"")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "ours")]
    assert modes[0] == modes[1]


def test_the_longest_name_is_fine(tmp_path: Path) -> None:
    name = "n" * 251 + ".png"
    write_atomically(tmp_path / name, b"x")
    assert names(tmp_path) == [name]


def test_a_missing_folder_and_a_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "none" / "a.bin", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        write_atomically(tmp_path / "folder", b"x")
    assert names(tmp_path) == ["folder"]
