"""Exceptions: one for each status of the C library, with the library's text.

All are an `Error`. Whatever is wrong with the caller's arrays, names or options is an
`ArgumentError`, and a ValueError too:

    try:
        ip.estimate(T, y, noise_var=-1)
    except ip.ArgumentError as error:
        print(error)
"""
from __future__ import annotations

from typing import Dict, Type


class Error(Exception):
    """Something that infoplane could not do."""


class ArgumentError(Error, ValueError):
    """An argument is not what was expected (E_ARGUMENT)."""


class FormatError(ArgumentError):
    """An array's or a file's content is not what it should be (E_FORMAT)."""


class NumericError(ArgumentError):
    """A value is NaN, infinite, or beyond what can be computed with (E_NUMERIC)."""


class OutOfMemoryError(Error, MemoryError):
    """The memory of the host or of the device ran out (E_MEMORY)."""


class FileError(Error, OSError):
    """A file could not be read or written (E_IO)."""


class DeviceError(Error, RuntimeError):
    """A call of CUDA failed, or there is no such GPU (E_DEVICE)."""


class UnsupportedError(Error, RuntimeError):
    """This build or this device cannot do that (E_UNSUPPORTED)."""


class StoppedError(Error, RuntimeError):
    """The caller has stopped it (E_STOPPED)."""


BY_STATUS: Dict[str, Type[Error]] = {
    "E_ARGUMENT": ArgumentError, "E_MEMORY": OutOfMemoryError, "E_IO": FileError,
    "E_FORMAT": FormatError, "E_DEVICE": DeviceError,
    "E_UNSUPPORTED": UnsupportedError, "E_NUMERIC": NumericError,
    "E_STOPPED": StoppedError}
