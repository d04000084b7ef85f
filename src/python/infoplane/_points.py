"""_points.py - what figures draw: trajectories over the epochs, and what they are of.

A source of a figure is a Table, what has one as its `.table` (a Plane, a Run), or a
dict of names and such sources, which are then runs.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from .errors import ArgumentError
from .table import Chosen, is_chosen, listed

AXES = {"i_xt_bits": "I(X;T) [bits]", "i_ty_bits": "I(T;Y) [bits]",
        "h_t_bits": "H(T) [bits]", "i_t_next_bits": "I(T;next T) [bits]"}
ERRORS = {"i_xt_bits": "se_x_bits", "i_ty_bits": "se_y_bits"}
# Families of which the input decides T: I(X;T) cannot pass log2 n. The others compare
# the values of X and T, and have no such ceiling.
BELOW_LOG_N = ("bin", "kde-upper", "kde-lower")


@dataclass
class Trajectory:
    """One layer under one estimator, over ascending epochs; all arrays are as long.

    x, y: in bits, of one seed or the mean of all (seed is None); x_bar, y_bar: their
    deviation over the seeds, of one seed the standard error, 0 where there is none.
    count: the estimates that are in a point, of which so many are saturated or have
    values outside fixed bins. why: the first reason for which one was refused.
    """
    run: str
    estimator: str
    layer: int
    layer_name: str
    seed: Optional[int]
    epoch: np.ndarray
    x: np.ndarray
    y: np.ndarray
    x_bar: np.ndarray
    y_bar: np.ndarray
    count: np.ndarray
    saturated: np.ndarray
    outside: np.ndarray
    why: str

    @property
    def doubtful(self) -> np.ndarray:
        """Points that say less than they seem to: figures draw them hollow."""
        return (self.saturated > 0) | (self.outside > 0)

    @property
    def placed(self) -> np.ndarray:
        """Points that have both values."""
        return np.isfinite(self.x) & np.isfinite(self.y)


def tables_of(source: Any) -> Dict[str, Any]:
    """Names of runs and their Tables; of a source that is no dict the name is "".

    Raises ArgumentError for what is no source, and for one without points.
    """
    if isinstance(source, dict):
        tables = {str(name): _table_of(one) for name, one in source.items()}
    else:
        tables = {"": _table_of(source)}
    if not tables or not all(len(table) for table in tables.values()):
        raise ArgumentError("the source of this figure has no points: measure an epoch "
                            "first")
    return tables


def _table_of(source: Any) -> Any:
    table = getattr(source, "table", source)
    if not isinstance(getattr(table, "columns", None), dict):
        raise ArgumentError(f"a figure of a {type(source).__name__}: expected a Table, "
                            "a Plane, a Run, or a dict of names and these")
    return table


def trajectories(tables: Dict[str, Any], x: str, y: str, seeds: str,
                 estimator: Chosen = None, layer: Chosen = None) -> List[Trajectory]:
    """All that were chosen, in the order of runs, estimators, layers and seeds.

    seeds: "each", or "mean" and "band" for one trajectory over all. estimator: names as
    in the table, "kde-upper" for all its settings, "kde" for the family; layer: numbers
    or names. Raises ArgumentError where nothing is left.
    """
    for axis in (x, y):
        _one_of("axis", axis, AXES)
    _one_of("seeds", seeds, ("band", "each", "mean"))
    found = [one for run, table in tables.items()
             for one in _of_table(run, table.columns, (x, y), seeds == "each",
                                  _listed(estimator), _listed(layer))]
    if not found:
        names = sorted({str(name) for table in tables.values()
                        for name in table.columns["estimator"]})
        raise ArgumentError(f"no points of estimator={estimator!r}, layer={layer!r}: "
                            f"there are {', '.join(names)}, and layers from 1")
    return found


def _one_of(what: str, value: str, known: Any) -> None:
    if value not in known:
        raise ArgumentError(f"{what} {value!r}: expected one of {', '.join(known)}")


def _listed(chosen: Chosen) -> Optional[List[Union[str, int]]]:
    return None if chosen is None else listed(chosen)


def _of_table(run: str, columns: Dict[str, np.ndarray], axes: Sequence[str],
              each: bool, estimators: Any, layers: Any) -> List[Trajectory]:
    made = []
    names = np.asarray(columns["estimator"])
    for estimator in dict.fromkeys(names.tolist()):  # in the order of the table
        if not is_chosen(estimator, estimators):
            continue
        of_estimator = names == estimator
        for layer in np.unique(columns["layer"][of_estimator]):
            rows = np.flatnonzero(of_estimator & (columns["layer"] == layer))
            name = str(columns["layer_name"][rows[0]])
            if layers is not None and layer not in layers and name not in layers:
                continue
            seeds = np.unique(columns["seed"][rows]) if each else [None]
            for seed in seeds:
                part = rows if seed is None else rows[columns["seed"][rows] == seed]
                at = {key: np.asarray(column)[part] for key, column in columns.items()}
                made.append(_averaged(at, axes, run=run, estimator=estimator,
                                      layer=int(layer), layer_name=name,
                                      seed=None if seed is None else int(seed)))
    return made


def _averaged(at: Dict[str, np.ndarray], axes: Sequence[str], **of: Any) -> Trajectory:
    """The rows of one trajectory, those of an epoch as one point."""
    epoch, place = np.unique(at["epoch"], return_inverse=True)
    count = np.bincount(place)
    means, bars = [], []
    for axis in axes:
        value = at[axis].astype(np.float64)
        mean = np.bincount(place, value) / count
        squares = np.bincount(place, (value - mean[place]) ** 2)
        error = at[ERRORS[axis]].astype(np.float64) if axis in ERRORS else value * 0
        bar = np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)),
                       np.bincount(place, np.nan_to_num(error)))
        means.append(mean)
        bars.append(np.nan_to_num(bar))
    saturated = np.array(["saturated" in flags_of(text) for text in at["flags"]])
    outside = np.nan_to_num(at["outside_share"].astype(np.float64)) > 0
    why = [str(text) for text in at["refused"] if text]
    return Trajectory(epoch=epoch, x=means[0], y=means[1], x_bar=bars[0], y_bar=bars[1],
                      count=count, why=why[0] if why else "",
                      saturated=np.bincount(place, saturated).astype(int),
                      outside=np.bincount(place, outside).astype(int), **of)


def flags_of(text: Any) -> List[str]:
    """The names in a cell of the column flags."""
    return str(text).replace("|", " ").split()


def sparse(epoch: np.ndarray, most: int, scale: str = "log") -> np.ndarray:
    """Which of ascending epochs are drawn: all where there are at most so many, else
    those that move on by a fair step of the axis, and the last one."""
    at = np.log10(epoch + 1.0) if scale == "log" else epoch.astype(np.float64)
    if len(at) <= most:
        return np.ones(len(at), bool)
    keep, before, step = np.zeros(len(at), bool), -np.inf, at[-1] / most
    for k in range(len(at)):
        if at[k] - before >= step or k == len(at) - 1:
            keep[k], before = True, at[k]
    return keep


def epoch_ticks(last: float) -> List[int]:
    """What a logarithmic axis of epochs names beside 0: 1, 10, 100, .., or where it is
    short 1, 2, 3, .."""
    if last < 10:
        return list(range(1, int(last) + 1))
    return [10 ** k for k in range(len(f"{last:.0f}"))]


def ceiling(about: Dict[str, Any], estimator: str, axis: str) -> float:
    """What the values cannot pass, in bits; NaN where there is no such ceiling."""
    key = {"i_xt_bits": "h_x", "i_ty_bits": "h_y"}.get(axis)
    if axis == "i_xt_bits" and estimator.split("@")[0] not in BELOW_LOG_N:
        key = None
    value = about.get("ceilings_bits", {}).get(key)
    return np.nan if value is None else float(value)


def ranges_of(ones: Sequence[Trajectory],
              tops: Sequence[float]) -> List[Tuple[float, float]]:
    """Limits of both axes: from 0, or below it where values and bars are, to somewhat
    above them and the ceiling."""
    values = ([one.x + side * one.x_bar for one in ones for side in (-1, 1)],
              [one.y + side * one.y_bar for one in ones for side in (-1, 1)])
    return [_limits(of, top) for of, top in zip(values, tops)]


def _limits(values: Sequence[np.ndarray], top: float) -> Tuple[float, float]:
    every = np.concatenate([*values, [0.0, np.nan_to_num(top)]])
    every = every[np.isfinite(every)]
    low, high = float(every.min()), float(every.max())
    high = high if high - low >= 1e-9 else low + 1.0
    return low - (0.04 if low < 0 else 0.02) * (high - low), high + 0.13 * (high - low)
