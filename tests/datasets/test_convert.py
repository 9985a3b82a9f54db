from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from maskmill import FormatError
from maskmill.datasets import (
    Dataset,
    Format,
    Header,
    Losses,
    Options,
    ReadOptions,
    Shard,
    Writer,
    convert,
    registry,
)
from maskmill.datasets.jsonfile import OnError
from maskmill.datasets.png import read_label_png
from tests.datasets.tiny import files_under, read_json, tiny_coco, write_json

OUTPUTS = ("coco-rle", "coco-polygons", "semantic-png", "instance-png", "panoptic")


def many_images(n: int, size: int = 20) -> dict[str, Any]:
    """Images with two overlapping instances each."""
    data = tiny_coco()
    first, second, _ = data["annotations"]
    data["images"] = [
        {"id": i, "file_name": f"{i:04}.jpg", "height": size, "width": size} for i in range(n)
    ]
    data["annotations"] = [
        record | {"id": 2 * i + k, "image_id": i}
        for i in range(n)
        for k, record in enumerate((first, second))
    ]
    return data


def target(folder: Path, to: str) -> Path:
    return folder / ("out.json" if to.startswith("coco") else "out")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files_under(folder)}


@pytest.mark.parametrize("to", OUTPUTS)
def test_output_does_not_depend_on_the_jobs(
    tmp_path: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = many_images(90)
    data["annotations"][17]["segmentation"] = [[1]]
    data["annotations"][100]["category_id"] = "?"
    data["annotations"].append(data["annotations"][0])
    write_json(tmp_path / "x.json", data)
    found = []
    for jobs in (1, 2, 7):
        folder = tmp_path / str(jobs)
        folder.mkdir()
        monkeypatch.chdir(folder)  # the report names the target
        report = convert("../x.json", target(Path(), to), to=to, jobs=jobs, on_error="skip")
        assert [r.place for r in report.skipped] == [
            "/annotations/17/segmentation",
            "/annotations/100/category_id",
            "/annotations/180/id",
        ]
        assert (report.images, report.instances) == (90, 178)
        found.append(contents(folder))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) >= 2


