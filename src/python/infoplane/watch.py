"""Watch: one training's ticks. Made by Plane.watch.

The network is read in the caller's thread, at the tick; only the estimates may run in
a thread of their own. They are taken up in the order of their epochs, and a schedule
that looks at values waits for them, so a plane is the same with and without a thread.
"""
from __future__ import annotations

import logging
import math
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Deque, List, Optional, Tuple

from ._given import real, whole
from .errors import ArgumentError
from .estimate import Question
from .probe import Probe
from .schedule import Progress
from .table import Table

if TYPE_CHECKING:
    from .plane import Plane

_log = logging.getLogger("infoplane")

# Activations of so many epochs may wait for the thread: memory stays bounded.
WAITING = 2


class Watch:
    """One network under a plane; a context manager. Not for several threads."""

    def __init__(self, plane: "Plane", probe: Probe, seed: int,
                 progress: Progress) -> None:
        self.plane, self.probe, self.seed, self.progress = plane, probe, seed, progress
        self._epoch, self._measured = -1, -1
        self._question: Optional[Question] = None
        self._thread: Optional[ThreadPoolExecutor] = None
        self._pending: Deque[Tuple[int, "Future[Table]"]] = deque()
        self._closed = False

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self._end(error)
        finally:
            self._closed = True
            if self._thread:
                self._thread.shutdown()
            self.plane._close(self)

    def _end(self, error: Optional[BaseException]) -> None:
        if error is None:
            self.collect()
            return
        # The caller's own error is the one to raise; what was measured is kept.
        try:
            self.collect()
        except Exception as second:
            _log.warning("seed %d: %s", self.seed, second)

    def tick(self, epoch: int, loss: Any = None, acc: Any = None) -> bool:
        """Tells that the network has been trained for `epoch` epochs, with what loss
        (nats) and accuracy (0 to 1; None: not told), and measures it if the schedule
        says so.

        Returns whether it is measured. Raises ArgumentError for epochs that do not
        ascend, and the error of an earlier epoch that the background thread met.
        """
        self._check_open()
        self._collect(only_done=True)
        epoch = whole("epoch", epoch)
        self.plane._reached(self.seed, epoch,
                            math.nan if loss is None else real("loss", loss),
                            math.nan if acc is None else real("acc", acc))
        self._epoch = epoch
        if not self.progress.decided(epoch):
            self.collect()
        if not self.progress.wants(epoch):
            return False
        self._measure(epoch)
        return True

    def finish(self) -> bool:
        """Measures the latest tick's epoch unless that has been done. For a training
        that ends at an epoch not known before, and has not gone on since that tick.
        """
        self._check_open()
        if self._epoch == self._measured:
            return False
        self.collect()
        self._measure(self._epoch)
        return True

    def collect(self) -> None:
        """Waits until all that was begun is measured; raises the first error."""
        self._collect(only_done=False)

    def _check_open(self) -> None:
        if self._closed:
            raise ArgumentError(f"the watch of seed {self.seed} has ended: call tick "
                                "within its `with` block")

    def _measure(self, epoch: int) -> None:
        layers = self.probe.activations()
        self.plane._claim_widths(self.probe.names, layers)
        self.progress.given(epoch)
        self._measured = epoch
        if not self.plane.background:
            self._take(epoch, self._estimate(layers))
            return
        while len(self._pending) >= WAITING:
            self._take_oldest()
        if not self._thread:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="infoplane-watch")
        self._pending.append((epoch, self._thread.submit(self._estimate, layers)))

    def _estimate(self, layers: List[Any]) -> Table:
        if self._question is None:
            self._question = Question(self.probe.names, y=self.plane._targets(),
                                      **self.plane.options)
        return self._question.of(layers)

    def _collect(self, only_done: bool) -> None:
        while self._pending and (not only_done or self._pending[0][1].done()):
            self._take_oldest()

    def _take_oldest(self) -> None:
        epoch, future = self._pending.popleft()
        self._take(epoch, future.result())

    def _take(self, epoch: int, table: Table) -> None:
        self.plane._add(self.seed, epoch, table)
        self.progress.measured(epoch, table)
