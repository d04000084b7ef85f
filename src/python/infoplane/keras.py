"""Keras 3: a callback, and the activations of a model's layers.

    model.fit(x, y, epochs=100, callbacks=[ip.keras.InformationPlane(plane)])

The layers' outputs are those of a second model on the same graph and weights, called
with training=False. A model must have such a graph: Sequential or functional.

Layers by default: all but inputs and those that only drop, scale or reshape (Dropout,
BatchNormalization, Flatten, ..).
"""
from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional

import numpy as np

from ._needs import missing
from .errors import ArgumentError
from .plane import Plane
from .probe import layers_of, pick
from .watch import Watch

try:
    import keras
except ImportError as none:
    raise missing("keras", "infoplane.keras needs Keras 3") from none

_PASSED_BY = ("Dropout", "Normalization", "Flatten", "Reshape", "Permute", "Padding",
              "Noise", "InputLayer", "Rescaling")


class KerasProbe:
    """See `probe.Probe`; the activations are (n, ..) arrays of numpy."""

    def __init__(self, net: Any, layers: Optional[Iterable[str]], x: Any,
                 chunk: int) -> None:
        outputs = _outputs(net)
        default = [name for name, (layer, _) in outputs.items()
                   if not any(part in type(layer).__name__ for part in _PASSED_BY)]
        self.names = pick(layers, list(outputs), default)
        self.rows, self.chunk = x, chunk
        inputs = net.inputs if len(net.inputs) > 1 else net.inputs[0]
        self.part = keras.Model(inputs, [outputs[n][1] for n in self.names])

    def activations(self) -> List[np.ndarray]:
        """The outputs, in the order of the names."""
        parts: List[List[np.ndarray]] = [[] for _ in self.names]
        for at in range(0, len(self.rows), self.chunk):
            given = self.part(self.rows[at:at + self.chunk], training=False)
            given = given if isinstance(given, (list, tuple)) else [given]
            for part, value in zip(parts, given):
                part.append(keras.ops.convert_to_numpy(value))
        return [part[0] if len(part) == 1 else np.concatenate(part) for part in parts]


def _outputs(net: Any) -> Dict[str, Any]:
    """Name -> (layer, symbolic output), the k-th call of a layer as NAME.k."""
    graph = getattr(net, "_functional", net)  # what a Sequential is built of
    levels = getattr(graph, "_nodes_by_depth", {})
    if not levels:
        raise ArgumentError(f"model '{net.name}' has no graph of layers: expected a "
                            "Sequential or functional model; build it, or give watch "
                            "a function that returns a dict of names and activations")
    nodes = {id(node) for level in levels.values() for node in level}
    found: Dict[str, Any] = {}
    for layer in net.layers:
        # A layer may be part of other models: only this one's calls count.
        calls = [node for node in layer._inbound_nodes if id(node) in nodes]
        for k, node in enumerate(calls, 1):
            name = layer.name if k == 1 else f"{layer.name}.{k}"
            found[name] = (layer, node.output_tensors[0])
    return found


class InformationPlane(keras.callbacks.Callback):
    """Watches the model that is fitted: epoch 0 before the training, then each epoch's
    end that the plane's schedule wants, and the last one.

    loss, acc: the names in Keras' logs of what `plane.training` keeps. Put it before
    callbacks that put other weights back at the end (EarlyStopping with
    restore_best_weights), and give another fit another `seed`.
    """

    def __init__(self, plane: Plane, layers: Optional[Iterable[str]] = None,
                 seed: int = 0, loss: str = "loss", acc: str = "accuracy") -> None:
        super().__init__()
        self.plane, self.seed = plane, seed
        self.layers = layers_of(layers)
        self.loss, self.acc = loss, acc
        self.watch: Optional[Watch] = None

    def on_train_begin(self, logs: Optional[Mapping[str, Any]] = None) -> None:
        watch, self.watch = self.watch, None
        if watch is not None:  # of a fit that an error ended
            with watch:
                watch.collect()

    def on_epoch_begin(self, epoch: int, logs: Optional[Mapping[str, Any]] = None
                       ) -> None:
        if self.watch is None:
            last = (self.params or {}).get("epochs")
            self.watch = self.plane.watch(self.model, self.layers, self.seed, last)
            if epoch > self.plane.latest(self.seed):  # else a fit that goes on
                self.watch.tick(epoch)

    def on_epoch_end(self, epoch: int, logs: Optional[Mapping[str, Any]] = None
                     ) -> None:
        if self.watch is None:  # no epoch has begun
            return
        logs = logs or {}
        self.watch.tick(epoch + 1, loss=logs.get(self.loss, np.nan),
                        acc=logs.get(self.acc, np.nan))

    def on_train_end(self, logs: Optional[Mapping[str, Any]] = None) -> None:
        watch, self.watch = self.watch, None
        if watch is not None:
            with watch:
                watch.finish()
