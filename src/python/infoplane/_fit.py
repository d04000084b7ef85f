"""_fit.py - how wide the texts of a figure are, and how they are made to fit.

All widths are in inches, sizes of letters in points.
"""
from __future__ import annotations

import re
from typing import List, Sequence, Tuple

SPARE = 1.1  # drawn letters, hinted to whole pixels, are wider than their outlines


def width_of(text: str, size: float) -> float:
    """Of one line, with its formulas."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path
    if not text:
        return 0.0
    plain, formula = _parsed(text)
    wide, _, _ = text_to_path.get_text_width_height_descent(
        plain, FontProperties(size=size), formula)
    return SPARE * wide / 72.0


def _parsed(text: str) -> Tuple[str, bool]:
    """matplotlib's rule: an even number of dollars holds formulas."""
    dollars = text.count("$") - text.count(r"\$")
    formula = dollars > 0 and dollars % 2 == 0
    return text if formula else text.replace(r"\$", "$"), formula


def shrunk(text: str, size: float, room: float) -> float:
    """The size of letters, at most this one, of which the text fits."""
    return size * min(1.0, room / max(width_of(text, size), 1e-9))


def wrapped(text: str, size: float, room: float) -> List[str]:
    """Lines that fit: broken after a space or comma, and where none is, anywhere."""
    lines: List[str] = []
    line = ""
    for word in re.findall(r"[^ ,]*[ ,]*", text)[:-1]:
        if line and width_of((line + word).rstrip(), size) > room:
            lines, line = lines + [line.rstrip()], ""
        line += word
        while width_of(line.rstrip(), size) > room and len(line) > 1:
            cut = max(1, int(len(line) * room / width_of(line, size)))
            while cut > 1 and width_of(line[:cut], size) > room:
                cut -= 1
            lines, line = lines + [line[:cut]], line[cut:]
    return lines + [line.rstrip()]


def columns_of(widths: Sequence[float], between: float, room: float) -> int:
    """In how many columns these entries fit, in as few rows as can be. Columns are as
    wide as their widest entry, and are filled one after the other."""
    count = len(widths)
    for rows in range(1, count):
        columns = -(-count // rows)
        tall, more = divmod(count, columns)
        at, wide = 0, between * (columns - 1)
        for column in range(columns):
            end = at + tall + (column < more)
            wide, at = wide + max(widths[at:end]), end
        if wide <= room:
            return columns
    return 1
