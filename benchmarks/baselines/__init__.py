"""The engines that are compared, one file each, all with the signature of `base.Baseline`."""

from __future__ import annotations

from importlib import import_module

from benchmarks.baselines.base import Baseline

ENGINES = (
    "maskmill",
    "maskmill_direct",
    "maskmill_datasets",
    "pycocotools",
    "hotcoco",
    "ultrafast_pycocotools",
    "faster_coco_eval",
    "rlemasklib",
    "opencv",
    "pillow",
    "scikit_image",
    "rasterio",
    "supervision",
    "torchvision",
)


def load(name: str) -> Baseline:
    """Give an engine; ImportError where it is not installed."""
    engine: Baseline = import_module(f"benchmarks.baselines.{name}").ENGINE
    return engine
