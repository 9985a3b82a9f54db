"""Kaggle's run lengths along the rows of the picture."""

from __future__ import annotations

from maskmill.datasets.formats.kaggle_rle import KaggleRle

__all__ = ["FORMAT", "KaggleRleRows"]


class KaggleRleRows(KaggleRle):
    """As `KaggleRle`, but runs go along the rows. A file does not tell which: name the format."""

    name = "kaggle-rle-rows"
    summary = "Kaggle CSV: runs from 1, along the rows"
    order = "rows"


FORMAT = KaggleRleRows()
