"""figures.py - information planes and curves over the epochs, drawn by matplotlib.

    plane.plot(col="estimator", hue="layer", seeds="band").savefig("plane.pdf")
    ip.figures.curves({"tanh": run, "relu": other}, estimator="kde-upper")
    plane.movie("plane.gif")

Nothing is shown and no setting of matplotlib changes: each function returns a Figure,
which a notebook shows where it is a cell's last value.
"""
from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ._grid import (Page, finish, heading_size, looks, panel_title, place_panels,
                    require_apart, require_keys, titles_of)
from ._needs import need
from ._panels import Panel, ceiling_line, draw_curves, draw_plane, dress, note_lines
from ._points import (AXES, Chosen, Trajectory, ceiling, ranges_of, sparse, tables_of,
                      trajectories)
from ._words import heading
from .errors import ArgumentError

FRAMES = 60


def plot(source: Any, col: Optional[str] = "estimator", row: Optional[str] = None,
         hue: str = "layer", seeds: str = "band", x: str = "i_xt_bits",
         y: str = "i_ty_bits", *, estimator: Chosen = None, layer: Chosen = None,
         scale: str = "log") -> Any:
    """The information plane: I(T;Y) over I(X;T) in bits, points coloured by epoch.

    source: a Table, a Plane, a Run, or a dict of names and these (runs). col, row, hue:
    what has panels of its own and colours of its own, of "run", "estimator", "layer",
    "seed". seeds: "band" draws their mean, with crosses of one deviation at some ten
    epochs (of one seed the standard error); "mean" no crosses; "each" every seed by
    itself. x, y: "i_xt_bits", "i_ty_bits", "h_t_bits" or "i_t_next_bits". estimator,
    layer: what is drawn, names or numbers, one or a list; None: all. scale of the
    colours: "log" or "linear".

    Dashed lines are the ceilings log2 n and H(Y). Hollow points say less than they seem
    to (saturated, or values outside fixed bins); the note below the panel counts them.
    Returns a matplotlib Figure. Raises ArgumentError for what is no source or not
    there, ImportError without matplotlib.

        ip.figures.plot(plane, estimator="kde-upper", seeds="each").savefig("a.png")
    """
    require_keys(col=col, row=row, hue=hue)
    need("matplotlib", "figures are drawn by matplotlib")
    tables = tables_of(source)
    ones = trajectories(tables, x, y, seeds, estimator, layer)
    if len(tables) > 1 and "run" not in (col, row, hue):
        col, row = (col, "run") if row is None else ("run", row)
    panels = place_panels(ones, col, row)
    require_apart(panels.values(), (col, row, hue))
    figure = _Drawing(tables, ones, hue, seeds, scale, (col, row))
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize
    last = max(2.0, *(float(one.epoch.max()) for one in ones))
    norm = (LogNorm if scale == "log" else Normalize)(1, last)
    cmap = colormaps["viridis"]

    def draw(panel: Panel) -> None:
        draw_plane(panel, norm, cmap, seeds == "band")
        ceiling_line(panel, 0, "log$_2$ n", "x")
        ceiling_line(panel, 1, "H(Y)", "left")

    page = figure.draw({at: (of, (x, y)) for at, of in panels.items()}, draw, bar=True)
    page.colour_bar(norm, cmap, last, scale, figure.tick)
    return page.figure


def curves(source: Any, row: Optional[str] = "estimator", hue: str = "layer",
           seeds: str = "band", values: Sequence[str] = ("i_xt_bits", "i_ty_bits"), *,
           estimator: Chosen = None, layer: Chosen = None, scale: str = "log") -> Any:
    """I(X;T) and I(T;Y) in bits over the epochs, a column of panels for each.

    Bands are one deviation over the seeds. Several runs in one panel have dashes of
    their own. values: the columns, names as `plot` has for x. Arguments, hollow points,
    ceilings, result and errors are else those of `plot`; scale is that of the epochs.

        ip.figures.curves(plane, estimator=["bin", "kde-upper"])
    """
    require_keys(row=row, hue=hue)
    need("matplotlib", "figures are drawn by matplotlib")
    tables, panels = tables_of(source), {}
    for column, value in enumerate(values):
        ones = trajectories(tables, value, value, seeds, estimator, layer)
        found = place_panels(ones, None, row)
        require_apart(found.values(), (row, hue, "run"))
        panels.update({(line, column): (of, (value, value))
                       for (line, _), of in found.items()})
    figure = _Drawing(tables, ones, hue, seeds, scale, (row,),
                      dashed=len(tables) > 1 and "run" not in (row, hue))

    def draw(panel: Panel) -> None:
        draw_curves(panel, seeds == "band")
        ceiling_line(panel, 1, "H(Y)" if panel.axes[1] == "i_ty_bits" else "log$_2$ n",
                     "right")

    return figure.draw(panels, draw, bar=False).figure


