"""estimate.py - the information of a layer's activations, in one call.

    r = ip.estimate(T, y, bins=30, noise_var=[1e-3, 1e-2, 0.1])
    r.i_xt["bin"], r.i_ty["kde-upper@0.1"], r.flags        # bits
    ip.estimate(T, y, x=X, estimator="mixed", k=5, error="jackknife").to_frame()
"""
from __future__ import annotations

import ctypes as C
import math
import warnings
from functools import partial
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np

from . import _structs as S
from ._device import call, check_named
from ._given import real, whole
from ._library import check, lib
from .arrays import as_activations, as_values
from .errors import ArgumentError
from .labels import as_labels, ceiling_x, entropy
from .options import Settings, comparing, settings_of
from .table import About, Columns, Table

_BIT = math.log(2.0)  # nats
_ERRORS = {None: 0, "none": 0, "jackknife": 1}
_POINT_AT, _COUNT_AT = (S.LAYER.fields[name][1] for name in ("point", "points"))
_GROUPS = 10  # of rows: as many further estimates has a jackknife


class Estimate(Table):
    """The points of one layer; a Table with one row for each.

    units: of i_xt, i_ty and h_t below, "bits" or "nats". The columns are in bits.
    """

    def __init__(self, columns: Any, about: Any, units: str) -> None:
        super().__init__(columns, about)
        self.units = units

    @property
    def i_xt(self) -> Any:
        """I(X;T): a float, or of several points a dict of their names."""
        return self._value("i_xt_bits")

    @property
    def i_ty(self) -> Any:
        """I(T;Y), NaN without y; as i_xt."""
        return self._value("i_ty_bits")

    @property
    def h_t(self) -> Any:
        """H(T) of bins, a bound of the noisy layer's differential entropy for KDE."""
        return self._value("h_t_bits")

    @property
    def flags(self) -> Any:
        """What to know of a point, "saturated outside" or ""; as i_xt."""
        return self._by_name(self.columns["flags"].tolist())

    def _value(self, name: str) -> Any:
        unit = _BIT if self.units == "nats" else 1.0
        return self._by_name((self.columns[name] * unit).tolist())

    def _by_name(self, values: List[Any]) -> Any:
        if len(values) == 1:
            return values[0]
        return dict(zip(self.columns["estimator"].tolist(), values))


def estimate(T: Any, y: Any = None, x: Any = None,
             estimator: Union[None, str, Sequence[str]] = None, *,
             error: Optional[str] = None, y_values: bool = False,
             y_bins: Optional[int] = None, y_width: Optional[float] = None,
             device: str = "auto", threads: Optional[int] = None, units: str = "bits",
             **options: Any) -> Estimate:
    """I(X;T) and I(T;Y) of the activations T of n samples.

    T: (n,), (n, d) or (n, ..) real numbers, an array or tensor of any library; further
    axes are flattened. y: (n,) labels, numbers or words, or (n, C) one-hot; None: no
    I(T;Y). x: (n, ..) inputs, for estimators that compare them. estimator: names as in
    `infoplane estimate --help`, "bin,kde" or a list; None: bin and kde.
    error: "jackknife" for standard errors. Real-valued y: y_bins (bins of equal counts)
    or y_width make classes of them, y_values=True compares them as they are.
    device: "auto", "cpu", "cuda" or "cuda:N"; threads: of the CPU, None: all. units:
    "bits" or "nats", of the attributes; the columns are in bits.
    options: those of the estimators, see `infoplane.options`; a list sweeps one. Unless
    told, bin has 30 edges over [-1, 1] (edges=30) and kde noise_var=0.05.

    Raises ArgumentError for what is wrong with an argument, NumericError, which is one,
    for NaN and infinities, and KeyboardInterrupt soon after Ctrl-C. Warns where an
    estimator lacks what it needs.
    """
    if units not in ("bits", "nats"):
        raise ArgumentError(f"units '{units}': expected 'bits' or 'nats'")
    table = _estimate_layers([T], None, y=y, x=x, estimator=estimator, error=error,
                             y_values=y_values, y_bins=y_bins, y_width=y_width,
                             device=device, threads=threads, **options)
    return Estimate(table._columns, table._about, units)


def _estimate_layers(arrays: Sequence[Any], names: Optional[Sequence[str]],
                     **asked: Any) -> Table:
    """Layers of the same samples, in the order of the network, in one call of the
    library: i_t_next_bits are of neighbours. asked: as `estimate`."""
    return Question(names, **asked).of(arrays)


