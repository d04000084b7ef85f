"""runs.py - run directories: made by the C engine, read, resumed, compared, written.

    run = ip.run("configs/ib-relu.ini", {"train.epochs": 3000, "train.replicas": 10})
    run.to_frame(); run.plot(); run.export(tick=100).activations[1]
    ip.compare({"tanh": ip.load("runs/ib-tanh"), "relu": run}).plot(row="run")
    plane.save("runs/mine"); ip.load("runs/mine")
"""
from __future__ import annotations

import ctypes as C
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional

import numpy as np

from . import _device, _rundir, _running
from . import _structs as S
from ._library import check, lib
from ._points import tables_of
from .errors import ArgumentError
from .table import Table

if TYPE_CHECKING:
    from .plane import Plane


@dataclass(frozen=True)
class Export:
    """One network that a run kept, at one tick; layers are counted from 1.

    inputs: (n, inputs) float32 and labels: (n,) int32 of the measured rows;
    activations: layer -> (n, units); weights: layer -> (units before, units); biases:
    layer -> (units,). A layer is f(T W + b), of activations float32.
    """
    tick: int
    seed: int
    inputs: np.ndarray
    labels: np.ndarray
    activations: Dict[int, np.ndarray]
    weights: Dict[int, np.ndarray]
    biases: Dict[int, np.ndarray]


class Run:
    """What is in a run directory, as it was when it was first asked for.

    dir: its path. about: run.json: what ran where, of what, how long.
    """

    def __init__(self, dir: Any) -> None:
        self.dir = Path(dir)
        self.about = _rundir.read_about(self.dir)

    @cached_property
    def table(self) -> Table:
        """All points, in bits."""
        return _rundir.read_table(self.dir, self.about)

    @cached_property
    def training(self) -> Dict[str, np.ndarray]:
        """training.csv: seed, epoch, loss_train_nats, accuracy_train, .., (rows,) each;
        NaN: not known. Empty for activations whose training nobody told of."""
        return _rundir.read_training(self.dir, self.about)

    @cached_property
    def sets(self) -> Dict[str, "Run"]:
        """The run for each set of rows it measured, by measure.rows: {"train": this
        one, "test": ..}; compare(run.sets) draws them together."""
        named = self.about.get("config", {}).get("measure", {}).get("rows", "")
        chosen = [one.strip() for one in named.split(",")]
        rows = [one for one in ("all", "train", "test") if one in chosen] or ["all"]
        further = {name: self.dir / name for name in rows[1:]}
        return {rows[0]: self, **{name: Run(dir) for name, dir in further.items()
                                  if dir.is_dir()}}

    def to_frame(self) -> Any:
        """The points as a pandas DataFrame."""
        return self.table.to_frame()

    def export(self, tick: Optional[int] = None, layer: Optional[int] = None,
               seed: Optional[int] = None, *, device: str = "auto",
               threads: Optional[int] = None) -> Export:
        """Weights and activations of one network that the run kept, as it measured
        them.

        tick: None for the last one; layer: from 1, None for all; seed: None for the
        first. Raises ArgumentError for a tick, layer or seed that was not kept, and
        where the run kept nothing.
        """
        for name, given in (("tick", tick), ("layer", layer), ("seed", seed)):
            if given is not None and (given < 0 or (name == "layer" and given < 1)):
                raise ArgumentError(f"{name} {given}: expected a number from "
                                    f"{int(name == 'layer')}, or None")
        _, opened = _device._open(device, threads)
        with tempfile.TemporaryDirectory(prefix="infoplane-") as folder:
            what = S.Export(os.fsencode(self.dir), os.fsencode(folder),
                            -1 if tick is None else tick, 0,
                            -1 if seed is None else seed, layer or 0)
            check(lib.ipl_export_networks(opened.handle, C.byref(what), None))
            return _read_export(Path(folder), self.about["seeds"][0] if seed is None
                                else seed)

    def plot(self, **options: Any) -> Any:
        """A matplotlib Figure, see `figures.plot`."""
        from . import figures
        return figures.plot(self, **options)

    def movie(self, file: Any, **options: Any) -> None:
        """A film over the epochs, see `figures.movie`."""
        from . import figures
        figures.movie(self, file, **options)

    def report(self, file: Any, **options: Any) -> None:
        """One page of HTML, see `report.report`."""
        from . import report
        report.report(self, file, **options)

    def __repr__(self) -> str:
        return f"<Run {self.dir}: {self.about.get('status')}, {len(self.table)} points>"