def movie(source: Any, file: Any, *, fps: int = 10, dpi: int = 100,
          **options: Any) -> None:
    """The plane epoch by epoch, up to 60 frames, as a GIF.

    file: a name that ends in .gif; fps: frames a second; options are those of `plot`.
    Raises ArgumentError for another ending, OSError where the file cannot be made.

        plane.movie("plane.gif", estimator="kde-upper")
    """
    name = os.fspath(file)
    if not name.endswith(".gif"):
        raise ArgumentError(f"movie of '{name}': expected a name that ends in .gif")
    figure = plot(source, **options)
    from matplotlib import rc_context
    from matplotlib.animation import PillowWriter
    head = next(text for text in figure.texts if text.get_gid() == "heading")
    title = head.get_text()
    epochs = np.unique(np.concatenate([one.epoch for panel in figure.panels
                                       for one in panel.ones]))
    head.set_fontsize(heading_size(f"{title}, {figure.tick} {epochs[-1]}",
                                   figure.get_figwidth()))
    part = f"{name}.part.gif"
    writer = PillowWriter(fps=fps)
    writer.setup(figure, part, dpi)
    try:
        with rc_context({"savefig.bbox": None}):  # frames have one size
            for epoch in epochs[sparse(epochs, FRAMES - 1)]:
                for panel in figure.panels:
                    panel.until(epoch)
                head.set_text(f"{title}, {figure.tick} {epoch}")
                writer.grab_frame()
            writer.finish()
        os.replace(part, name)
    finally:
        if os.path.exists(part):
            os.remove(part)


class _Drawing:
    """What the panels of a figure have in common: limits, looks, words."""

    def __init__(self, tables: Dict[str, Any], ones: List[Trajectory], hue: str,
                 seeds: str, scale: str, told: Tuple[Optional[str], ...],
                 dashed: bool = False) -> None:
        if scale not in ("log", "linear"):
            raise ArgumentError(f"scale={scale!r}: expected log or linear")
        self.abouts = {run: table.about for run, table in tables.items()}
        self.hue, self.scale, self.told = hue, scale, told
        self.tick = next(iter(self.abouts.values())).get("tick", "epoch")
        self.look = dict(zip(map(_key, ones), looks(ones, hue)))
        self.runs = list(tables) if dashed else []
        self.dash = {run: k for k, run in enumerate(self.runs)}
        self.heading = heading(self.abouts.values(), ones, seeds)
        names: Dict[int, Dict[str, None]] = {}
        for one in ones:
            names.setdefault(self.look[_key(one)], {})[
                titles_of(self.abouts, one)[hue]] = None
        number = "T$_{%d}$: " if hue == "layer" else ""
        self.names = {look: (number % (look + 1) if number else "") + " / ".join(of)
                      for look, of in names.items()}

    def draw(self, panels: Dict[Any, Any], draw: Callable[[Panel], None],
             bar: bool) -> Page:
        """The page with all panels; those of equal estimators share limits."""
        rows, columns = (1 + max(at[k] for at in panels) for k in range(2))
        lines = max(len(note_lines(*panel)) for panel in panels.values())
        page = Page(rows, columns, lines, self.names, self.runs, bar)
        page.heading(self.heading)
        page.key(list(self.names), len(self.runs))
        made = []
        for at, (ones, axes) in sorted(panels.items()):
            kin = [one for of, same in panels.values() if same == axes
                   for one in of if _estimators(of) == _estimators(ones)]
            panel = Panel(page.axes(at), ones, [self.look[_key(one)] for one in ones],
                          [self.dash.get(one.run, 0) for one in ones], axes,
                          ranges_of(kin, self._ceilings(kin, axes)),
                          self._ceilings(ones, axes), self.scale)
            dress(panel, panel_title(self.abouts, ones, self.told),
                  AXES[axes[0]] if bar else self.tick, AXES[axes[1]])
            draw(panel)
            made.append(panel)
        finish(page.figure, made).tick = self.tick
        return page

    def _ceilings(self, ones: List[Trajectory], axes: Sequence[str]) -> List[float]:
        """Of all runs and estimators in a panel the highest."""
        return [float(np.fmax.reduce([ceiling(self.abouts[one.run], one.estimator, axis)
                                      for one in ones])) for axis in axes]


def _key(one: Trajectory) -> Tuple[Any, ...]:
    return one.run, one.estimator, one.layer, one.seed


def _estimators(ones: List[Trajectory]) -> set:
    return {one.estimator for one in ones}
