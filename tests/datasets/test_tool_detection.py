"""A format of an annotation tool knows its own files, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from maskmill.datasets import get_format
from tests.conftest import data_path

TOOLS = {
    "labelme": "labelme",
    "cvat": "cvat_xml",
    "supervisely": "supervisely",
    "labelbox": "labelbox",
    "scale": "scale_ai",
    "via": "via",
    "label-studio": "label_studio",
    "darwin": "v7_darwin",
    "datumaro": "datumaro",
    "superannotate": "superannotate",
}
"""Formats, and the folder of their files."""

SOURCES = {
    "labelme": ["labelme/primitives", "labelme/instance_segmentation", "labelme/video_annotation"],
    "cvat": ["cvat_xml/coral/annotations.xml", "cvat_xml/datumaro/export_task/train.xml"],
    "supervisely": ["supervisely/tutorial_project"],
    "labelbox": ["labelbox/panlabel/sample_valid.labelbox.ndjson"],
    "scale": ["scale_ai/panlabel/sample_valid.scale_ai.json"],
    "via": ["via/balloon/val/via_region_data.json", "via/icevision/via_bbox.json"],
    "label-studio": ["label_studio/image_polygons/annotations.json"],
    "darwin": ["v7_darwin/coco/from", "v7_darwin/instance_mask/from/000000021295.json"],
    "datumaro": ["datumaro/legacy", "datumaro/legacy/train.json"],
    "superannotate": ["superannotate/sample_project_vector", "superannotate/sample_project_pixel"],
}


@pytest.mark.parametrize("name", TOOLS)
def test_knows_its_own_and_no_other(name: str) -> None:
    assert all(get_format(name).detect(data_path("formats", *s.split("/"))) for s in SOURCES[name])
    root = data_path("formats")
    paths = [p for folder in ("formats", "coco", "lvis", "panoptic") for p in all_of(folder)]
    known = {p.relative_to(root).parts[0] for p in paths if get_format(name).detect(p)}
    assert known == {TOOLS[name]}


def all_of(folder: str) -> list[Path]:
    """All files of the data, and the folders that hold some."""
    root = data_path(folder)
    return [p for p in sorted(root.rglob("*")) if p.is_file() or any(p.glob("*.*"))]


@pytest.mark.parametrize("name", TOOLS)
def test_nothing_is_none_of_them(name: str, tmp_path: Path) -> None:
    for content in (b"", b"\x00" * 100, b"{}", b"[]", b"<a/>", b"\x89PNG\r\n\x1a\n"):
        (tmp_path / "x.json").write_bytes(content)
        assert not get_format(name).detect(tmp_path / "x.json")
        assert not get_format(name).detect(tmp_path)
    (tmp_path / "x.json").unlink()
    assert not get_format(name).detect(tmp_path)
