"""arrays.py - activations and inputs of any library, as arrays for the C library.

numpy's arrays, tensors of torch (also on a GPU), jax and tensorflow, lists of these,
one for each sample, and lists of numbers; any real type, byte order and layout. The
first axis counts the samples, all others are flattened to the values of a row.
"""
from __future__ import annotations

import ctypes as C
import sys
from typing import Any

import numpy as np

from ._library import check, lib
from .errors import ArgumentError

_EXACT = frozenset("bool int8 uint8 int16 uint16 float16".split())


def as_numpy(array: Any, what: str = "T") -> np.ndarray:
    """The array in host memory, of its own shape and type (a bfloat16 tensor's is
    float32). Raises ArgumentError for what is no array."""
    if isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            raise ArgumentError(f"{what} is an array with masked values: leave their "
                                "rows out, or fill them")
        return array.data
    if isinstance(array, np.ndarray):
        return array
    try:
        if "torch" in sys.modules and isinstance(array, sys.modules["torch"].Tensor):
            return _of_tensor(array)
        if type(array).__module__.split(".")[0] == "cupy":
            return array.get()
        if _is_of_tensors(array):
            return np.stack([as_numpy(one, what) for one in array])
        return np.asarray(array)
    except (TypeError, ValueError, RuntimeError, NotImplementedError) as why:
        raise ArgumentError(f"{what} is a {_kind(array)} that is no array of numbers "
                            f"({why}): expected an array or tensor, a row for each "
                            "sample") from why


def _is_of_tensors(array: Any) -> bool:
    """A list with a tensor for each sample; numpy reads those of arrays itself."""
    return (isinstance(array, (list, tuple)) and len(array) > 0
            and hasattr(array[0], "__array__")
            and not isinstance(array[0], (np.ndarray, np.generic)))


def _of_tensor(tensor: Any) -> np.ndarray:
    host = tensor.detach().cpu()
    if host.is_quantized:
        host = host.dequantize()
    try:
        return host.resolve_neg().numpy()
    except TypeError:  # numpy has no such type: bfloat16, float8
        return host.float().numpy()


def _kind(array: Any) -> str:
    return f"{type(array).__module__.split('.')[0]} {type(array).__name__}"


def as_activations(T: Any, what: str = "T") -> np.ndarray:
    """(n, d), C-contiguous: float32, or float64 where float32 does not hold the values.

    T: (n,), (n, d) or (n, ..), real numbers. Raises ArgumentError for complex numbers,
    objects, texts, and for what is empty or has no axis of samples.
    """
    array = as_numpy(T, what)
    if array.dtype != np.float32:
        array = _real(array, what)
    if array.ndim != 2:
        if array.ndim == 0:
            raise ArgumentError(f"{what} is the single value {array}: expected an "
                                "array with a row for each sample")
        if array.size:
            array = array.reshape(len(array), -1)
    if not array.size:
        raise ArgumentError(f"{what} is empty, of shape {array.shape}: expected a row "
                            "for each sample, with one value or more")
    if array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.array(array, order="C")


def _real(array: np.ndarray, what: str) -> np.ndarray:
    """float32 or float64, in this machine's byte order."""
    kind = array.dtype
    if kind.kind not in "biufV" or kind.names:
        hint = {"c": "give its real and imaginary part as two columns, or their "
                     "absolute value", "O": "rows of equal length and numbers only"}
        raise ArgumentError(f"{what} is an array of {kind}: expected real numbers; "
                            f"{hint.get(kind.kind, 'convert it')}")
    if kind.kind == "V":  # bfloat16 and float8 of ml_dtypes, as jax and tensorflow have
        try:
            return array.astype(np.float32)
        except (TypeError, ValueError) as why:
            raise ArgumentError(f"{what} is an array of {kind}, raw bytes: expected "
                                "numbers; import ml_dtypes before it is read") from why
    if kind.name in _EXACT or (kind.kind == "f" and kind.itemsize == 4):
        return array.astype(np.float32)
    wide = array.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = wide.astype(np.float32)
    return narrow if np.array_equal(narrow, wide, equal_nan=True) else wide


def as_values(x: Any, rows: int, what: str) -> np.ndarray:
    """(n, d) float32 for what compares values: float64 is centred column by column, as
    the program does. Raises ArgumentError for another number of rows, NumericError for
    a NaN or an infinity."""
    array = as_activations(x, what)
    if len(array) != rows:
        raise ArgumentError(f"{what} is of shape {np.shape(x)} and T has {rows} rows: "
                            "expected a row for each of them")
    if array.dtype == np.float32 and np.isfinite(array).all():
        return array
    wide = np.ascontiguousarray(array, np.float64)
    made, merged = np.empty(wide.shape, np.float32), C.c_int64()
    check(lib.ipl_mi_narrow(what.encode(), *wide.shape, wide.ctypes.data,
                            made.ctypes.data, C.byref(merged)))
    return made
