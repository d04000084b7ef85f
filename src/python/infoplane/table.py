"""table.py - Table: points of one or many measurements, in columns.

    table = ip.estimate(T, y).table + ..
    table.columns["i_xt_bits"]                  # numpy arrays, all of one length
    table.where(estimator="kde-upper", layer=2).to_frame()

The names are those of the run directories' plane.csv and plane_details.csv.
"""
from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Union

import numpy as np

from ._needs import need
from .errors import ArgumentError

COLUMNS = ("seed", "epoch", "layer", "layer_name", "estimator", "i_xt_bits",
           "i_ty_bits", "h_t_bits", "i_t_next_bits", "cells", "outside_share",
           "noise_var", "flags", "se_x_bits", "se_y_bits", "refused")
# What tables must agree on to be one.
_SAMPLES = ("n", "ceilings_bits", "layer_names")

Columns = Dict[str, np.ndarray]
About = Dict[str, Any]
Chosen = Union[None, str, int, Sequence[Union[str, int]]]


class Table:
    """Points, a row each.

    columns: name -> (rows,) array. seed, epoch, layer (from 1), layer_name, estimator
    ("kde-upper@0.1"); values and standard errors in bits, NaN where not defined; cells
    (-1: none), outside_share, noise_var; flags ("saturated outside", "": none), and
    refused (why a value is NaN).
    about: ceilings_bits {"h_x": log2 n, "h_y": H(Y) or None}, layer_names,
    layer_captions, estimators (their points and captions), n, name.
    """

    def __init__(self, columns: Union[Columns, Callable[[], Columns]],
                 about: Union[None, About, Callable[[], About]] = None) -> None:
        """columns, about: these, or what makes them at their first use."""
        self._columns = columns
        self._about: Union[About, Callable[[], About]] = about or {}

    @property
    def columns(self) -> Columns:
        """See above; a change of an array is a change of the table."""
        if callable(self._columns):
            self._columns = self._columns()
        return self._columns

    @property
    def about(self) -> About:
        """See above; a change of it is a change of the table."""
        if callable(self._about):
            self._about = self._about()
        return self._about

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def where(self, *, estimator: Chosen = None, layer: Chosen = None,
              layer_name: Chosen = None, seed: Chosen = None,
              epoch: Chosen = None) -> "Table":
        """The rows that match all of these; a list matches any of its members.

        estimator: "kde-upper@0.1", "kde-upper" for all its settings, "kde" for the
        family. layer: its number, or its name. Raises ArgumentError where no row is
        left.
        """
        wanted = {"estimator": estimator, "layer": layer, "layer_name": layer_name,
                  "seed": seed, "epoch": epoch}
        rows = np.ones(len(self), bool)
        for name, chosen in wanted.items():
            if chosen is not None:
                rows &= self._match(name, listed(chosen))
        if not rows.any():
            text = ", ".join(f"{name}={chosen!r}" for name, chosen in wanted.items()
                             if chosen is not None)
            raise ArgumentError(f"no point has {text}: there are {self._kinds()}")
        return Table({name: column[rows] for name, column in self.columns.items()},
                     self.about)

    def _match(self, name: str, chosen: List[Any]) -> np.ndarray:
        column = self.columns[name]
        if name == "estimator":
            return np.array([is_chosen(str(one), chosen) for one in column], bool)
        matches = np.isin(column, [one for one in chosen if not isinstance(one, str)])
        if name in ("layer", "layer_name"):
            texts = [one for one in chosen if isinstance(one, str)]
            matches |= np.isin(self.columns["layer_name"].astype(str), texts)
        return matches

    def _kinds(self) -> str:
        def some(name: str) -> str:
            values = list(dict.fromkeys(self.columns[name].tolist()))
            shown = ", ".join(str(one) for one in values[:8])
            return shown + (", .." if len(values) > 8 else "")
        return (f"estimators {some('estimator')}; layers {some('layer')}; "
                f"seeds {some('seed')}; epochs {some('epoch')}")

    def __add__(self, other: "Table") -> "Table":
        """The rows of both, which must be of the same samples and layers."""
        if not isinstance(other, Table):
            return NotImplemented
        for name in _SAMPLES:
            if self.about.get(name) != other.about.get(name):
                raise ArgumentError(
                    f"tables whose {name} are {self.about.get(name)} and "
                    f"{other.about.get(name)}: expected the same samples and layers; "
                    "compare them as a dict of names and tables")
        columns = {name: np.concatenate([self.columns[name], other.columns[name]])
                   for name in self.columns}
        estimators = list(self.about.get("estimators", ()))
        estimators += [one for one in other.about.get("estimators", ())
                       if one not in estimators]
        return Table(columns, {**self.about, "estimators": estimators})

    def to_frame(self) -> Any:
        """A pandas DataFrame with these columns. ImportError without pandas."""
        return need("pandas", "frames are pandas'").DataFrame(self.columns)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} points: {self._kinds()}>"


def listed(chosen: Any) -> List[Any]:
    """One name or number, or several, as a list."""
    if isinstance(chosen, (str, int, np.integer)):
        return [chosen]
    return list(chosen)


def is_chosen(estimator: str, names: Optional[Sequence[Any]]) -> bool:
    """Whether a point is of one of these names: its own, that without its setting, or
    its family's; None: all are."""
    point = estimator.split("@")[0]
    return names is None or any(name in (estimator, point, point.split("-")[0])
                                for name in names)
