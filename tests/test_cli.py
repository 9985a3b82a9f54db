from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from maskmill.backend.contract import RASTER_RULES
from maskmill.cli import main
from maskmill.cli.options import RULES
from maskmill.datasets import format_names
from tests.conftest import data_path
from tests.datasets.tiny import files_under, read_json, tiny_coco, write_json


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], prog_name="maskmill")


def in_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "maskmill", *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_json(tmp_path / "x.json", tiny_coco())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["convert", "--help"], ["info", "-h"], ["show", "-h"]]
)
def test_help_imports_no_array_library(arguments: Sequence[str]) -> None:
    code = (
        "import sys\n"
        "from maskmill.cli import main\n"
        "try:\n"
        f"    main({list(arguments)}, prog_name='maskmill')\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "loaded = {'numpy', 'PIL', 'msgspec', 'rich', 'maskmill._core'} & sys.modules.keys()\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "maskmill" in done.stdout


def test_convert(tmp_path: Path, source: Path) -> None:
    result = run("convert", source, tmp_path / "out", "--to", "semantic-png", "--jobs", 2)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert result.stdout.startswith("coco to semantic-png: 2 images, 3 instances in ")
    assert "  images where labels overlap, each pixel going to the one on top: 1 (4 pixels)" in (
        result.stdout.splitlines()
    )
    named = {"labels.json", "images.json", "report.json"}
    assert files_under(tmp_path / "out") == named | {"a.png", "sub/b.png"}


def test_convert_with_options(tmp_path: Path, source: Path) -> None:
    options = ["--crowd", "void", "--order", "input", "--labels", "index"]
    values = ["--background", "9", "--void", "8", "--from", "coco"]
    result = run("convert", source, tmp_path / "out", "--to", "semantic-png", *options, *values)
    assert result.exit_code == 0, result.output
    legend = read_json(tmp_path / "out" / "labels.json")
    assert (legend["background"], legend["void"]) == (9, 8)
    assert [c["value"] for c in legend["categories"]] == [0, 1]
    with Image.open(tmp_path / "out" / "sub" / "b.png") as picture:
        assert np.unique(np.asarray(picture)).tolist() == [8, 9]


def test_skipped_records_show_in_the_exit_status(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][1]["category_id"] = 5
    source = write_json(tmp_path / "x.json", data)
    result = run("convert", source, tmp_path / "out.json", "--to", "coco-rle")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"Error: {source}: /annotations/1/category_id (id 12): must be the id of a category, "
        "got 5.\n"
    )
    assert not (tmp_path / "out.json").exists()
    result = run("convert", source, tmp_path / "out.json", "--to", "coco-rle", "--on-error", "skip")
    assert result.exit_code == 1
    assert "records skipped: 1" in result.stdout
    assert len(read_json(tmp_path / "out.json")["annotations"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.json", "out"], "Missing option '--to'"),
        (["x.json", "out", "--to", "png"], "'png' is not one of coco, "),
        (["x.json", "out", "--to", "panoptic", "--from", "coco-rle"], "is not one of coco, "),
        (["x.json", "out", "--to", "panoptic", "--size", "480"], "'480' is not like 480x640"),
        (["x.json", "out", "--to", "panoptic", "--jobs", "0"], "0 is not in the range"),
        (["x.json", "out", "--to", "panoptic", "--rule", "round"], "'round' is not one of"),
        (["x.json", "out", "--to", "panoptic", "--void", "3"], "--void does not go with"),
        (["x.json", "out", "--to", "semantic-png", "--void", "70000"], "is not in the range"),
        (["x.json", "--to", "panoptic"], "Missing argument 'DST'"),
        (["x.json", "out", "--to", "panoptic", "--nonsense"], "No such option"),
    ],
)
def test_usage_errors(arguments: list[str], message: str) -> None:
    result = run("convert", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_expected_errors_take_one_line(tmp_path: Path, source: Path) -> None:
    (tmp_path / "broken.json").write_text('{"images": [')
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    for arguments, message in (
        (("convert", tmp_path / "none.json", tmp_path / "out", "--to", "panoptic"), "no such file"),
        (("convert", tmp_path / "broken.json", tmp_path / "out", "--to", "panoptic"), "recognised"),
        (("convert", source, tmp_path / "taken", "--to", "panoptic"), "there is something already"),
        (("convert", source, source / "out", "--to", "coco-rle"), "x.json"),
        (("info", tmp_path / "none.json"), "no such file"),
        (("info", tmp_path / "broken.json", "--from", "coco"), "must be whole, got a file that"),
        (("info", tmp_path, "--from", "coco"), "Is a directory"),
        (("show", source, "--image", "77"), "image must be the id or file name of an image"),
        (("show", source, "--image", "1", "-o", tmp_path / "no" / "x.png"), "No such file"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1, result.output
        assert message in result.stderr
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""


def test_info(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][1]["segmentation"] = [[-3, 0, 4, 0, 4, 4]]
    data["annotations"].append({})
    data["categories"][0]["name"] = "cat [red]"  # no markup
    source = write_json(tmp_path / "x.json", data)
    result = run("info", source)
    assert result.exit_code == 0, result.output
    words = [line.split() for line in result.stdout.splitlines()]
    assert ["images", "2"] in words
    assert ["instances", "3"] in words
    assert ["6", "8", "1"] in words
    assert ["7", "cat", "[red]", "2", "2", "14"] in words
    assert (
        "instances that reach out of their image, cut at its border: 1 (1 vertices)"
        in result.stdout
    )
    assert "records that cannot be read: 1" in result.stdout
    assert "/annotations/3: must have the required field" in result.stdout


def test_info_as_json(source: Path) -> None:
    result = run("info", source, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["images"], found["instances"], found["crowd"]) == (2, 3, 1)
    assert found["problems"] == {"skipped": [], "found": {}}


def test_info_without_problems() -> None:
    path = data_path("coco", "val2014_100", "instances_val2014_100.json")
    result = run("info", path)
    assert "no problems found" in result.stdout
    assert "and 10 categories without instances" in result.stdout


def test_show(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    result = run("show", source, "--image", "sub/b.png")
    assert result.exit_code == 0, result.output
    assert files_under(folder) == {"b.overlay.png"}
    with Image.open(folder / "b.overlay.png") as picture:
        assert picture.size == (5, 5)
        assert picture.mode == "RGB"
    assert "image 2, 5 high and 5 wide, on grey" in result.stdout
    assert "  1 cat" in result.stdout.splitlines()


@pytest.mark.parametrize("where", ["nowhere", "beside the file", "in a folder"])
def test_show_on_the_image(tmp_path: Path, source: Path, where: str) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    if where != "nowhere":
        home = folder if where == "in a folder" else tmp_path
        Image.new("RGB", (8, 6), (10, 20, 30)).save(home / "a.jpg", quality=100)
    arguments = ["--images", folder] if where == "in a folder" else []
    result = run("show", source, "--image", 1, "-o", tmp_path / "out.png", *arguments)
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.size == (8, 6)
        corner = np.asarray(picture)[0, 7].tolist()
    expected = [128, 128, 128] if where == "nowhere" else [10, 20, 30]
    assert np.abs(np.subtract(corner, expected)).max() < 5


def test_show_of_an_image_whose_name_is_no_file(tmp_path: Path) -> None:
    data = tiny_coco()
    data["images"][0]["file_name"] = "/abs/olute.jpg"
    data["annotations"][0]["area"] = "large"
    source = write_json(tmp_path / "x.json", data)
    result = run("show", source, "--image", 1, "-o", tmp_path / "out.png")
    assert result.exit_code == 0, result.output
    assert "on grey" in result.stdout
    assert result.stderr == "Some records cannot be read; `maskmill info` lists them.\n"


def test_formats() -> None:
    result = run("formats")
    assert result.exit_code == 0
    head, *names = [line.split()[0] for line in result.stdout.splitlines() if line[:1].strip()]
    assert head == "format"
    assert [name for name in names if name in format_names()] == format_names()


def test_rules_of_the_command_are_those_of_the_library() -> None:
    assert RULES == RASTER_RULES


def test_as_a_process(tmp_path: Path) -> None:
    path = data_path("coco", "icevision6", "annotations.json")
    done = in_process("convert", str(path), str(tmp_path / "out"), "--to", "panoptic")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bar where nobody looks
    assert done.stdout.startswith("coco to panoptic: 6 images, 36 instances in ")
    assert len(files_under(tmp_path / "out")) == 8
    done = in_process("convert", str(path), str(tmp_path / "out"), "--to", "panoptic")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert in_process("convert").returncode == 2
