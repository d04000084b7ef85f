"""report.py - one self-contained page with the plane, to look at and to send.

    plane.report("plane.html")
    ip.report.report({"tanh": run, "relu": other}, "both.html", title="two networks")

The page has a slider over the epochs, the choice of estimator and layers, the numbers
of the point under the pointer, captions of the estimators and a table of doubts.
plotly.js is in it: it needs no network.
"""
from __future__ import annotations

import html
import json
import os
from typing import Any, Dict, List, Sequence

import numpy as np

from ._needs import need
from ._page import PAGE, SCRIPT
from ._points import (AXES, Chosen, Trajectory, ceiling, epoch_ticks, flags_of,
                      ranges_of, tables_of, trajectories)
from ._words import COLOURS, estimator_title, heading, layer_title, layers_text, notes

AXIS = ("i_xt_bits", "i_ty_bits")
SYMBOLS = ("circle", "square", "triangle-up", "triangle-down", "diamond")
MARKS = "●■▲▼◆"
# viridis (van der Walt and Smith 2015): even to the eye, also in grey.
VIRIDIS = ("#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779",
           "#6ece58", "#b5de2b", "#fde725")


def report(source: Any, file: Any, *, title: str = "Information plane",
           seeds: str = "band", estimator: Chosen = None,
           layer: Chosen = None) -> None:
    """Writes the page.

    source: a Table, a Plane, a Run, or a dict of names and these (runs). file: its
    name, "plane.html". title: that of the page. seeds: "band"
    draws their mean, with a cross of one deviation at the slider's epoch; "mean" no
    cross; "each" every seed by itself. estimator, layer: as in `figures.plot`.
    Raises ArgumentError for what is no source or not there, ImportError without plotly,
    OSError where the file cannot be made.
    """
    get_plotlyjs = need("plotly.offline", "reports are drawn by plotly").get_plotlyjs
    tables = tables_of(source)
    abouts = {run: table.about for run, table in tables.items()}
    ones = trajectories(tables, *AXIS, seeds, estimator, layer)
    about = heading(abouts.values(), ones, seeds)
    text = json.dumps(_data(abouts, ones, seeds == "band"), allow_nan=False)
    parts = {"title": html.escape(title),
             "about": html.escape(about), "captions": _captions(abouts, ones),
             "doubts": _doubts(tables, ones), "plotly": get_plotlyjs(),
             "data": text.replace("</", "<\\/"), "script": SCRIPT}
    _write(os.fspath(file), _filled(PAGE, parts))


def _filled(page: str, parts: Dict[str, str]) -> str:
    """Each @name@ of the page replaced, those that come with a part left alone."""
    pieces = page.split("@")
    pieces[1::2] = [parts[name] for name in pieces[1::2]]
    return "".join(pieces)


