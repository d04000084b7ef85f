"""_needs.py - packages that are imported when they are needed."""
from __future__ import annotations

import importlib
from typing import Any


def need(module: str, what: str) -> Any:
    """The module; what: "frames are pandas'"."""
    try:
        return importlib.import_module(module)
    except ImportError as none:
        raise missing(module.split(".")[0], what) from none


def missing(package: str, what: str) -> ImportError:
    """The error that says what to install."""
    return ImportError(f"{what}, which is not installed: pip install {package}")
