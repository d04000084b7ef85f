"""infoplane: information planes of neural networks, measured as they train.

    import infoplane as ip
    ip.estimate(T, y, bins=30, noise_var=0.1).to_frame()      # one layer's activations

    plane = ip.Plane(X_probe, y_probe, schedule=ip.log_epochs())
    with plane.watch(net, seed=0) as w:                       # torch, Keras, functions
        for epoch in range(100):
            w.tick(epoch)
            train_one_epoch(net)
    plane.plot().savefig("plane.pdf")

    run = ip.run("configs/ib-relu.ini", {"train.epochs": 3000})   # the C engine
    ip.compare({"relu": run, "mine": plane}).plot(row="run")

numpy alone is imported; matplotlib, pandas, torch and others are when they are needed.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, List

from ._library import version
from .errors import (ArgumentError, DeviceError, Error, FileError, FormatError,
                     NumericError, OutOfMemoryError, StoppedError, UnsupportedError)
from .estimate import Estimate, estimate
from .plane import Plane
from .runs import Comparison, Export, Run, compare, load, resume, run, save
from .schedule import delta, epochs, every, log_epochs
from .table import Table

__all__ = ["ArgumentError", "Comparison", "DeviceError", "Error", "Estimate", "Export",
           "FileError", "FormatError", "NumericError", "OutOfMemoryError", "Plane",
           "Run", "StoppedError", "Table", "UnsupportedError", "compare", "delta",
           "epochs", "estimate", "every", "figures", "keras", "lightning", "load",
           "log_epochs", "report", "resume", "run", "save", "version"]

# Modules that import more than numpy, or that few need: at their first use.
_LATER = ("figures", "keras", "lightning", "report")


if TYPE_CHECKING:  # which knows these names, and no others
    from . import figures, keras, lightning, report
else:
    def __getattr__(name: str) -> Any:
        if name in _LATER:
            return importlib.import_module(f".{name}", __name__)
        raise AttributeError(f"infoplane has no '{name}': see dir(infoplane)")


def __dir__() -> List[str]:
    return sorted(set(globals()) | set(_LATER))