def test_progress_counts_images(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", many_images(40))
    calls: list[tuple[int, int | None]] = []
    convert(
        source,
        tmp_path / "out.json",
        to="coco-rle",
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(32, 40), (40, 40)]


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("to", OUTPUTS)
@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
def test_nothing_half_written_is_left(
    tmp_path: Path, to: str, jobs: int, stop: type[BaseException]
) -> None:
    source = write_json(tmp_path / "x.json", many_images(100))
    folder = tmp_path / "folder"

    def interrupt(done: int, total: int | None) -> None:
        assert total == 100
        if done > 40:
            raise stop

    with pytest.raises(stop):
        convert(source, target(folder, to), to=to, jobs=jobs, progress=interrupt)
    left = files_under(folder)
    assert all(name.endswith(".png") for name in left)
    assert (len(left) >= 40) == (not to.startswith("coco"))
    for name in left:
        assert read_label_png(folder / name, rgb=to == "panoptic").shape == (20, 20)
    assert not [t for t in threading.enumerate() if t.name.startswith("maskmill")]


def test_an_older_output_survives_a_failure(tmp_path: Path) -> None:
    good = write_json(tmp_path / "x.json", tiny_coco())
    data = tiny_coco()
    data["annotations"][2]["segmentation"] = 3
    bad = write_json(tmp_path / "y.json", data)
    convert(good, tmp_path / "out.json", to="coco-rle")
    before = (tmp_path / "out.json").read_bytes()
    with pytest.raises(FormatError):
        convert(bad, tmp_path / "out.json", to="coco-rle", overwrite=True)
    assert (tmp_path / "out.json").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_interrupt_of_the_command(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", many_images(4000, 300))
    command = [sys.executable, "-m", "maskmill", "convert", str(source), str(tmp_path / "out")]
    process = subprocess.Popen(
        [*command, "--to", "panoptic", "--jobs", "2"], stderr=subprocess.PIPE, text=True
    )
    folder = tmp_path / "out" / "panoptic"
    deadline = time.monotonic() + 60
    while not (folder.is_dir() and any(folder.glob("*.png"))):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in errors
    left = files_under(tmp_path / "out")
    assert left
    assert all(name.endswith(".png") for name in left)
    for name in sorted(left)[-5:]:
        assert read_label_png(tmp_path / "out" / name, rgb=True).shape == (300, 300)


PEAK = """
import sys
from maskmill.datasets import convert
convert(sys.argv[1], sys.argv[2], to=sys.argv[3], jobs=2)
with open("/proc/self/status") as status:
    print([int(line.split()[1]) for line in status if line.startswith("VmHWM")][0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory from /proc")
@pytest.mark.parametrize("to", ["coco-rle", "semantic-png", "panoptic"])
def test_memory_does_not_grow_with_the_images(tmp_path: Path, to: str) -> None:
    peaks = []
    # A sanitizer keeps what was freed for a while: not for long here.
    options = f"{os.environ.get('ASAN_OPTIONS', '')}:quarantine_size_mb=1"
    env = {**os.environ, "ASAN_OPTIONS": options}
    for n in (40, 160):
        source = write_json(tmp_path / f"{n}.json", many_images(n, 1000))
        command = [sys.executable, "-c", PEAK, str(source), str(target(tmp_path / f"{n}", to)), to]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
        peaks.append(int(done.stdout))
    # 120 images more are 114 MB as 8-bit maps; the window holds a few shards of 8 images.
    assert peaks[1] - peaks[0] < 30_000  # KiB


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../evil.jpg", "must not go up out of its folder"),
        ("a/../../evil.jpg", "must not go up out of its folder"),
        ("a\\..\\..\\evil.jpg", "must not go up out of its folder"),
        ("/tmp/evil.jpg", "must be relative"),
        ("\\\\host\\share\\evil.jpg", "must be relative"),
        ("C:\\evil.jpg", "must not name a drive"),
        ("c:evil.jpg", "must not name a drive"),
        ("sub/d:/evil.jpg", "must not name a drive"),
        ("evil\0.jpg", "must not hold a NUL"),
        ("", "must name a file"),
        (".", "must name a file"),
        ("..", "must not go up out of its folder"),
    ],
)
def test_names_that_lead_out_of_the_folder(tmp_path: Path, name: str, problem: str) -> None:
    data = tiny_coco()
    data["images"][0]["file_name"] = name
    (tmp_path / "in").mkdir()
    source = write_json(tmp_path / "in" / "x.json", data)
    for to in ("semantic-png", "instance-png", "panoptic"):
        with pytest.raises(FormatError) as caught:
            convert(source, tmp_path / "deep" / "er" / to, to=to)
        assert f"{source}: /images/0 (id 1): file_name {problem}, got " in str(caught.value)
        report = convert(
            source, tmp_path / "deep" / "er" / to, to=to, on_error="skip", overwrite=True
        )
        assert (report.images, report.instances) == (1, 1)
        assert [(r.place, r.id) for r in report.skipped] == [("/images/0", 1)]
    # A format that makes no file of the name keeps it as it is.
    convert(source, tmp_path / "deep" / "out.json", to="coco-polygons")
    assert read_json(tmp_path / "deep" / "out.json")["images"][0]["file_name"] == name
    pngs = [p.name for p in tmp_path.rglob("*.png")]
    assert pngs == ["b.png"] * 3
    assert {p.name for p in tmp_path.iterdir()} == {"in", "deep"}
    assert not Path("/tmp/evil.png").exists()


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("other", ["0000.jpg", "0000.png", "./0000.jpg", ".//0000.jpg"])
def test_two_images_with_one_output_are_an_error(tmp_path: Path, other: str, jobs: int) -> None:
    data = many_images(60)
    data["images"][50]["file_name"] = other
    source = write_json(tmp_path / "x.json", data)
    policies: tuple[OnError, ...] = ("raise", "skip")
    for on_error in policies:
        with pytest.raises(FormatError) as caught:
            convert(
                source,
                tmp_path / "out",
                to="semantic-png",
                jobs=jobs,
                on_error=on_error,
                overwrite=True,
            )
        assert (
            f"must lead to an output of its own, got '0000.jpg' and {other!r}, "
            "which both become '0000.png'"
        ) in str(caught.value)
    convert(source, tmp_path / "out.json", to="coco-rle")


def test_names_without_a_suffix_keep_their_end(tmp_path: Path) -> None:
    data = many_images(3)
    for i, name in enumerate(("frame.0001", "frame.0002", "x.tar.JPEG")):
        data["images"][i]["file_name"] = name
    convert(write_json(tmp_path / "x.json", data), tmp_path / "out", to="semantic-png")
    pngs = {name for name in files_under(tmp_path / "out") if name.endswith("png")}
    assert pngs == {"frame.0001.png", "frame.0002.png", "x.tar.png"}


def test_targets_that_are_there(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    full = tmp_path / "full"
    full.mkdir()
    (full / "note.txt").write_text("mine")
    file = tmp_path / "file.json"
    file.write_text("mine")
    for to, path, error, message in (
        ("coco-rle", file, FileExistsError, "there is something already. Pass overwrite=True"),
        ("panoptic", full, FileExistsError, "there is something already. Pass overwrite=True"),
        ("coco-rle", full, IsADirectoryError, "coco-rle is one file. Name it, as in"),
        ("panoptic", file, NotADirectoryError, "panoptic is a folder. Name a new one"),
        ("coco-rle", source, FileExistsError, "the source cannot be the target"),
    ):
        with pytest.raises(error, match=message):
            convert(source, path, to=to)
    assert contents(full) == {"note.txt": b"mine"}
    convert(source, full, to="panoptic", overwrite=True)
    convert(source, file, to="coco-rle", overwrite=True)
    assert (full / "note.txt").read_text() == "mine"
    with pytest.raises(FileExistsError, match="the source cannot be the target"):
        convert(source, source, to="coco-rle", overwrite=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    convert(source, empty, to="semantic-png")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"to": "png"}, "get_format: name must be one of coco, "),
        ({"to": "panoptic", "from_": "x"}, "get_format: name must be one of"),
        ({"to": "panoptic", "jobs": 0}, "convert: jobs must be at least 1, got 0"),
        ({"to": "panoptic", "rule": "x"}, "convert: rule must be one of 'coco', 'center', got 'x'"),
        ({"to": "panoptic", "on_error": "x"}, "convert: on_error must be one of 'raise', 'skip'"),
        ({"to": "coco-rle", "crowd": "void"}, "options of coco-rle must be among rule, got"),
    ],
)
def test_bad_arguments(tmp_path: Path, arguments: Any, message: str) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    with pytest.raises(ValueError, match=message):
        convert(source, tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_a_format_that_cannot_be_read(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    with pytest.raises(FormatError, match="coco-rle is a format to write, not to read"):
        convert(source, tmp_path / "out.json", to="coco", from_="coco-rle")


def test_report(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"].append(data["annotations"][0])
    source = write_json(tmp_path / "x.json", data)
    report = convert(source, tmp_path / "out", to="instance-png", on_error="skip")
    assert not report.complete
    assert read_json(tmp_path / "out" / "report.json") == report.to_dict()
    assert report.to_dict() == {
        "source": str(source),
        "target": str(tmp_path / "out"),
        "from": "coco",
        "to": "instance-png",
        "rule": "coco",
        "complete": False,
        "images": 2,
        "instances": 3,
        "skipped": [
            {
                "place": "/annotations/3/id",
                "id": 11,
                "problem": "must be unique, got it twice. Renumber one.",
            }
        ],
        "losses": {
            "crowd_drawn": {
                "text": "crowd regions drawn like single instances, below them",
                "records": 1,
                "ids": [13],
            },
            "overlap": {
                "text": "images where labels overlap, each pixel going to the one on top",
                "records": 1,
                "pixels": 4,
                "ids": [1],
            },
        },
        "fields_not_carried": {"attributes": 1},
    }
    assert report.to_text().splitlines()[1:] == [
        "  crowd regions drawn like single instances, below them: 1",
        "  images where labels overlap, each pixel going to the one on top: 1 (4 pixels)",
        "  fields not carried: attributes (1)",
        "  records skipped: 1; the first of them:",
        "    /annotations/3/id (id 11): must be unique, got it twice. Renumber one.",
    ]


class Lines(Format[Options]):
    """A format as another package would add it: a line an image."""

    name = "lines"
    summary = "a line an image"

    def detect(self, path: Path) -> bool:
        return path.suffix == ".lines"

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        from maskmill.datasets import read

        del options
        inner = read(path.read_text().splitlines()[0])  # the first line names a COCO file
        return Dataset(inner.header, inner.loaders)

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[str]]:
        assert options.rule == "coco"
        lines: list[str] = []
        yield LineWriter(lines)
        path.write_text("\n".join([str(len(header.categories)), *lines]))


class LineWriter(Writer[str]):
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def encode(self, shard: Shard, losses: Losses) -> str:
        del losses
        return "\n".join(shard.images.file_names)

    def append(self, piece: str) -> None:
        self.lines.append(piece)


class Entry:
    name = "lines"

    def load(self) -> Format[Options]:
        return Lines()


def test_formats_of_other_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [Entry()] * (group == registry.GROUP)
    )
    source = write_json(tmp_path / "x.json", tiny_coco())
    convert(source, tmp_path / "y.lines", to="lines")
    assert (tmp_path / "y.lines").read_text().splitlines() == ["2", "a.jpg", "sub/b.png"]
    (tmp_path / "z.lines").write_text(f"{source}\n")
    report = convert(tmp_path / "z.lines", tmp_path / "z.json", to="coco-polygons")
    assert report.source_format == "lines"
    assert read_json(tmp_path / "z.json")["annotations"] == tiny_coco()["annotations"]
    assert registry.format_names()[-1] == "lines"
    registry.get_format.cache_clear()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    data = many_images(20)
    data["images"][3]["file_name"] = "x" * 400 + ".jpg"  # too long for a file
    source = write_json(tmp_path / "x.json", data)
    with pytest.raises(OSError, match="name too long"):
        convert(source, tmp_path / "out", to="semantic-png", on_error="skip")
    assert "labels.json" not in files_under(tmp_path / "out")
    assert not [p for p in (tmp_path / "out").iterdir() if p.suffix == ".tmp"]
