"""Which formats there are: the built-in ones, and those that other packages add."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from maskmill import ragged
from maskmill.errors import FormatError
from maskmill.loading import loading
from maskmill.ops.check import check_choice

if TYPE_CHECKING:
    from maskmill.datasets.dataset import Dataset
    from maskmill.datasets.format import Format, ReadOptions
    from maskmill.datasets.jsonfile import OnError

__all__ = ["detect", "format_names", "get_format", "read", "read_options"]

GROUP: Final = "maskmill.formats"

_BUILT_IN: Final = {
    "coco": "maskmill.datasets.formats.coco",
    "lvis": "maskmill.datasets.formats.lvis",
    "coco-rle": "maskmill.datasets.formats.coco_rle",
    "coco-polygons": "maskmill.datasets.formats.coco_polygons",
    "semantic-png": "maskmill.datasets.formats.semantic_png",
    "instance-png": "maskmill.datasets.formats.instance_png",
    "panoptic": "maskmill.datasets.formats.panoptic",
    "cityscapes": "maskmill.datasets.formats.cityscapes",
    "voc": "maskmill.datasets.formats.voc",
    "sa-1b": "maskmill.datasets.formats.sa1b",
    "kitti": "maskmill.datasets.formats.kitti",
    "camvid": "maskmill.datasets.formats.camvid",
    "yolo-seg": "maskmill.datasets.formats.yolo",
    "kaggle-rle": "maskmill.datasets.formats.kaggle_rle",
    "kaggle-rle-rows": "maskmill.datasets.formats.kaggle_rle_rows",
    "kaggle-rle-relative": "maskmill.datasets.formats.kaggle_rle_relative",
    "labelme": "maskmill.datasets.formats.labelme",
    "cvat": "maskmill.datasets.formats.cvat",
    "supervisely": "maskmill.datasets.formats.supervisely",
    "labelbox": "maskmill.datasets.formats.labelbox",
    "scale": "maskmill.datasets.formats.scale",
    "darwin": "maskmill.datasets.formats.darwin",
    "datumaro": "maskmill.datasets.formats.datumaro",
    "superannotate": "maskmill.datasets.formats.superannotate",
    "via": "maskmill.datasets.formats.via",
    "label-studio": "maskmill.datasets.formats.label_studio",
}


def format_names() -> list[str]:
    """Names of all formats, the built-in ones first."""
    added = {entry.name for entry in entry_points(group=GROUP)} - _BUILT_IN.keys()
    return [*_BUILT_IN, *sorted(added)]


@cache
def get_format(name: str) -> Format[Any]:
    """Give a format by its name.

    Raises
    ------
    ValueError
        If there is no such format.
    """
    if name in _BUILT_IN:
        with loading:
            built_in: Format[Any] = import_module(_BUILT_IN[name]).FORMAT
        return built_in
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            with loading:
                added: Format[Any] = entry.load()
            return added
    raise ValueError(
        f"get_format: name must be one of {', '.join(format_names())}, got {name!r}. "
        f"A package adds formats by the entry point group {GROUP}."
    )


def detect(path: Path) -> Format[Any]:
    """Recognise the format of a file or folder.

    Raises
    ------
    FormatError
        If no format or more than one knows it.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    readable = [f for f in map(get_format, format_names()) if f.reads()]
    found = [f for f in readable if f.detect(path)]
    if len(found) == 1:
        return found[0]
    what = f"looks like {' and '.join(f.name for f in found)}" if found else "is not recognised"
    names = ", ".join(f.name for f in readable)
    raise FormatError(f"{what}. Name its format (from): {names}.", str(path))


def read(
    path: str | os.PathLike[str],
    *,
    from_: str | None = None,
    on_error: OnError = "raise",
    images: str | os.PathLike[str] | None = None,
    size: tuple[int, int] | None = None,
) -> Dataset:
    """Read a dataset: its header at once, its shards as they are asked for.

    Parameters
    ----------
    path : path
        File or folder.
    from_ : str, optional
        Name of the format; by default it is recognised.
    on_error : {"raise", "skip"}
        What to do with a bad record: raise a `FormatError`, or leave it out and list it.
    images : path, optional
        Folder of the pictures, whose headers give the sizes that the annotations do not state.
    size : (height, width), optional
        Of pictures whose size is stated nowhere.

    Returns
    -------
    Dataset

    Raises
    ------
    FormatError
        If the file cannot be read, or a record is bad under ``"raise"``; a bad record may come to
        light only with its shard.

    Examples
    --------
    >>> dataset = read("examples/countries/countries.json")
    >>> sum(len(shard.masks()) for shard in dataset)
    313
    """
    source = Path(path)
    source_format = detect(source) if from_ is None else get_format(from_)
    options = read_options("read", on_error, images, size)
    return source_format.read(source, options)


def read_options(
    function: str,
    on_error: OnError,
    images: str | os.PathLike[str] | None,
    size: tuple[int, int] | None,
) -> ReadOptions:
    """Check how to read; ``function`` starts the message of an error."""
    with loading:
        from maskmill.datasets.format import ReadOptions
        from maskmill.datasets.jsonfile import OnError
    check_choice(function, "on_error", on_error, get_args(OnError))
    if size is not None:
        height, width = size
        ragged.check_image_size(function, height, width)
    return ReadOptions(
        on_error=on_error, images=None if images is None else Path(images), size=size
    )
