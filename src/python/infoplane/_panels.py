"""_panels.py - one panel of a figure: a plane, or a value over the epochs.

Looks as what `infoplane plot` draws: rims and lines have the colour of the hue, fills
that of the epoch (white: 0), hollow points are in doubt.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np

from ._fit import shrunk, wrapped
from ._points import AXES, Trajectory, epoch_ticks, sparse
from ._words import COLOURS, joined, notes

MARKERS = "os^vD"
EVEN = (1.0, 0.9, 1.05, 1.05, 0.72)  # what makes them look of one size
DASHES: Sequence[Any] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))
DRAWN, BARS = 250, 10  # points and bars of a trajectory: more would hide each other
RIM, FILL, HOLLOW, COVERED = 6.6, 4.2, 2.2, 2.2  # diameters, and what a layer adds
EACH = 0.6  # points of many seeds are smaller
NOTES = 7.5  # points
TITLE, NOTED = 3.7, 3.9  # inches: what is as wide stays within a panel's share
GREY, PALE = "#666666", "#888888"


@dataclass
class Moving:
    """An artist, its places (points, 2), and their epochs: what a film shows of it."""
    put: Callable[[np.ndarray], Any]
    place: np.ndarray
    epoch: np.ndarray

    def until(self, last: float) -> None:
        self.put(np.where((self.epoch <= last)[:, None], self.place, np.nan))


@dataclass
class Panel:
    """The trajectories that share axes, and how they are told apart.

    look: colour and marker of each trajectory, a layer's on top of those below it;
    limits: ((x low, x high), (y low, y high)); ceilings: NaN where there is none.
    """
    ax: Any
    ones: List[Trajectory]
    look: List[int]
    dash: List[int]
    axes: Sequence[str]
    limits: Sequence[Tuple[float, float]]
    ceilings: Sequence[float]
    scale: str
    moving: List[Moving] = field(default_factory=list)
    labels: List[Any] = field(default_factory=list)

    def until(self, last: float) -> None:
        """Shows the points up to an epoch alone."""
        for one in self.moving:
            one.until(last)
        label_ends(self, last)


def colour(look: int) -> str:
    """The colour of layer 1, 2, .. (look 0, 1, ..)."""
    return COLOURS[look % len(COLOURS)]


def dress(panel: Panel, title: str, x_label: str, y_label: str) -> None:
    """Title, names of the axes, grid, limits, and the notes below them."""
    ax = panel.ax
    ax.set_title(title, fontsize=shrunk(title, 9.5, TITLE))
    ax.set_xlabel(x_label, fontsize=9, labelpad=2)
    ax.set_ylabel(y_label, fontsize=9, labelpad=3)
    ax.tick_params(labelsize=8, length=3, color="#444444", labelcolor="#444444")
    ax.grid(True, color="#e6e6e6", linewidth=0.5)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color("#444444")
    lines = note_lines(panel.ones, panel.axes)
    if lines:
        ax.annotate("\n".join(lines), (0, 0), xycoords="axes fraction",
                    xytext=(-30, -31), textcoords="offset points", va="top",
                    fontsize=NOTES, color=GREY, annotation_clip=False).set_gid("notes")
    if not any(one.placed.any() for one in panel.ones):
        missing = dict.fromkeys(AXES[axis] for axis in panel.axes)
        ax.text(0.5, 0.5, f"no values of {' and '.join(missing)}", ha="center",
                color=GREY, fontsize=8.5, transform=ax.transAxes)


def note_lines(ones: List[Trajectory], axes: Sequence[str]) -> List[str]:
    """The notes below a panel, as long as it is wide."""
    return [line for note in notes(ones, axes) for line in wrapped(note, NOTES, NOTED)]


def ceiling_line(panel: Panel, axis: int, name: str, side: str) -> None:
    """A dashed line at the ceiling of an axis, with its value; none at NaN."""
    top, ax = panel.ceilings[axis], panel.ax
    if not np.isfinite(top):
        return
    style = {"color": PALE, "linewidth": 0.9, "linestyle": (0, (5, 4)), "zorder": 1.5}
    text = {"fontsize": 7.5, "color": GREY, "textcoords": "offset points"}
    (ax.axvline if side == "x" else ax.axhline)(top, **style).set_gid("ceiling")
    at, offset, across = {
        "x": ((top, 0.04), (-3, 0), ("data", "axes fraction")),
        "left": ((0, top), (3, 3), ("axes fraction", "data")),
        "right": ((1, top), (-2, 3), ("axes fraction", "data"))}[side]
    ax.annotate(f"{name} = {top:.4g}", at, xycoords=across, xytext=offset,
                ha="left" if side == "left" else "right", va="bottom", **text)


# -- The plane -----------------------------------------------------------------------

def draw_plane(panel: Panel, norm: Any, cmap: Any, bars: bool) -> None:
    """Lines, bars and points of all trajectories, and the numbers at their ends."""
    ax, order = panel.ax, _last_to_first(panel)
    shown = {k: sparse_of(panel, k, DRAWN) for k in order}
    for k in order:
        one, part = panel.ones[k], shown[k]
        _line(panel, one.x[part], one.y[part], one.epoch[part], color="#c0c0c0",
              linewidth=0.9, linestyle=DASHES[panel.dash[k] % 4], zorder=2)
        if bars:
            _bars(panel, k)
    for at, k in enumerate(order):
        above = [(panel.ones[j].x[shown[j]], panel.ones[j].y[shown[j]])
                 for j in order[at + 1:] if panel.ones[j].layer != panel.ones[k].layer]
        _points(panel, k, shown[k], above, norm, cmap)
    ax.set_xlim(panel.limits[0])
    ax.set_ylim(panel.limits[1])
    label_ends(panel, np.inf)


def sparse_of(panel: Panel, k: int, most: int) -> np.ndarray:
    """Indices of the points of a trajectory that are drawn."""
    one = panel.ones[k]
    placed = np.flatnonzero(one.placed)
    return placed[sparse(one.epoch[placed], most, panel.scale)]


def _last_to_first(panel: Panel) -> List[int]:
    """Layers often end at one place: what comes in first lies on top."""
    return sorted(range(len(panel.ones)), key=lambda k: -panel.ones[k].layer)


def _line(panel: Panel, x: Any, y: Any, epoch: Any, **style: Any) -> Any:
    line, = panel.ax.plot(x, y, **style)
    panel.moving.append(Moving(lambda at: line.set_data(at[:, 0], at[:, 1]),
                               np.column_stack([x, y]), epoch))
    return line


def _bars(panel: Panel, k: int) -> None:
    """A cross of thin lines at about ten epochs."""
    one, part = panel.ones[k], sparse_of(panel, k, BARS)
    ends = np.array([[-1, 0], [1, 0], [np.nan] * 2, [0, -1], [0, 1], [np.nan] * 2])
    x = (one.x[part, None] + one.x_bar[part, None] * ends[:, 0]).ravel()
    y = (one.y[part, None] + one.y_bar[part, None] * ends[:, 1]).ravel()
    if one.x_bar[part].any() or one.y_bar[part].any():
        _line(panel, x, y, np.repeat(one.epoch[part], len(ends)), color="#a0a0a0",
              linewidth=0.8, zorder=2.5).set_gid("bars")


def _points(panel: Panel, k: int, part: np.ndarray, above: Any, norm: Any,
            cmap: Any) -> None:
    """All rims come first: a dense trajectory is then a band with its rim. Where layers
    cover a point that are drawn later, its rim is a ring around them."""
    one, look = panel.ones[k], panel.look[k]
    x, y, epoch = one.x[part], one.y[part], one.epoch[part]
    covers = _covers(panel, x, y, above)
    every, hollow = np.ones(len(x), bool), one.doubtful[part]
    fills = np.where((epoch > 0)[:, None], cmap(norm(np.maximum(epoch, 1))), 1.0)
    small = 1.0 if one.seed is None else EACH
    marks = (("rim", every, small * (RIM + COVERED * covers), colour(look)),
             ("fill", every, np.full(len(x), small * FILL), fills),
             ("hollow", hollow, np.full(len(x), small * HOLLOW), "#ffffff"))
    for gid, some, size, face in marks:
        if not some.any():
            continue
        points = panel.ax.scatter(x[some], y[some], c=face, linewidths=0, zorder=3,
                                  s=(size[some] * EVEN[look % 5]) ** 2,
                                  marker=MARKERS[look % 5], clip_on=False)
        points.set_gid(f"{gid} {one.layer}")
        panel.moving.append(Moving(points.set_offsets,
                                   np.column_stack([x[some], y[some]]), epoch[some]))


def _covers(panel: Panel, x: np.ndarray, y: np.ndarray, above: Any) -> np.ndarray:
    """How many trajectories above have a point within about its size, up to 4."""
    size = panel.ax.get_window_extent().size * 72.0 / panel.ax.figure.dpi
    unit = [(high - low) * RIM / 2 / points
            for (low, high), points in zip(panel.limits, size)]
    covers = np.zeros(len(x))
    for u, v in above:
        apart = ((x[:, None] - u) / unit[0]) ** 2 + ((y[:, None] - v) / unit[1]) ** 2
        covers += (apart < 1.0).any(axis=1)
    return np.minimum(covers, 4)


def label_ends(panel: Panel, last: float) -> None:
    """Numbers of the layers above the last points up to an epoch; layers that end at
    one place share a label."""
    while panel.labels:
        panel.labels.pop().remove()
    places: Dict[int, List[Tuple[float, float, int]]] = {}
    for k, one in enumerate(panel.ones):
        at = np.flatnonzero(one.placed & (one.epoch <= last))
        if len(at):
            places.setdefault(one.layer, []).append(
                (one.x[at[-1]], one.y[at[-1]], panel.look[k]))
    ends = {layer: np.mean(of, axis=0) for layer, of in places.items()}
    near = [0.055 * (high - low) for low, high in panel.limits]
    while ends:
        x, y, look = ends[min(ends)]
        here = [layer for layer, (u, v, _) in sorted(ends.items())
                if abs(u - x) < near[0] and abs(v - y) < near[1]]
        for layer in here:
            del ends[layer]
        panel.labels.append(panel.ax.annotate(
            joined(here), (x, y), xytext=(0, 5), textcoords="offset points",
            ha="center", va="bottom", fontsize=8, fontweight="bold", zorder=4,
            color="#222222" if len(here) > 1 else colour(int(look))))


# -- Over the epochs -----------------------------------------------------------------

def draw_curves(panel: Panel, bands: bool) -> None:
    """Bands and lines over the epochs, and at the foot a mark for each measured one."""
    ax = panel.ax
    epochs = np.unique(np.concatenate([one.epoch for one in panel.ones]))
    ax.plot(epochs, np.zeros(len(epochs)) + 0.012, "|", color="#777777", markersize=4,
            markeredgewidth=0.4, transform=ax.get_xaxis_transform()).pop().set_gid(
                "measured")
    order = _last_to_first(panel)
    alpha = 0.15 / (1 + max(panel.dash))  # of several runs they lie on each other
    for k in order if bands else ():
        one, part = panel.ones[k], sparse_of(panel, k, DRAWN)
        if one.y_bar[part].any():
            ax.fill_between(one.epoch[part], (one.y - one.y_bar)[part],
                            (one.y + one.y_bar)[part], color=colour(panel.look[k]),
                            alpha=alpha, linewidth=0).set_gid(f"band {one.layer}")
    for at, k in enumerate(order):
        _curve(panel, k, [panel.ones[j] for j in order[at + 1:]])
    _epoch_axis(ax, epochs, panel.scale)
    ax.set_ylim(panel.limits[1])


def _curve(panel: Panel, k: int, above: List[Trajectory]) -> None:
    """A line, its points, and the hollow ones larger; where layers cover a point that
    are drawn later, it is larger too."""
    one, part, look = panel.ones[k], sparse_of(panel, k, DRAWN), panel.look[k]
    x, y, hollow = one.epoch[part], one.y[part], one.doubtful[part]
    panel.ax.plot(x, y, color=colour(look), linewidth=1.3, zorder=3,
                  linestyle=DASHES[panel.dash[k] % 4],
                  ).pop().set_gid(f"line {one.layer}")
    near = 0.012 * (panel.limits[1][1] - panel.limits[1][0])
    covers = np.zeros(len(x))
    for other in above:
        _, mine, its = np.intersect1d(x, other.epoch, return_indices=True)
        covers[mine] += abs(y[mine] - other.y[its]) < near
    size = 2.8 + 1.8 * np.minimum(covers, 4)
    for gid, some, add in (("points", ~hollow, 0.0), ("hollow", hollow, 1.2)):
        if some.any():
            panel.ax.scatter(
                x[some], y[some], s=((size[some] + add) * EVEN[look % 5]) ** 2,
                marker=MARKERS[look % 5], edgecolors=colour(look), linewidths=0.9 * (
                    add > 0), facecolors="#ffffff" if add else colour(look), zorder=3,
            ).set_gid(f"{gid} {one.layer}")


def _epoch_axis(ax: Any, epochs: np.ndarray, scale: str) -> None:
    last = max(float(epochs[-1]), 2.0)
    if scale == "linear":
        ax.set_xlim(0, 1.02 * last)
        return
    ax.set_xscale("symlog", linthresh=1, linscale=0.35)
    ax.set_xlim(0, 1.06 * last)
    ticks = epoch_ticks(last)
    ax.set_xticks([0, *ticks], labels=["0", *map(tick_text, ticks)])
    ax.set_xticks([d * p for p in ticks for d in range(2, 10)
                   if last >= 10 and d * p <= last], minor=True)


def tick_text(tick: int) -> str:
    """"1000", "10^4" with a raised 4."""
    return str(tick) if tick < 10000 else f"$10^{{{len(str(tick)) - 1}}}$"
