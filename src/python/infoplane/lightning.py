"""Lightning: a callback.

    Trainer(callbacks=[ip.lightning.InformationPlane(plane)])

Layers have the names of the LightningModule's modules, see `infoplane._torch`.
"""
from __future__ import annotations

import math
from typing import Any, Iterable, Optional

from ._needs import missing
from .plane import Plane
from .probe import layers_of
from .watch import Watch

try:
    from lightning.pytorch import Callback
except ImportError:
    try:
        from pytorch_lightning import Callback  # the package's older name
    except ImportError as none:
        raise missing("lightning", "infoplane.lightning needs Lightning") from none


class InformationPlane(Callback):
    """Watches the module that is trained: epoch 0 before the training, then each
    epoch's end that the plane's schedule wants, and the last one.

    loss, acc: the names, as given to `self.log`, of what `plane.training` keeps.
    In a distributed training the first process measures.
    """

    def __init__(self, plane: Plane, layers: Optional[Iterable[str]] = None,
                 seed: int = 0, loss: str = "train_loss", acc: str = "train_acc"
                 ) -> None:
        self.plane, self.seed = plane, seed
        self.layers = layers_of(layers)
        self.loss, self.acc = loss, acc
        self.watch: Optional[Watch] = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.is_global_zero:
            return
        most = trainer.max_epochs
        last = most if most is not None and most >= 0 else None
        self.watch = self.plane.watch(pl_module, self.layers, self.seed, last)
        if trainer.current_epoch > self.plane.latest(self.seed):  # else it goes on
            self.watch.tick(trainer.current_epoch)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if self.watch is None:
            return
        told = trainer.callback_metrics
        self.watch.tick(trainer.current_epoch + 1, loss=told.get(self.loss, math.nan),
                        acc=told.get(self.acc, math.nan))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        watch, self.watch = self.watch, None
        if watch is not None:
            with watch:
                watch.finish()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException
                     ) -> None:
        watch, self.watch = self.watch, None
        if watch is not None:
            watch.__exit__(type(exception), exception, None)
