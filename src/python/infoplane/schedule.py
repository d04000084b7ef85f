"""Which epochs are measured: every(n), log_epochs(..), epochs(list), delta(..).

A schedule is a plain description and can be shared by many trainings; `start(last)`
gives the state of one training. The rules are those of the C engine's policies
(`measure.policy` of a configuration), so that both measure the same epochs.
Epoch 0 is the untrained network. Where the last epoch is known it is always measured.
"""
from __future__ import annotations

import math
from typing import Iterable, Optional

import numpy as np

from ._given import real, whole
from .errors import ArgumentError
from .table import Table


class Schedule:
    """What all schedules have: the state of one training is what `start` returns."""

    def start(self, last: Optional[int] = None) -> "Progress":
        """A training that ends with epoch `last`, or at an epoch not yet known."""
        return Progress(self, None if last is None else whole("last epoch", last))

    def lists(self, epoch: int) -> bool:
        """Whether the epoch is one of those known beforehand."""
        raise NotImplementedError


class Progress:
    """One training under a schedule whose epochs are known beforehand."""

    def __init__(self, schedule: Schedule, last: Optional[int]) -> None:
        self.schedule, self.last = schedule, last

    def wants(self, epoch: int) -> bool:
        """Whether this epoch, now reached, is to be measured."""
        return epoch == self.last or self.schedule.lists(epoch)

    def decided(self, epoch: int) -> bool:
        """Whether `wants` can answer before the measured epochs' tables are there."""
        return True

    def given(self, epoch: int) -> None:
        """Tells that the epoch is being measured."""

    def measured(self, epoch: int, table: Table) -> None:
        """Tells what the epoch's points are."""


class _Every(Schedule):
    def __init__(self, n: int) -> None:
        self.n = whole("every", n, 1)

    def lists(self, epoch: int) -> bool:
        return epoch % self.n == 0


class _Log(Schedule):
    def __init__(self, dense: int, per_decade: int) -> None:
        self.dense = whole("log epochs, dense", dense)
        self.per_decade = whole("log epochs, per decade", per_decade, 1)
        self.begin = float(max(self.dense, 1))

    def tail(self, k: int) -> int:
        """The k-th epoch of the tail, k from 1; in the words of policy.c."""
        return math.floor(self.begin * math.pow(10.0, k / self.per_decade) + 0.5)

    def lists(self, epoch: int) -> bool:
        if epoch <= self.dense:
            return True
        # The entry nearest to the epoch by its logarithm, or a neighbour of it.
        near = round(self.per_decade * math.log10(epoch / self.begin))
        return any(k >= 1 and self.tail(k) == epoch for k in range(near - 1, near + 2))


class _Epochs(Schedule):
    def __init__(self, listed: Iterable[int]) -> None:
        if not isinstance(listed, Iterable) or isinstance(listed, str):
            raise ArgumentError(f"epochs {listed!r}: expected a list, epochs([1, 10]), "
                                "or every(n)")
        given = [whole("epoch of the list", e) for e in listed]
        for before, epoch in zip([-1] + given, given):
            if epoch <= before:
                raise ArgumentError(f"epoch {epoch} of the list comes after {before}: "
                                    "expected ascending epochs from 0")
        self.listed = frozenset(given)

    def start(self, last: Optional[int] = None) -> Progress:
        beyond = last is not None and self.listed and max(self.listed) > last
        if beyond:
            raise ArgumentError(f"epoch {max(self.listed)} of the list is after the "
                                f"last one, {last}: leave it out of the list")
        return super().start(last)

    def lists(self, epoch: int) -> bool:
        # Epoch 0 is measured by every policy of the C engine.
        return epoch == 0 or epoch in self.listed


class _Delta(Schedule):
    def __init__(self, limit: float, multiplier: float, skip_max: int, halve: bool,
                 estimator: Optional[str], unit: str) -> None:
        limit = real("delta", limit)
        multiplier = real("skip multiplier", multiplier)
        skip_max = whole("largest skip", skip_max)
        if not limit >= 0.0:
            raise ArgumentError(f"delta {limit:g}: expected 0 or more")
        if not 1.01 <= multiplier <= 1e6:
            raise ArgumentError(f"skip multiplier {multiplier:g}: expected 1.01 to 1e6")
        if unit not in ("share", "bits"):
            raise ArgumentError(f"unit of delta '{unit}': expected 'share' or 'bits'")
        self.limit, self.multiplier, self.skip_max = limit, multiplier, skip_max
        self.halve, self.estimator, self.unit = halve, estimator, unit

    def start(self, last: Optional[int] = None) -> Progress:
        return _DeltaProgress(self, super().start(last).last)