def _write(name: str, text: str) -> None:
    """A failure leaves what was there."""
    part = f"{name}.part"
    try:
        with open(part, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(part, name)
    finally:
        if os.path.exists(part):
            os.remove(part)


# -- What the script draws -----------------------------------------------------------

def _data(abouts: Dict[str, Any], ones: List[Trajectory], bars: bool) -> Dict[str, Any]:
    epochs = np.unique(np.concatenate([one.epoch for one in ones]))
    last = max(2.0, float(epochs[-1]))
    views: Dict[Any, List[Trajectory]] = {}
    for one in ones:
        views.setdefault((one.run, one.estimator), []).append(one)
    names: Dict[int, Dict[str, None]] = {}
    for one in ones:
        names.setdefault(one.layer, {})[layer_title(abouts[one.run], one)] = None
    return {
        "tick": next(iter(abouts.values())).get("tick", "epoch"),
        "axes": [AXES[axis] for axis in AXIS], "epochs": epochs.tolist(),
        "scale": _scale(last),
        "layers": [{"number": number, "colour": COLOURS[(number - 1) % 7],
                    "mark": MARKS[(number - 1) % 5],
                    "name": f"T{number}: {' / '.join(of)}"}
                   for number, of in sorted(names.items())],
        "views": [_view(abouts[run], run, of, last, bars)
                  for (run, _), of in views.items()]}


def _scale(last: float) -> Dict[str, Any]:
    ticks = epoch_ticks(last)
    return {"low": 0.0, "high": float(np.log10(last)),
            "at": np.log10(ticks).tolist(), "text": [str(tick) for tick in ticks],
            "colours": [[k / 9, colour] for k, colour in enumerate(VIRIDIS)]}


def _view(about: Dict[str, Any], run: str, ones: List[Trajectory], last: float,
          bars: bool) -> Dict[str, Any]:
    name = ones[0].estimator
    tops = [ceiling(about, name, axis) for axis in AXIS]
    title = estimator_title(about, name)
    return {"title": f"{run} \N{EN DASH} {title}" if run else title,
            "notes": notes(ones, AXIS), "limits": ranges_of(ones, tops),
            "ceilings": [None if np.isnan(top) else top for top in tops],
            "ceiling_text": [f"{text} = {top:.4g}" for text, top in
                             zip(("log<sub>2</sub> n", "H(Y)"), tops)],
            "lines": [_line(about, one, last, bars)
                      for one in sorted(ones, key=lambda one: -one.layer)]}


def _line(about: Dict[str, Any], one: Trajectory, last: float,
          bars: bool) -> Dict[str, Any]:
    part = np.flatnonzero(one.placed)
    name = html.escape(f"T{one.layer}: {layer_title(about, one)}")
    return {"layer": one.layer, "name": name, "colour": COLOURS[(one.layer - 1) % 7],
            "symbol": SYMBOLS[(one.layer - 1) % 5], "epoch": one.epoch[part].tolist(),
            "x": one.x[part].tolist(), "y": one.y[part].tolist(),
            "x_bar": (one.x_bar[part] * bars).tolist(),
            "y_bar": (one.y_bar[part] * bars).tolist(),
            "fill": ["#ffffff" if one.doubtful[k] else _colour(one.epoch[k], last)
                     for k in part],
            "hover": [_hover(about, name, one, int(k)) for k in part]}


def _colour(epoch: float, last: float) -> str:
    """That of an epoch, on a logarithmic scale from 1 to the last."""
    if epoch < 1:
        return "#ffffff"
    at = 9 * np.log10(epoch) / np.log10(last)
    stops = [[int(stop[k:k + 2], 16) for stop in VIRIDIS] for k in (1, 3, 5)]
    return "#" + "".join(f"{round(float(np.interp(at, range(10), stop))):02x}"
                         for stop in stops)


def _hover(about: Dict[str, Any], name: str, one: Trajectory, k: int) -> str:
    """The numbers of a point, as lines."""
    def number(axis: str, value: np.ndarray, bar: np.ndarray) -> str:
        spread = f" ± {bar[k]:.3g}" if bar[k] > 0 else ""
        return f"{AXES[axis].replace('[bits]', '')}{value[k]:.6g}{spread} bits"

    lines = [f"<b>{name}</b>", f"{about.get('tick', 'epoch')} {one.epoch[k]}",
             number(AXIS[0], one.x, one.x_bar), number(AXIS[1], one.y, one.y_bar)]
    if one.seed is not None:
        lines.append(f"seed {one.seed}")
    elif one.count[k] > 1:
        lines.append(f"mean of {one.count[k]} seeds")
    for what, of in (("saturated", one.saturated), ("outside the bins", one.outside)):
        if of[k]:
            lines.append(f"hollow: {of[k]} of {one.count[k]} {what}")
    return "<br>".join(lines)


# -- Tables --------------------------------------------------------------------------

def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def line(cells: Sequence[Any], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>"
                                for cell in cells) + "</tr>"
    return "\n".join(["<table>", line(head, "th"), *(line(row, "td") for row in rows),
                      "</table>"])


def _captions(abouts: Dict[str, Any], ones: List[Trajectory]) -> str:
    rows = {}
    for one in ones:
        title = estimator_title(abouts[one.run], one.estimator)
        rows[one.run, one.estimator] = [one.run, one.estimator,
                                        title[len(one.estimator) + 2:]]
    return _columns(("run", "estimator", "what it is"), list(rows.values()))


def _doubts(tables: Dict[str, Any], ones: List[Trajectory]) -> str:
    """A row for each flag and refusal of each estimator that is on the page."""
    rows = []
    for run, name in dict.fromkeys((one.run, one.estimator) for one in ones):
        shown = {one.layer: one for one in ones
                 if (one.run, one.estimator) == (run, name)}
        columns = tables[run].columns
        part = (columns["estimator"] == name) & np.isin(columns["layer"], list(shown))
        found: Dict[str, List[int]] = {}
        for layer, flags, why in zip(columns["layer"][part], columns["flags"][part],
                                     columns["refused"][part]):
            for doubt in flags_of(flags):
                doubt += f" ({why})" if doubt == "refused" and why else ""
                found.setdefault(doubt, []).append(layer)
        rows += [[run, name, doubt, f"{len(layers)} of {part.sum()}",
                  layers_text(shown[layer] for layer in layers)]
                 for doubt, layers in found.items()]
    if not rows:
        return "<p>No point is in doubt.</p>"
    return _columns(("run", "estimator", "doubt", "points", "where"), rows)


def _columns(head: Sequence[str], rows: List[List[Any]]) -> str:
    """A table, without the column of runs where they have no names."""
    first = 0 if any(row[0] for row in rows) else 1
    return _table(head[first:], [row[first:] for row in rows])
