"""Modules that load at first use, and forks: one lock keeps them apart.

A child forked while another thread imports a module would wait for ever for that import to end.
"""

from __future__ import annotations

import os
from threading import RLock
from typing import Final

__all__ = ["loading"]

loading: Final = RLock()
"""Held while a module loads at first use: ``with loading: from maskmill.ops import coco``."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=loading.acquire, after_in_parent=loading.release, after_in_child=loading.release
    )
