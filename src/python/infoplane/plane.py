"""Plane: the information plane of one's own networks, measured while they train.

    plane = ip.Plane(X_probe, y_probe, bins=30, schedule=ip.log_epochs())
    for seed in range(10):
        net = make_net(seed)
        with plane.watch(net, layers=["fc1", "fc2"], seed=seed, last=200) as w:
            for epoch in range(200):
                w.tick(epoch, loss=loss, acc=acc)   # measured if the schedule says so
                train_one_epoch(net)
            w.tick(200)
    plane.to_frame()
"""
from __future__ import annotations

import math
import threading
from functools import partial
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from . import schedule as schedules
from .errors import ArgumentError
from .labels import Labels, as_labels
from .probe import Probe, probe_of
from .table import Columns, Table
from .watch import WAITING, Watch


class Plane:
    """The points of one architecture, of any number of seeds.

    X_probe: (n, ..) array or tensor, the rows that are passed through the networks;
    y_probe: (n,) labels or targets, or None, read at the first tick. `schedule` says
    which epochs are measured (`every(1)`), `chunk` how many rows one forward pass takes
    (None: such that they are at most 2^20 numbers, but 64 rows at least). With
    `background` a thread measures while the training goes on; the results are the same.
    Between ticks the memory of the activations is kept, if it is the host's. All other
    keywords are those of `estimate` (`x=`, for an estimator that wants the inputs,
    among them). Raises ArgumentError for labels of another count than the rows.
    """

    def __init__(self, X_probe: Any, y_probe: Any = None, *,
                 schedule: Optional[schedules.Schedule] = None,
                 background: bool = False, chunk: Optional[int] = None,
                 **options: Any) -> None:
        rows = len(X_probe)
        if y_probe is not None and len(y_probe) != rows:
            raise ArgumentError(f"y_probe has {len(y_probe)} rows and X_probe {rows}: "
                                "expected one label for each row")
        if chunk is None:
            chunk = max(64, 2**20 // max(1, math.prod(np.shape(X_probe)[1:])))
        if chunk < 1:
            raise ArgumentError(f"chunk of {chunk} rows: expected 1 or more")
        self.X_probe, self.y_probe = X_probe, y_probe
        self.schedule = schedule or schedules.every(1)
        self.background, self.chunk, self.options = background, chunk, options
        self.layers: List[str] = []
        self._lock = threading.Lock()
        self._tables: List[Table] = []
        self._rows: List[Dict[str, float]] = []
        self._latest: Dict[int, int] = {}  # seed -> the latest epoch
        self._open: List[Watch] = []
        self._labels: Optional[Labels] = None

    def watch(self, net: Any, layers: Optional[Sequence[str]] = None, seed: int = 0,
              last: Optional[int] = None) -> Watch:
        """A context manager whose `tick(epoch, loss=, acc=)` measures this network.

        net: a torch Module, a Keras model, or a function of X_probe that returns a dict
        of layer names and (n, ..) activations. layers: names as in `named_modules()`
        or `model.layers`; None: see `infoplane._torch` and `infoplane.keras`. A module
        that is called twice has the names NAME and NAME.2. seed: the number this
        training has in the tables. last: the last epoch, which is then measured
        whatever the schedule says.

        Watching a torch Module does not change its training, as far as forward() keeps
        its state in buffers, parameters and the global random numbers of torch, numpy
        and Python; attributes that it writes, such as counters, go on. The network's
        own forward hooks fire too. A network of several inputs is watched as a
        function.

        Raises ArgumentError for a name that the network does not have, and for layers
        that are not those of the plane's other networks.
        """
        probe = probe_of(net, layers, self.X_probe, self.chunk,
                         WAITING if self.background else 0)
        with self._lock:
            self._claim(probe)
            watch = Watch(self, probe, seed, self.schedule.start(last))
            self._open.append(watch)
        return watch

    def _claim(self, probe: Probe) -> None:
        self.layers = self.layers or probe.names
        if probe.names != self.layers:
            raise ArgumentError(f"this plane's layers are {', '.join(self.layers)}, "
                                f"and the network's {', '.join(probe.names)}: expected "
                                "the same; give this network a Plane of its own")

    @property
    def table(self) -> Table:
        """All points, in the order in which they were measured."""
        with self._lock:
            watches = list(self._open)
        for watch in watches:
            watch.collect()
        with self._lock:
            return self._joined()

    def _joined(self) -> Table:
        if not self._tables:
            raise ArgumentError("this plane has no points yet: watch a network and "
                                "call tick(epoch) at an epoch of the schedule")
        if len(self._tables) > 1:
            columns = {name: np.concatenate([t.columns[name] for t in self._tables])
                       for name in self._tables[0].columns}
            self._tables = [Table(columns, self._tables[0].about)]
        return self._tables[0]

    def latest(self, seed: int) -> int:
        """The latest epoch that a training of this seed has reached, -1: none."""
        with self._lock:
            return self._latest.get(seed, -1)

    def to_frame(self) -> Any:
        """The points as a pandas DataFrame."""
        return self.table.to_frame()

    @property
    def training(self) -> Dict[str, np.ndarray]:
        """What `tick` was told, a row each: seed, epoch, loss, acc (NaN: not told)."""
        with self._lock:
            kinds = {"seed": np.int64, "epoch": np.int64, "loss": np.float64,
                     "acc": np.float64}
            return {name: np.array([row[name] for row in self._rows], kind)
                    for name, kind in kinds.items()}

    def plot(self, **options: Any) -> Any:
        """A matplotlib Figure, see `figures.plot`."""
        from . import figures
        return figures.plot(self, **options)

    def movie(self, file: Any, **options: Any) -> Any:
        """A film over the epochs, see `figures.movie`."""
        from . import figures
        return figures.movie(self, file, **options)

    def report(self, file: Any, **options: Any) -> Any:
        """One page of HTML, see `report.report`."""
        from . import report
        return report.report(self, file, **options)

    def save(self, dir: Any) -> Any:
        """A run directory that the C program's `plot` and `load` read."""
        from . import runs
        return runs.save(self, dir)

    # -- for Watch ------------------------------------------------------------------

    def _targets(self) -> Any:
        """y_probe, or the classes of it: made once, for all ticks."""
        if self._labels is None and self.y_probe is not None \
                and self.options.get("y_values", False) is False:
            self._labels = as_labels(self.y_probe, len(self.X_probe),
                                     self.options.get("y_bins"),
                                     self.options.get("y_width"))
        return self.y_probe if self._labels is None else self._labels

    def _reached(self, seed: int, epoch: int, loss: float, acc: float) -> None:
        with self._lock:
            before = self._latest.get(seed, -1)
            if epoch <= before:
                raise ArgumentError(
                    f"epoch {epoch} of seed {seed} comes after epoch {before}: "
                    "expected ascending epochs from 0; another training takes another "
                    "seed=")
            self._latest[seed] = epoch
            self._rows.append({"seed": seed, "epoch": epoch, "loss": loss, "acc": acc})

    def _add(self, seed: int, epoch: int, table: Table) -> None:
        with self._lock:
            self._tables.append(Table(partial(_placed, seed, epoch, table),
                                      table._about))

    def _close(self, watch: Watch) -> None:
        with self._lock:
            self._open = [w for w in self._open if w is not watch]


def _placed(seed: int, epoch: int, table: Table) -> Columns:
    """A layer's points at their place in the plane."""
    return {**table.columns, "seed": np.full(len(table), seed, np.int64),
            "epoch": np.full(len(table), epoch, np.int64)}
