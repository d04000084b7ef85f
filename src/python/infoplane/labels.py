"""labels.py - Y as classes: numbers, words or one-hot rows, or real values in bins.

The C library makes the classes, by the program's rules: whole numbers and words become
classes in ascending order, one-hot labels are the columns of their ones.
"""
from __future__ import annotations

import ctypes as C
import math
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from . import _structs as S
from ._library import check, lib
from .arrays import as_numpy
from .errors import ArgumentError


@dataclass(frozen=True)
class Labels:
    """y: (n,) int32, classes from 0. counts: the samples of each. note: what was
    converted, or ""."""
    y: np.ndarray
    counts: np.ndarray
    note: str


def as_labels(y: Any, rows: int, bins: Optional[int] = None,
              width: Optional[float] = None) -> Labels:
    """The classes of `rows` samples.

    y: (n,) or (n, 1) whole numbers, bools or texts, or (n, C) one-hot. With `bins` or
    `width` y are real values, in bins of equal counts or floor(y / width). Labels stay
    what they are. Raises ArgumentError for another number of rows and for what has no
    classes.
    """
    if isinstance(y, Labels):
        if len(y.y) == rows:
            return y
        y, bins, width = y.y, None, None
    array = as_numpy(y, "y")
    if bins is None and width is None:
        ready = _ready(array, rows)
        if ready is not None:
            return ready
    held, struct = _struct(array, texts=bins is None and width is None)
    of, made = S.SamplesOf(b"T", rows, 0), S.Classes()
    if bins is None and width is None:
        check(lib.ipl_labels_from_array(b"y", of, C.byref(struct), None,
                                        C.byref(made)))
    else:
        how = S.TargetOptions(S.TARGET_WIDTH if bins is None else S.TARGET_BINS,
                              bins or 0, width or 0.0, None)
        check(lib.ipl_classes_of_values(b"y", of, C.byref(struct), C.byref(how),
                                        C.byref(made)))
    del held
    classes = np.ctypeslib.as_array(made.y, (rows,)).copy()
    note = made.note.decode(errors="replace")
    lib.ipl_classes_free(C.byref(made))
    return Labels(classes, np.bincount(classes), note)


def entropy(counts: np.ndarray) -> float:
    """Of classes with so many samples each, in bits."""
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum() / math.log(2.0)) + 0.0


def _ready(array: np.ndarray, rows: int) -> Optional[Labels]:
    """Classes 0 .. C-1 that all occur: nothing is to be made of them."""
    if array.shape != (rows,) or array.dtype.kind not in "iu":
        return None
    if not array.size or array.max() >= min(rows, 65536):
        return None
    try:
        counts = np.bincount(array.astype(np.intp, copy=False))
    except ValueError:  # below 0
        return None
    if np.count_nonzero(counts) < len(counts):
        return None
    # A copy, for the caller may change what is given.
    return Labels(np.array(array, np.int32, order="C"), counts, "")


def _struct(array: np.ndarray, texts: bool) -> Any:
    """An ipl_array of these values, and what holds its memory."""
    if array.ndim == 0 or not array.size:
        raise ArgumentError(f"y is of shape {array.shape}: expected a label for each "
                            "row of T")
    flat = array.reshape(len(array), -1)
    struct = S.Array(rows=flat.shape[0], cols=flat.shape[1], dims=min(array.ndim, 2))
    struct.shape[0], struct.shape[1] = flat.shape
    if flat.dtype.kind == "O":
        flat = _of_objects(flat)
    if flat.dtype.kind in "US" and texts:
        held = _texts(flat)
        struct.text, struct.text_bytes = held.ctypes.data, held.itemsize
    elif flat.dtype.kind in "biu" and texts:
        natural = flat.dtype == np.uint64
        held = np.ascontiguousarray(flat, np.uint64 if natural else np.int64)
        struct.integers, struct.naturals = held.ctypes.data, int(natural)
    elif flat.dtype.kind in "biuf":
        held = np.ascontiguousarray(flat, np.float64)
        struct.wide = held.ctypes.data
    else:
        expected = ("whole numbers, words or one-hot rows" if texts
                    else "a real number for each row")
        raise ArgumentError(f"y is an array of {flat.dtype}: expected {expected}")
    return held, struct


def _of_objects(flat: np.ndarray) -> np.ndarray:
    """What a list or pandas made of objects: all texts, or all numbers."""
    values = flat.ravel().tolist()
    if all(isinstance(v, str) for v in values):
        return np.array(values).reshape(flat.shape)
    if all(isinstance(v, (bool, int, float, np.number)) for v in values):
        return np.array(values).reshape(flat.shape)
    odd = next(v for v in values if not isinstance(v, str))
    raise ArgumentError(f"y holds {odd!r}, a {type(odd).__name__}: expected whole "
                        "numbers or words, of one kind")


def _texts(flat: np.ndarray) -> np.ndarray:
    """Bytes in UTF-8, each ended by a 0."""
    coded = np.char.encode(flat, "utf-8") if flat.dtype.kind == "U" else flat
    return np.ascontiguousarray(coded.astype(f"S{coded.dtype.itemsize + 1}"))


def ceiling_x(rows: int) -> float:
    """H(X) in bits of inputs that all differ."""
    return math.log(rows) / math.log(2.0)
