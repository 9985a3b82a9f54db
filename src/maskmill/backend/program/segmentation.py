"""Segmentation text to columns."""

from __future__ import annotations

from collections.abc import Sequence

from maskmill.backend.contract import Segmentations


def parse_segmentations(texts: Sequence[bytes | memoryview]) -> Segmentations:
    raise NotImplementedError
