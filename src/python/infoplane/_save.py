"""_save.py - a Plane as a run directory, by the C library's own writer."""
from __future__ import annotations

import ctypes as C
import math
import os
import re
from typing import Any, Dict

import numpy as np

from . import _device
from . import _structs as S
from ._library import check, lib
from .errors import ArgumentError
from .estimate import _ERRORS, _FLAGS, _REFUSALS
from .options import Settings, settings_of
from .plane import _OWN, Plane

_BIT = math.log(2.0)  # nats
_FIELDS = {"h_t": "h_t_bits", "i_xt": "i_xt_bits", "i_ty": "i_ty_bits",
           "se_x": "se_x_bits", "se_y": "se_y_bits", "i_next": "i_t_next_bits"}
_TARGETS = (("y_bins", S.TARGET_BINS), ("y_width", S.TARGET_WIDTH),
            ("y_values", S.TARGET_VALUES))


def write(plane: Plane, dir: Any) -> None:
    """See runs.save."""
    if not isinstance(plane, Plane):
        raise ArgumentError(f"save of a {type(plane).__name__}: expected a Plane")
    table, options = plane.table, plane.options
    settings = settings_of(options.get("estimator"), {
        name: value for name, value in options.items() if name not in _OWN})
    rows = _rows(table.columns, settings)
    training = _training(plane.training)
    names = [name.encode() for name in table.about["layer_names"]]
    # A caption is "fc1 (10)" or "10".
    widths = [int(re.findall(r"\d+", caption)[-1])
              for caption in table.about["layer_captions"]]
    ceilings = table.about["ceilings_bits"]
    notes = "".join(f"{line}\n" for line in table.about.get("notes", ()))
    source = table.about["name"] or os.path.basename(os.path.abspath(os.fspath(dir)))
    made = S.Plane(
        source=os.fsencode(source), notes=notes.encode() or None,
        samples=table.about["n"], h_x=_nats_of(ceilings["h_x"]),
        h_y=_nats_of(ceilings["h_y"]), tick=0, error=_ERRORS[options.get("error")],
        targets=_targets(options), layers=len(widths),
        layer_name=(C.c_char_p * len(names))(*names) if names else None,
        width=(C.c_int64 * len(widths))(*widths), estimators=settings.count,
        options=C.cast(settings.array, C.c_void_p), rows=len(rows),
        row=rows.ctypes.data, trained=len(training), training=training.ctypes.data)
    _, device = _device._open(options.get("device", "auto"), options.get("threads"))
    check(lib.ipl_plane_write(device.handle, C.byref(made), os.fsencode(dir)))


def _nats_of(bits: Any) -> float:
    return math.nan if bits is None else _nats(bits)


def _nats(bits: Any) -> Any:
    """Divided by log 2, as the writer does, they are these bits to the last digit of
    a double: the columns came about in that way."""
    return bits * _BIT


def _rows(columns: Dict[str, np.ndarray], settings: Settings) -> np.ndarray:
    """ipl_plane_row, sorted by epoch and seed; each network's rows are in order."""
    order = np.lexsort((columns["seed"], columns["epoch"]))
    of = {name: column[order] for name, column in columns.items()}
    rows = np.zeros(len(order), S.PLANE_ROW)
    rows["seed"], rows["tick"], rows["layer"] = of["seed"], of["epoch"], of["layer"]
    point = rows["point"]
    number = {f.name: f.number for f in settings.families}
    family = {name: number[about["name"]] for about in settings.about
              for name in about["points"]}
    point["estimator"] = [family[name] for name in of["estimator"]]
    point["name"] = [name.encode() for name in of["estimator"]]
    for name, column in _FIELDS.items():
        point[name] = _nats(of[column])
    for name in ("noise_var", "cells", "outside_share"):
        point[name] = of[name]
    bits = {name: bit for bit, name in _FLAGS}
    point["flags"] = [sum(bits[one] for one in text.split()) for text in of["flags"]]
    point["refusal"] = [_REFUSALS.index(text) for text in of["refused"]]
    return rows


def _training(told: Dict[str, np.ndarray]) -> np.ndarray:
    """ipl_plane_training; empty where no loss and no accuracy was told."""
    if not (np.isfinite(told["loss"]).any() or np.isfinite(told["acc"]).any()):
        return np.zeros(0, S.PLANE_TRAINING)
    order = np.lexsort((told["seed"], told["epoch"]))
    rows = np.zeros(len(order), S.PLANE_TRAINING)
    rows["loss_test_nats"] = rows["accuracy_test"] = math.nan
    for name, column in (("seed", "seed"), ("tick", "epoch"),
                         ("loss_train_nats", "loss"), ("accuracy_train", "acc")):
        rows[name] = told[column][order]
    return rows


def _targets(options: Dict[str, Any]) -> Any:
    made = S.TargetOptions()
    for name, form in _TARGETS:
        if options.get(name):
            made.form = form
    made.bins, made.width = options.get("y_bins") or 0, options.get("y_width") or 0.0
    return made