class Question:
    """What is asked of layers of the same samples, as often as they come: made once, it
    costs each tick of a plane nothing. Arguments as `estimate`."""

    def __init__(self, names: Optional[Sequence[str]], y: Any = None, x: Any = None,
                 estimator: Union[None, str, Sequence[str]] = None,
                 error: Optional[str] = None, y_values: bool = False,
                 y_bins: Optional[int] = None, y_width: Optional[float] = None,
                 device: str = "auto", threads: Optional[int] = None,
                 **options: Any) -> None:
        self.settings = _settings(estimator, error, y_bins, y_width, device, threads,
                                  options)
        self.names, self.device, self.threads, self.error = names, device, threads, error
        self._given = y, x, y_values, y_bins, y_width
        self._samples: Any = None  # of so many rows, as the library takes them
        self._texts: List[Any] = []

    def of(self, arrays: Sequence[Any]) -> Table:
        """The points of these layers, one array or tensor a name."""
        names, settings = self.names, self.settings
        whats = ["T"] if names is None else [f"layer '{name}'" for name in names]
        layers = [as_activations(T, what) for T, what in zip(arrays, whats)]
        rows = len(layers[0])
        for layer, what in zip(layers, whats):
            if len(layer) != rows:
                raise ArgumentError(f"{what} has {len(layer)} rows and {whats[0]} {rows}"
                                    ": expected the same samples in all layers")
        if self._samples is None or self._samples[0].n != rows:
            y, x, *how = self._given
            self._samples = _samples(rows, y, x, settings, *how)
            self._samples[0].error = _ERRORS[self.error]
            self._texts = [C.create_string_buffer(what.encode()) for what in whats]
        samples, labels, _ = self._samples
        raw = _layer_structs(layers, self._texts)
        work = _products(layers, settings, samples.error)
        call(self.device, self.threads, work, lambda handle: check(
            lib.ipl_mi_estimate_host(handle, settings.count, settings.array,
                                     C.byref(samples), len(layers), raw.ctypes.data)))
        count = int(raw[0, _COUNT_AT:_COUNT_AT + 4].view(np.int32)[0])
        points = raw[:, _POINT_AT:_POINT_AT + count * S.POINT.itemsize].copy()
        widths = [layer.shape[1] for layer in layers]
        return Table(partial(_columns, points, names), partial(
            _about, rows, widths, names, settings.about,
            labels and labels.counts, labels and labels.note))


def _settings(estimator: Any = None, error: Any = None, y_bins: Any = None,
              y_width: Any = None, device: Any = "auto", threads: Any = None,
              options: Optional[Dict[str, Any]] = None) -> Settings:
    """What these arguments of `estimate` ask for. Raises ArgumentError for what is
    wrong whatever T and y are."""
    if not (error is None or isinstance(error, str)) or error not in _ERRORS:
        raise ArgumentError(f"error '{error}': expected None or 'jackknife'")
    check_named(device, threads)
    if y_bins is not None:
        whole("y_bins", y_bins, 1)
    if y_width is not None:
        real("y_width", y_width)
    return settings_of(estimator, options or {})


# -- What goes in --------------------------------------------------------------------

def _samples(rows: int, y: Any, x: Any, settings: Settings, y_values: bool,
             bins: Optional[int], width: Optional[float]) -> Any:
    """The ipl_mi_samples, the labels or None, and what holds their memory."""
    samples, labels, targets = S.Samples(n=rows), None, None
    _check_targets(y, settings, y_values, bins, width)
    if y_values:
        targets = as_values(y, rows, "y")
        samples.targets_d, samples.targets = targets.shape[1], targets.ctypes.data
    elif y is not None:
        labels = as_labels(y, rows, bins, width)
        samples.y = labels.y.ctypes.data
    inputs = _inputs(rows, x, settings)
    if inputs is not None:
        samples.inputs_d, samples.inputs = inputs.shape[1], inputs.ctypes.data
    return samples, labels, (labels, targets, inputs)


def _check_targets(y: Any, settings: Settings, y_values: bool, bins: Any,
                   width: Any) -> None:
    if not isinstance(y_values, (bool, np.bool_)):
        raise ArgumentError("y_values is no True or False: give the real values as y, "
                            "with y_values=True")
    given = [name for name, is_given in (("y_values", y_values), ("y_bins", bins),
                                         ("y_width", width))
             if is_given is not None and is_given is not False]
    if len(given) > 1:
        raise ArgumentError(f"{given[0]} and {given[1]} exclude each other: leave one "
                            "out")
    if given and y is None:
        raise ArgumentError(f"{given[0]} needs y")
    if y_values:
        classes = [f.name for f in settings.families if f.name not in comparing()]
        if len(classes) == len(settings.families):
            raise ArgumentError(f"y_values needs estimator {' or '.join(comparing())}")
        if classes:
            _warn(f"I(T;Y) of {', '.join(classes)} needs classes: y_bins=N")
    if y is None and any(f.name == "ross" for f in settings.families):
        _warn("I(T;Y) of ross needs the classes: y")


