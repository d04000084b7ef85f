"""_words.py - the words of figures: titles, captions, and the notes under a panel."""
from __future__ import annotations

from typing import Any, Dict, Iterable, List, Sequence

import numpy as np

from ._points import AXES, Trajectory

# Okabe and Ito (2008), told apart with every colour vision, but yellow.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444")


def estimator_title(about: Dict[str, Any], estimator: str) -> str:
    """"kde-upper: noise variance 0.05", or the name where no caption is known."""
    for family in about.get("estimators", ()):
        if estimator in family["points"] and family["description"]:
            return f"{estimator}: {family['description']}"
    return estimator


def layer_title(about: Dict[str, Any], one: Trajectory) -> str:
    """"10-tanh", "fc1 (128)", or the layer's name; "layer 2" where it has none."""
    captions = about.get("layer_captions") or ()
    if one.layer <= len(captions) and captions[one.layer - 1]:
        return str(captions[one.layer - 1])
    return one.layer_name or f"layer {one.layer}"


def heading(abouts: Iterable[Dict[str, Any]], trajectories: List[Trajectory],
            seeds: str) -> str:
    """"ib - 4096 samples measured, mean of 4 seeds, +- one deviation"."""
    abouts = list(abouts)
    names = dict.fromkeys(str(a["name"]) for a in abouts if a.get("name"))
    rows = {a.get("n") for a in abouts}
    parts = [", ".join(names)] if names else []
    if len(rows) == 1 and None not in rows:
        parts.append(f"{rows.pop()} samples measured")
    text = " \N{EN DASH} ".join(parts)
    most = max(int(one.count.max()) for one in trajectories)
    bars = any(one.x_bar.any() or one.y_bar.any() for one in trajectories)
    if seeds != "each" and most > 1:
        text += f", mean of {most} seeds"
    if seeds == "band" and bars:
        text += ", ± one " + ("deviation" if most > 1 else "standard error")
    return text.lstrip(", ")


def joined(numbers: Sequence[int]) -> str:
    """1, 2, 3, 5 becomes "1-3,5", with an en dash."""
    parts: List[List[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(
        str(part[0]) if len(part) == 1 else
        f"{part[0]},{part[-1]}" if len(part) == 2 else
        f"{part[0]}\N{EN DASH}{part[-1]}" for part in parts)


def layers_text(ones: Iterable[Trajectory]) -> str:
    """"layer 2", "layers 1-4,6", "layers fc1,out"."""
    names = {one.layer: one.layer_name for one in ones}
    numbers = sorted(names)
    text = (",".join(names[n] for n in numbers) if all(names.values())
            else joined(numbers))
    return f"layer{'s' if len(numbers) > 1 else ''} {text}"


def notes(ones: List[Trajectory], axes: Sequence[str]) -> List[str]:
    """What the hollow points of a panel mean, and which layers lack points.

    A panel without any point, and without a reason for that, says so in its middle.
    """
    lines = [_doubt(ones, "saturated", "saturated in"),
             _doubt(ones, "outside", "with values outside the bins,")]
    some = any(one.placed.any() or one.why for one in ones)
    return [line for line in lines if line] + (_missing(ones, axes) if some else [])


def _doubt(ones: List[Trajectory], kind: str, words: str) -> str:
    counts = {id(one): int(getattr(one, kind).sum()) for one in ones}
    some, every = sum(counts.values()), sum(int(one.count.sum()) for one in ones)
    where = [one for one in ones if counts[id(one)]]
    if not some:
        return ""
    return f"hollow: {some} of {every} points {words} {layers_text(where)}"


def _missing(ones: List[Trajectory], axes: Sequence[str]) -> List[str]:
    kinds: Dict[Any, List[Trajectory]] = {}
    for one in ones:
        if not one.placed.all():
            whole = not one.placed.any()
            kinds.setdefault((one.why, whole, whole and _alone(one, axes)), []
                             ).append(one)
    lines = []
    for (why, whole, alone), of in kinds.items():
        placed = np.concatenate([one.placed for one in of])
        some = "" if whole else f"{(~placed).sum()} of {len(placed)} points "
        what = "refused" if why else "no values" if whole else "without values"
        reason = f" ({why})" if why else ""
        lines.append(f"{layers_text(of)}: {some}{alone or ''}{what}{reason}")
    return lines


def _alone(one: Trajectory, axes: Sequence[str]) -> str:
    """The one axis that a layer lacks, so that nobody takes the other for refused."""
    has = [np.isfinite(one.x).any(), np.isfinite(one.y).any()]
    if has[0] == has[1]:
        return ""
    return AXES[axes[int(has[0])]].replace("[bits]", "")