class _DeltaProgress(Progress):
    """The frontier of policy_delta.c, which goes on from measured epoch to the next."""

    schedule: _Delta

    def __init__(self, schedule: _Delta, last: Optional[int]) -> None:
        super().__init__(schedule, last)
        self.front, self.front_known = 0, False
        self.level = 0
        self.values: Optional[np.ndarray] = None
        self.waiting = False  # the front is being measured

    def wants(self, epoch: int) -> bool:
        return epoch == self.last or (not self.waiting and epoch >= self.front)

    def decided(self, epoch: int) -> bool:
        if not self.waiting or epoch == self.last:
            return True
        down = 1 if self.schedule.halve and self.level > 0 else 0
        return epoch < self.front + self._step(self.level - down)

    def given(self, epoch: int) -> None:
        # An epoch that was never reached is replaced by the next one after it.
        self.front, self.waiting = epoch, True

    def measured(self, epoch: int, table: Table) -> None:
        values = _values(table, self.schedule)
        if self.values is not None:
            self._climb(_distance(self.values, values) <= self.schedule.limit)
        self.values = values
        self.front, self.waiting = epoch + self._step(self.level), False
        if self.last is not None:
            self.front = min(self.front, self.last)

    def _climb(self, small: bool) -> None:
        if small and self._step(self.level) < self._top():
            self.level += 1
        if not small and self.schedule.halve and self.level > 0:
            self.level -= 1

    def _top(self) -> float:
        longest = math.inf if self.last is None else max(self.last, 1)
        return min(self.schedule.skip_max or math.inf, longest)

    def _step(self, level: int) -> int:
        skip = 1.0
        for _ in range(level):
            skip *= self.schedule.multiplier
        return int(min(skip, self._top()))


def _values(table: Table, schedule: _Delta) -> np.ndarray:
    """I(X;T) and I(T;Y) of every point that counts, as shares of H(X) and H(Y)."""
    columns = table.columns
    names = np.asarray(columns["estimator"]).astype(str)
    counts = np.array([schedule.estimator in (None, name, name.split("@")[0])
                       for name in names], dtype=bool)
    if not counts.any():
        raise ArgumentError(f"delta by estimator '{schedule.estimator}': expected one "
                            f"of {', '.join(sorted(set(names)))}")
    pair = []
    for column, ceiling in (("i_xt_bits", "h_x"), ("i_ty_bits", "h_y")):
        bits = 1.0
        if schedule.unit == "share":
            bits = table.about["ceilings_bits"].get(ceiling)
        share = 1.0 / bits if bits and bits > 0 else 0.0  # one class: I(T;Y) stays 0
        pair.append(np.asarray(columns[column], np.float64)[counts] * share)
    return np.concatenate(pair)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """The largest change of a point; NaN, which is never small, where one is defined at
    one end only."""
    if a.shape != b.shape:
        return math.inf
    defined = ~(np.isnan(a) & np.isnan(b))
    change = np.abs(a - b)[defined]
    return float(change.max()) if change.size else math.inf


def every(n: int = 1) -> Schedule:
    """Every n-th epoch: 0, n, 2 n, .."""
    return _Every(n)


def log_epochs(dense: int = 10, per_decade: int = 20) -> Schedule:
    """Epochs 0 to `dense`, then `per_decade` epochs in each factor of ten."""
    return _Log(dense, per_decade)


def epochs(listed: Iterable[int]) -> Schedule:
    """Epoch 0 and the epochs of an ascending list."""
    return _Epochs(listed)


def delta(limit: float = 0.02, *, multiplier: float = 2.0, skip_max: int = 0,
          halve: bool = False, estimator: Optional[str] = None,
          unit: str = "share") -> Schedule:
    """Skips while little changes: after a change of at most `limit` the next skip is
    `multiplier` times as long, else as long as before (with `halve`: one step less).

    A change is the largest one of a layer's point between two measured epochs, as a
    share of H(X) and H(Y), or in bits. `skip_max` is the longest skip (0: no limit).
    `estimator` names the one that decides, with all its settings ("bin") or with one
    ("bin@30"); None: all do. Example: `Plane(X, y, schedule=ip.delta(0.02))`.
    """
    return _Delta(limit, multiplier, skip_max, halve, estimator, unit)