def _inputs(rows: int, x: Any, settings: Settings) -> Optional[np.ndarray]:
    need = [f.name for f in settings.families if f.needs & S.NEEDS_INPUTS]
    if x is not None and not need:
        raise ArgumentError(f"x needs estimator {' or '.join(comparing())}")
    if x is not None:
        return as_values(x, rows, "x")
    for name in need:
        _warn("without x no two rows of inputs are alike: I(X;T) of renyi is H(T)"
              if name == "renyi" else f"I(X;T) of {name} needs the inputs: x")
    return None


def _warn(text: str) -> None:
    """At the line that called the package."""
    warnings.warn(text, stacklevel=7)


def _layer_structs(layers: List[np.ndarray], texts: List[Any]) -> np.ndarray:
    """The bytes of an ipl_mi_layer each, (layers, bytes), which is faster than fields.
    They have addresses of both arguments, which must outlive them."""
    raw = np.zeros((len(layers), S.LAYER.itemsize), np.uint8)
    for one, layer, text in zip(raw.view(np.int64), layers, texts):
        # name, d, t, wide come first
        at = layer.ctypes.data
        one[:4] = (C.addressof(text), layer.shape[1],
                   *((at, 0) if layer.dtype == np.float32 else (0, at)))
    return raw


def _products(layers: List[np.ndarray], settings: Settings, error: int) -> float:
    """About how many products of two values the estimates are."""
    pairs = float(len(layers[0])) ** 2 * (1 + _GROUPS * error)
    width = sum(layer.shape[1] for layer in layers)
    square = sum(float(layer.shape[1]) ** 2 for layer in layers)
    return pairs * (settings.moments * square
                    + (settings.count - settings.moments) * width)


# -- What comes out ------------------------------------------------------------------

def _names(function: Any) -> List[str]:
    found = [function(number) for number in range(32)]
    return [(name or b"").decode() for name in found]


_FLAGS = [(1 << f, name) for f, name in enumerate(_names(lib.ipl_mi_flag_name)) if name]
_REFUSALS = _names(lib.ipl_mi_refusal_text)


def _columns(points: np.ndarray, names: Optional[Sequence[str]]) -> Columns:
    """points: (layers, bytes), an ipl_mi_point after the other."""
    point = points.view(S.POINT).ravel()
    rows = point.size
    layer = np.repeat(np.arange(1, len(points) + 1), rows // len(points))
    layer_names = [""] * len(points) if names is None else list(names)
    return {
        "seed": np.zeros(rows, np.int64), "epoch": np.zeros(rows, np.int64),
        "layer": layer, "layer_name": _texts(layer_names)[layer - 1],
        "estimator": _texts([name.decode() for name in point["name"].tolist()]),
        "i_xt_bits": point["i_xt"] / _BIT, "i_ty_bits": point["i_ty"] / _BIT,
        "h_t_bits": point["h_t"] / _BIT, "i_t_next_bits": point["i_next"] / _BIT,
        "cells": point["cells"].copy(), "outside_share": point["outside_share"].copy(),
        "noise_var": point["noise_var"].copy(),
        "flags": _texts([_flags(flags) for flags in point["flags"].tolist()]),
        "se_x_bits": point["se_x"] / _BIT, "se_y_bits": point["se_y"] / _BIT,
        "refused": _texts([_REFUSALS[why] for why in point["refusal"].tolist()])}


def _texts(values: List[str]) -> np.ndarray:
    made = np.empty(len(values), object)
    made[:] = values
    return made


def _flags(flags: int) -> str:
    return " ".join(name for bit, name in _FLAGS if flags & bit) if flags else ""


def _about(rows: int, widths: Sequence[int], names: Optional[Sequence[str]],
           estimators: Sequence[Dict[str, Any]], counts: Optional[np.ndarray],
           note: Optional[str]) -> About:
    """counts, note: those of the labels, if there are any."""
    captions = [str(width) for width in widths] if names is None else [
        f"{name} ({width})" for name, width in zip(names, widths)]
    about = {"ceilings_bits": {"h_x": ceiling_x(rows),
                               "h_y": None if counts is None else entropy(counts)},
             "layer_names": list(names or ()), "layer_captions": captions,
             "estimators": list(estimators), "n": rows, "name": ""}
    if note:
        about["notes"] = [f"y: {note}"]
    return about
