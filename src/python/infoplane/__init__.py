"""infoplane: information planes of neural networks, measured as they train.

    import infoplane as ip
    ip.estimate(T, y, bins=30, noise_var=0.1).to_frame()      # one layer's activations

numpy alone is imported; pandas, torch and others are when they are needed.
"""
from __future__ import annotations

from ._library import version
from .errors import (ArgumentError, DeviceError, Error, FileError, FormatError,
                     NumericError, OutOfMemoryError, StoppedError, UnsupportedError)
from .estimate import Estimate, estimate
from .table import Table

__all__ = ["ArgumentError", "DeviceError", "Error", "Estimate", "FileError",
           "FormatError", "NumericError", "OutOfMemoryError", "StoppedError", "Table",
           "UnsupportedError", "estimate", "version"]
