"""_rundir.py - the files of a run directory, as columns.

Numbers have the digits of the files. A run that is still at work is read as far as it
has got.
"""
from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from .errors import FileError, FormatError
from .table import COLUMNS, Table

_WHOLE = ("seed", "epoch", "layer")
_TEXTS = ("layer_name", "estimator", "flags", "refused")
_KEYS = ("seed", "epoch", "layer", "estimator")


def read_about(dir: Path) -> Dict[str, Any]:
    """run.json."""
    try:
        text = (dir / "run.json").read_text(encoding="utf-8")
    except OSError as why:
        raise FileError(f"{dir / 'run.json'}: {why.strerror}: expected the directory "
                        "of a run, of infoplane estimate --out or of Plane.save"
                        ) from None
    try:
        about = json.loads(text)
        about["layers"], about["ceilings"]["i_xt_bits"], about["data"]["name"]
        return about
    except (ValueError, KeyError, TypeError) as why:
        raise FormatError(f"{dir / 'run.json'}: {type(why).__name__} {why}: expected "
                          "the run.json of a run") from None


def read_training(dir: Path, about: Dict[str, Any]) -> Dict[str, np.ndarray]:
    """training.csv; empty where nothing is known of the training."""
    path = dir / "training.csv"
    return _columns(path, _rows(path, _is_done(about))) if path.exists() else {}


def _is_done(about: Dict[str, Any]) -> bool:
    return about.get("status") == "done"


def read_table(dir: Path, about: Dict[str, Any]) -> Table:
    """plane.csv with plane_details.csv."""
    plane, details = dir / "plane.csv", dir / "plane_details.csv"
    done = _is_done(about)
    rows, more = _rows(plane, done), _rows(details, done)
    points = min(len(rows), len(more))
    if len(rows) != len(more) and done:
        raise FormatError(f"{plane} has {len(rows) - 1} points and {details} "
                          f"{len(more) - 1}: expected the same")
    columns = _columns(plane, rows[:points])
    for name, column in _columns(details, more[:points]).items():
        keys: Any = columns.get(name)
        if name in _KEYS and not np.array_equal(column, keys):
            raise FormatError(f"{details}: its {name} are not those of {plane}")
        columns.setdefault(name, column)
    columns.setdefault("layer_name", _texts([""] * (points - 1)))
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise FormatError(f"{dir}: no column {missing[0]} in plane.csv or "
                          "plane_details.csv")
    columns["flags"] = _texts([text.replace("|", " ") for text in columns["flags"]])
    cells = columns["cells"]
    columns["cells"] = np.where(np.isnan(cells), -1, cells).astype(np.int64)
    return Table({name: columns[name] for name in COLUMNS}, table_about(about))


def table_about(about: Dict[str, Any]) -> Dict[str, Any]:
    """What a Table has of run.json."""
    ceilings, data = about["ceilings"], about["data"]
    made = {"ceilings_bits": {"h_x": ceilings["i_xt_bits"],
                              "h_y": ceilings.get("i_ty_bits")},
            "layer_names": about.get("layer_names", []),
            "layer_captions": about["layers"], "estimators": about["estimators"],
            "n": data.get("measured_rows"), "name": data["name"],
            "tick": about.get("tick", "epoch")}
    if data.get("notes"):
        made["notes"] = data["notes"]
    return made


def _rows(path: Path, done: bool) -> List[List[str]]:
    """The header and all whole lines; of a run that is done there are no others."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as why:
        raise FileError(f"{path}: {why.strerror}") from None
    *lines, rest = text.split("\n")
    if rest and done:
        raise FormatError(f"{path}:{len(lines) + 1}: the file ends within this line")
    rows = [line.split(",") for line in lines]
    if not rows:
        raise FormatError(f"{path}: it is empty: expected a line of columns")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise FormatError(f"{path}:{number}: {len(row)} fields: expected "
                              f"{len(rows[0])}, as in line 1")
    return rows


def _columns(path: Path, rows: List[List[str]]) -> Dict[str, np.ndarray]:
    made = {}
    columns = zip(*rows[1:]) if rows[1:] else [()] * len(rows[0])
    for name, texts in zip(rows[0], columns):
        try:
            made[name] = _column(name, texts)
        except ValueError as why:
            raise FormatError(f"{path}: column {name}: {why}") from None
    return made


def _column(name: str, texts: Any) -> np.ndarray:
    if name in _TEXTS:
        return _texts(texts)
    if name in _WHOLE:
        return np.array([int(text) for text in texts], np.int64)
    return np.array([float(text) if text else math.nan for text in texts], np.float64)


def _texts(texts: Any) -> np.ndarray:
    made = np.empty(len(texts), object)
    made[:] = texts
    return made
