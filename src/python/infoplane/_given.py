"""_given.py - single numbers that a caller gave, or one clear line."""
from __future__ import annotations

from typing import Any

from .errors import ArgumentError


def whole(what: str, value: Any, least: int = 0) -> int:
    """A whole number, of any library, from `least`."""
    try:
        number = int(value)
        if number == value and number >= least:  # no text equals a number
            return number
    except (TypeError, ValueError, OverflowError):
        pass
    raise ArgumentError(f"{what} {value!r}: expected a whole number from {least}")


def real(what: str, value: Any) -> float:
    """A number, of any library."""
    try:
        if not isinstance(value, str):
            return float(value)
    except (TypeError, ValueError, RuntimeError):
        pass
    raise ArgumentError(f"{what} {value!r}: expected a number")