class Comparison:
    """Several sources by name, drawn together; sources: name -> Table, Plane or Run."""

    def __init__(self, sources: Dict[str, Any]) -> None:
        if not isinstance(sources, dict):
            raise ArgumentError(f"a comparison of a {type(sources).__name__}: expected "
                                "a dict of names and Runs, Planes or Tables")
        tables_of(sources)
        self.sources = {str(name): source for name, source in sources.items()}

    def to_frame(self) -> Any:
        """All points as a pandas DataFrame, whose first column is run."""
        frames = {name: table.to_frame() for name, table
                  in tables_of(self.sources).items()}
        import pandas
        frame = pandas.concat(frames, names=["run"]).reset_index("run")
        return frame.reset_index(drop=True)

    def plot(self, **options: Any) -> Any:
        """A matplotlib Figure, see `figures.plot`: row="run"."""
        from . import figures
        return figures.plot(self.sources, **options)

    def movie(self, file: Any, **options: Any) -> None:
        """A film over the epochs, see `figures.movie`."""
        from . import figures
        figures.movie(self.sources, file, **options)

    def report(self, file: Any, **options: Any) -> None:
        """One page of HTML, see `report.report`."""
        from . import report
        report.report(self.sources, file, **options)


def run(config: Any, settings: Optional[Dict[str, Any]] = None, out: Any = None, *,
        device: str = "auto", threads: Optional[int] = None, progress: bool = True,
        keep: Optional[str] = "measured") -> Run:
    """Trains and measures the networks of a configuration with the C engine.

    config: a file, as of `infoplane run`. settings: keys and values over it,
    {"train.epochs": 100}; a list is several values. out: the run directory, which must
    not exist; None: runs/NAME for NAME.ini. progress: a bar, where tqdm is installed.
    keep: the networks that stay for `Run.export`, where the configuration has none:
    "measured", "all", or None for none.

    The files are those of `infoplane run`. Ctrl-C stops the run at its next tick, and
    `resume` goes on. Raises ArgumentError for a key, a value or an `out` that is there;
    FormatError for a configuration that cannot be read; FileError where writing fails.
    """
    made = _running.configuration(config, settings, keep)
    out = Path("runs") / Path(os.fspath(config)).stem if out is None else Path(out)
    if out.is_dir() and any(out.iterdir()):
        raise ArgumentError(f"{out} exists already: give another directory with out=, "
                            "or go on with it by infoplane.resume")
    name = os.fsencode(out)
    _running.follow(str(out), device, threads, progress, lambda handle, call, at:
                    lib.ipl_run(handle, made, name, call, None, at))
    return load(out)


def resume(dir: Any, *, device: Optional[str] = None, threads: Optional[int] = None,
           progress: bool = True) -> Run:
    """Goes on with a run that was stopped or killed; one that is done stays as it is.

    device: None for that of the run. The finished files are those of an unbroken run.
    Raises FileError for what is no run directory, ArgumentError where the data or the
    device are not those of the run, UnsupportedError while another process is at it.
    """
    name, about = os.fsencode(dir), S.RunInfo()
    check(lib.ipl_run_about(name, C.byref(about)))
    if not about.done:
        _running.follow(os.fspath(dir), device or about.device.decode(), threads,
                        progress, lambda handle, call, at:
                        lib.ipl_resume(handle, name, call, None, at))
    return load(dir)


def load(dir: Any) -> Run:
    """Reads a directory of `run`, of `infoplane run`, `measure` or `estimate --out`, or
    of `Plane.save`; one that is still at work as far as it has got.

    Raises FileError where it is none, and FormatError for damaged files, at once.
    """
    made = Run(dir)
    made.table, made.training
    return made


def compare(sources: Dict[str, Any]) -> Comparison:
    """Sources to be drawn together, a dict of names and Runs, Planes or Tables.

        ip.compare({"tanh": ip.load("runs/ib-tanh"), "mine": plane}).plot(row="run")
    """
    return Comparison(sources)


def save(plane: "Plane", dir: Any) -> Run:
    """Writes a Plane as a run directory, which must not exist, for `infoplane plot` and
    `load`; its training is told where `tick` was told a loss or an accuracy.

    Raises ArgumentError where the directory is there, for layers whose names have a
    comma, and for a plane without points; FileError where writing fails.
    """
    from . import _save
    _save.write(plane, dir)
    return load(dir)


def _read_export(folder: Path, seed: int) -> Export:
    parts: Dict[str, Dict[int, np.ndarray]] = {"layer": {}, "weights": {}, "biases": {}}
    tick = -1
    for path in sorted(folder.glob("epoch_*.npy")):
        _, epoch, kind, layer = path.stem.split("_")
        tick = int(epoch)
        parts[kind][int(layer)] = np.load(path)
    made = {kind: dict(sorted(of.items())) for kind, of in parts.items()}
    return Export(tick, seed, np.load(folder / "inputs.npy"),
                  np.load(folder / "labels.npy"), made["layer"], made["weights"],
                  made["biases"])
