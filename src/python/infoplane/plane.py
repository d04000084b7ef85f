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

import inspect
import math
import threading
from functools import partial
from typing import Any, Dict, Iterable, List, Optional, Sequence

import numpy as np

from . import schedule as schedules
from ._given import whole
from .errors import ArgumentError
from .estimate import Question, _settings
from .labels import Labels, as_labels
from .probe import Probe, probe_of
from .table import Columns, Table
from .watch import WAITING, Watch


# What estimate takes itself; all others are options of the estimators.
_OWN = set(inspect.signature(Question).parameters) - {"names", "y", "options"}
_CHECKED = set(inspect.signature(_settings).parameters) - {"options"}


class Plane:
    """The points of one architecture, of any number of seeds.

    X_probe: (n, ..) array or tensor, of torch also a list of n tensors, the rows that
    are passed through the networks; y_probe: (n,) labels or targets, or None, read at
    the first tick. `schedule` says which epochs are measured (`every(1)`), `chunk` how
    many rows one forward pass takes (None: such that they are at most 2^20 numbers, but
    64 rows at least). With `background` a thread measures while the training goes on;
    the results are the same. Between ticks the memory of the activations and of copied
    parameters is kept, if it is the host's. Where a BatchNorm has no running
    statistics, the rows of a pass decide the activations: give a chunk of n. All other
    keywords are those of `estimate` (`x=`, for an estimator that wants the inputs,
    among them): unless told, bin has 30 edges over [-1, 1] and kde noise_var=0.05.
    Raises ArgumentError for labels of another count than the rows, and for unknown
    keywords.
    """

    def __init__(self, X_probe: Any, y_probe: Any = None, *,
                 schedule: Optional[schedules.Schedule] = None,
                 background: bool = False, chunk: Optional[int] = None,
                 **options: Any) -> None:
        rows = _rows_of(X_probe, "X_probe")
        if y_probe is not None and _rows_of(y_probe, "y_probe") != rows:
            raise ArgumentError(f"y_probe has {len(y_probe)} rows and X_probe {rows}: "
                                "expected one label for each row")
        if chunk is None:
            each = np.shape(X_probe[0]) if isinstance(X_probe, (list, tuple)) and rows \
                else np.shape(X_probe)[1:]
            chunk = max(64, 2**20 // max(1, math.prod(each)))
        chunk = whole("chunk", chunk, 1)
        _settings(**{name: options[name] for name in _CHECKED & set(options)},
                  options={name: value for name, value in options.items()
                           if name not in _OWN})
        self.X_probe, self.y_probe = X_probe, y_probe
        self.schedule = _schedule_of(schedule)
        self.background, self.chunk, self.options = background, chunk, options
        self.layers: List[str] = []
        self._widths: List[int] = []
        self._lock = threading.Lock()
        self._tables: List[Table] = []
        self._rows: List[Dict[str, float]] = []
        self._latest: Dict[int, int] = {}  # seed -> the latest epoch
        self._open: List[Watch] = []
        self._labels: Optional[Labels] = None

    def watch(self, net: Any, layers: Optional[Iterable[str]] = None, seed: int = 0,
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
        seed = whole("seed", seed)
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

    def _claim_widths(self, names: Sequence[str], activations: Sequence[Any]) -> None:
        widths = [math.prod(np.shape(one)[1:]) for one in activations]
        with self._lock:
            self._widths = self._widths or widths
            for name, before, now in zip(names, self._widths, widths):
                if now != before:
                    raise ArgumentError(
                        f"layer '{name}' has {before} units in this plane, and {now} "
                        "in this network: expected the same; give this network a Plane "
                        "of its own")

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

    def __repr__(self) -> str:
        with self._lock:
            points = sum(len(table) for table in self._tables)
            seeds = ", ".join(map(str, self._latest)) or "none"
            layers = ", ".join(self.layers) or "none"
        return f"<Plane of {points} points: layers {layers}; seeds {seeds}>"

    def __reduce__(self) -> Any:
        raise TypeError("a Plane watches networks at work and cannot be pickled or "
                        "copied: pickle plane.table instead, or plane.save(dir)")

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


def _rows_of(rows: Any, what: str) -> int:
    kinds = {kind.__name__ for kind in type(rows).__mro__}
    if kinds & {"DataLoader", "Dataset", "DatasetV2"}:
        raise ArgumentError(f"{what} is a {type(rows).__name__}: expected an array or "
                            "tensor of rows; of a DataLoader take a batch, X_probe, "
                            "y_probe = next(iter(loader))")
    try:
        return len(rows)
    except TypeError:
        raise ArgumentError(f"{what} is a {type(rows).__name__}: expected an array or "
                            "tensor with a row for each sample") from None


def _schedule_of(given: Any) -> schedules.Schedule:
    if given is None:
        return schedules.every(1)
    if isinstance(given, schedules.Schedule):
        return given
    hint = "every(10), epochs([1, 2]), log_epochs() or delta()"
    if isinstance(given, int):
        hint = f"every({given})"
    elif isinstance(given, (list, tuple, range)):
        hint = f"epochs({list(given)})"
    raise ArgumentError(f"schedule={given!r}: expected a schedule; say schedule="
                        f"infoplane.{hint}")


def _placed(seed: int, epoch: int, table: Table) -> Columns:
    """A layer's points at their place in the plane."""
    return {**table.columns, "seed": np.full(len(table), seed, np.int64),
            "epoch": np.full(len(table), epoch, np.int64)}
