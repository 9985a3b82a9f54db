"""Parameters of `maskmill.compat.pycocotools.cocoeval`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maskmill.metrics.overlaps import COCO_SIGMAS

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["Params"]


class Params:
    """What COCOeval evaluates; every attribute may be set."""

    imgIds: list[Any]
    catIds: list[Any]
    iouThrs: Array
    recThrs: Array
    maxDets: list[int]
    areaRng: list[list[float]]
    areaRngLbl: list[str]
    useCats: int
    kpt_oks_sigmas: Array

    def __init__(self, iouType: str = "segm") -> None:
        if iouType in ("segm", "bbox"):
            self.setDetParams()
        elif iouType == "keypoints":
            self.setKpParams()
        else:
            raise ValueError(
                f"Params: iouType must be 'segm', 'bbox' or 'keypoints', got {iouType!r}. "
                "Spell it as listed."
            )
        self.iouType = iouType
        self.useSegm: int | None = None

    def setDetParams(self) -> None:
        """Set the defaults of masks and boxes."""
        self._set_common()
        self.maxDets = [1, 10, 100]
        edges: dict[str, tuple[float, float]] = {
            "all": (0, 1e5),
            "small": (0, 32),
            "medium": (32, 96),
            "large": (96, 1e5),
        }
        self._set_ranges(edges)

    def setKpParams(self) -> None:
        """Set the defaults of keypoints."""
        self._set_common()
        self.maxDets = [20]
        self._set_ranges({"all": (0, 1e5), "medium": (32, 96), "large": (96, 1e5)})
        self.kpt_oks_sigmas = np.array(COCO_SIGMAS)

    def _set_common(self) -> None:
        self.imgIds = []
        self.catIds = []
        # Two of these differ from 0.5 + 0.05 * i in the last bit.
        self.iouThrs = np.linspace(0.5, 0.95, 10)
        self.recThrs = np.linspace(0.0, 1.0, 101)
        self.useCats = 1

    def _set_ranges(self, edges: dict[str, tuple[float, float]]) -> None:
        self.areaRng = [[low**2, high**2] for low, high in edges.values()]
        self.areaRngLbl = list(edges)
