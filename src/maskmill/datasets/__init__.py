"""Datasets: their files, formats and conversion."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from maskmill.loading import loading

if TYPE_CHECKING:
    from maskmill.datasets.conversion import convert
    from maskmill.datasets.dataset import Category, Dataset, Header, Images, Instances, Shard
    from maskmill.datasets.drawing import overlay
    from maskmill.datasets.format import Format, Options, ReadOptions, Writer
    from maskmill.datasets.registry import detect, format_names, get_format, read
    from maskmill.datasets.report import Losses, Report
    from maskmill.datasets.shapes import Shapes
    from maskmill.datasets.summary import Summary, summarize

__all__ = [
    "Category",
    "Dataset",
    "Format",
    "Header",
    "Images",
    "Instances",
    "Losses",
    "Options",
    "ReadOptions",
    "Report",
    "Shapes",
    "Shard",
    "Summary",
    "Writer",
    "convert",
    "detect",
    "format_names",
    "get_format",
    "overlay",
    "read",
    "summarize",
]

_HOME = {
    "Category": "dataset",
    "Dataset": "dataset",
    "Format": "format",
    "Header": "dataset",
    "Images": "dataset",
    "Instances": "dataset",
    "Losses": "report",
    "Options": "format",
    "ReadOptions": "format",
    "Report": "report",
    "Shapes": "shapes",
    "Shard": "dataset",
    "Summary": "summary",
    "Writer": "format",
    "convert": "conversion",
    "detect": "registry",
    "format_names": "registry",
    "get_format": "registry",
    "overlay": "drawing",
    "read": "registry",
    "summarize": "summary",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'maskmill.datasets' has no attribute {name!r}")
    with loading:
        value = getattr(import_module(f"maskmill.datasets.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
