"""_grid.py - which panels a figure has, where they stand, and what is above them."""
from __future__ import annotations

import io
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ._fit import columns_of, shrunk, width_of, wrapped
from ._panels import DASHES, MARKERS, Panel, colour, tick_text
from ._points import Trajectory, epoch_ticks
from ._words import estimator_title, layer_title
from .errors import ArgumentError

KEYS = ("run", "estimator", "layer", "seed")
ACROSS = 4  # panels side by side where they do not stand in rows of their own
# In inches: axes, the room around them, a colour bar, a line of notes and of the key,
# and the margin beside these.
WIDE, HIGH, LEFT, RIGHT, ABOVE, BELOW = 3.3, 2.5, 0.62, 0.22, 0.42, 0.46
BAR, NOTE, HEADING, KEY, MARGIN = 0.82, 0.16, 0.42, 0.22, 0.1
HEAD = 11.0  # points
# The key's letters in points; the rest in their size: mark, gap before the name, gap
# between columns.
LETTERS, MARK, GAP, BETWEEN = 8.5, 2.2, 0.8, 1.6

Place = Tuple[int, int]


def figure_class() -> Any:
    """matplotlib's Figure, which notebooks show without pyplot."""
    try:
        from matplotlib.figure import Figure
    except ImportError as none:
        raise ImportError("figures are drawn by matplotlib, which is not installed: "
                          "pip install matplotlib") from none

    class PlaneFigure(Figure):
        """A matplotlib Figure that is its own picture in a notebook."""

        def _repr_png_(self) -> bytes:
            png = io.BytesIO()
            self.savefig(png, format="png", dpi=110)
            return png.getvalue()

    return PlaneFigure


