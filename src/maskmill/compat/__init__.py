"""The names of other packages, over maskmill: programs that import those run unchanged.

`maskmill.compat.pycocotools` has the modules ``mask``, ``coco`` and ``cocoeval``.
"""

from __future__ import annotations

import sys
from importlib import import_module

from maskmill.loading import loading

__all__ = ["init_as_pycocotools"]


def init_as_pycocotools() -> None:
    """Let ``import pycocotools`` mean `maskmill.compat.pycocotools`, in this process from now on.

    Notes
    -----
    Call it before other packages import pycocotools: what they imported before keeps its meaning.
    pycocotools itself need not be installed. It leaves no trace on disk.

    Examples
    --------
    >>> from maskmill.compat import init_as_pycocotools
    >>> init_as_pycocotools()  # doctest: +SKIP
    >>> from pycocotools.coco import COCO  # doctest: +SKIP
    """
    with loading:
        for name in ("", ".mask", ".coco", ".cocoeval"):
            module = import_module(f"maskmill.compat.pycocotools{name}")
            sys.modules[f"pycocotools{name}"] = module
