"""Kaggle's run lengths whose starts count from the end of the run before."""

from __future__ import annotations

from maskmill.datasets.formats.kaggle_rle import KaggleRle

__all__ = ["FORMAT", "KaggleRleRelative"]


class KaggleRleRelative(KaggleRle):
    """As `KaggleRle`, but a start counts the pixels between two runs, as in SIIM-ACR.

    An image without an instance has ``-1``.
    """

    name = "kaggle-rle-relative"
    summary = "Kaggle CSV: runs relative to one another, down the columns (SIIM-ACR)"
    relative = True
    empty = "-1"


FORMAT = KaggleRleRelative()