def place_panels(ones: List[Trajectory], col: Optional[str], row: Optional[str],
                 ) -> Dict[Place, List[Trajectory]]:
    """The trajectories of each panel, by row and column from 0."""
    across = list(dict.fromkeys(getattr(one, col) for one in ones)) if col else [None]
    down = list(dict.fromkeys(getattr(one, row) for one in ones)) if row else [None]
    wrap = len(across)
    if len(down) == 1 and len(across) > ACROSS:
        wrap = -(-len(across) // -(-len(across) // ACROSS))  # rows filled alike
    panels: Dict[Place, List[Trajectory]] = {}
    for one in ones:
        at = across.index(getattr(one, col)) if col else 0
        line = down.index(getattr(one, row)) if row else 0
        panels.setdefault((line + at // wrap, at % wrap), []).append(one)
    return panels


def looks(ones: List[Trajectory], hue: str) -> List[int]:
    """Which colour and marker each trajectory has, those of layers by their number."""
    if hue == "layer":
        return [one.layer - 1 for one in ones]
    values = list(dict.fromkeys(getattr(one, hue) for one in ones))
    return [values.index(getattr(one, hue)) for one in ones]


def require_keys(**told: Optional[str]) -> None:
    """Raises ArgumentError where a col, row or hue is none that figures know."""
    for name, key in told.items():
        if key not in KEYS and (key is not None or name == "hue"):
            raise ArgumentError(f"{name}={key!r}: expected one of {', '.join(KEYS)}")


def require_apart(panels: Any, told: Sequence[Optional[str]]) -> None:
    """Raises ArgumentError where panels would mix what nothing tells apart."""
    for key in ("estimator", "layer", "run"):
        if key not in told and any(len({getattr(one, key) for one in ones}) > 1
                                   for ones in panels):
            choose = "" if key == "run" else f", or choose one with {key}="
            raise ArgumentError(f"several {key}s would lie in one panel and look "
                                f"alike: pass row=\"{key}\" or hue=\"{key}\"{choose}")


def titles_of(abouts: Dict[str, Dict[str, Any]], one: Trajectory) -> Dict[str, str]:
    """What a trajectory's run, estimator, layer and seed are called."""
    about = abouts[one.run]
    return {"run": one.run, "estimator": estimator_title(about, one.estimator),
            "layer": layer_title(about, one),
            "seed": "mean" if one.seed is None else f"seed {one.seed}"}


def panel_title(abouts: Dict[str, Dict[str, Any]], ones: List[Trajectory],
                keys: Sequence[Optional[str]]) -> str:
    """"tanh   bin: 30 edges over [-1, 1]": what all of a panel have in common; "bin"
    where runs have settings of their own."""
    parts = []
    for key in ("run", "estimator", "layer", "seed"):
        values = {titles_of(abouts, one)[key] for one in ones}
        if key == "estimator" and len(values) > 1:
            values = {one.estimator for one in ones}
        if len(values) == 1 and (key in keys or key == "estimator"):
            parts.append(values.pop())
    return "   ".join(part for part in parts if part)


class Page:
    """A figure of rows and columns of panels, with room for what stands around them."""

    def __init__(self, rows: int, columns: int, notes: int, names: Dict[int, str],
                 dashes: Sequence[str], bar: bool) -> None:
        """names, dashes: of `key`, by colour and marker, and by dashes."""
        cell = LEFT + WIDE + RIGHT, ABOVE + HIGH + BELOW + NOTE * notes
        self.width = columns * cell[0] + (BAR if bar else 0.1)
        self._wrap_key([*(names[look] for look in sorted(names)), *dashes])
        self.cell, self.top = cell, HEADING + self.key_height + 0.06
        self.height = self.top + rows * cell[1]
        self.figure = figure_class()(figsize=(self.width, self.height), dpi=100,
                                     facecolor="white")

    def _wrap_key(self, names: List[str]) -> None:
        em = LETTERS / 72
        room = self.width - 2 * MARGIN - 2 * 0.1 * em
        lines = [wrapped(name, LETTERS, room - (MARK + GAP) * em) for name in names]
        widths = [(MARK + GAP) * em + max(width_of(line, LETTERS) for line in of)
                  for of in lines]
        self.key_columns = columns_of(widths, BETWEEN * em, room)
        self.key_names = ["\n".join(of) for of in lines]
        self.key_height = KEY * -(-len(names) // self.key_columns) * max(
            map(len, lines), default=0)

    def axes(self, place: Place) -> Any:
        """The axes of the panel at a row and a column."""
        left = place[1] * self.cell[0] + LEFT
        top = self.top + place[0] * self.cell[1] + ABOVE
        return self.figure.add_axes(
            (left / self.width, 1 - (top + HIGH) / self.height,
             WIDE / self.width, HIGH / self.height), label=f"panel {place}")

    def heading(self, text: str) -> Any:
        """The line on top."""
        return self.figure.text(
            0.5, 1 - 0.28 / self.height, text, ha="center", color="#222222",
            fontsize=heading_size(text, self.width), gid="heading")

    def key(self, looks: Sequence[int], dashes: int) -> None:
        """Which colour and marker, and which dashes, are which name."""
        from matplotlib.lines import Line2D
        marks = [Line2D([], [], color=colour(look), marker=MARKERS[look % 5],
                        markersize=5.5, linewidth=1.6) for look in sorted(looks)]
        marks += [Line2D([], [], color="#222222", linewidth=1.4,
                         linestyle=DASHES[k % 4]) for k in range(dashes)]
        if marks:
            self.figure.legend(
                marks, self.key_names, loc="upper center", ncol=self.key_columns,
                bbox_to_anchor=(0.5, 1 - (HEADING - 0.06) / self.height), frameon=False,
                fontsize=LETTERS, handlelength=MARK, handletextpad=GAP,
                columnspacing=BETWEEN, borderpad=0.1, borderaxespad=0,
                labelspacing=0.25)

    def colour_bar(self, norm: Any, cmap: Any, last: float, scale: str,
                   tick: str) -> None:
        """The scale of the epochs, on the right of the first row."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.ticker import NullFormatter
        left = self.width - BAR + 0.06
        ax = self.figure.add_axes(
            (left / self.width, 1 - (self.top + ABOVE + HIGH) / self.height,
             0.12 / self.width, HIGH / self.height), label="colour bar")
        bar = self.figure.colorbar(ScalarMappable(norm, cmap), cax=ax)
        bar.set_label(f"{tick} (white: 0)", fontsize=8.5)
        bar.outline.set_visible(False)
        ax.tick_params(labelsize=8, length=2.5)
        if scale == "log":
            ticks = epoch_ticks(last)
            bar.set_ticks(ticks, labels=[tick_text(tick) for tick in ticks])
            ax.yaxis.set_minor_formatter(NullFormatter())


def heading_size(text: str, width: float) -> float:
    """Of the letters of a heading on a page of this width."""
    return shrunk(text, HEAD, width - 2 * MARGIN)


def finish(figure: Any, panels: List[Panel]) -> Any:
    """Keeps the panels with the figure, for `movie`."""
    figure.panels = panels
    return figure
