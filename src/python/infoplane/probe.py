"""Probe: how the activations of a network on the probe rows are read."""
from __future__ import annotations

import re
from typing import Any, Callable, Iterable, List, Mapping, Optional, Protocol, Sequence

from .errors import ArgumentError

_NO_NAME = re.compile(r'[,"\x00-\x1f]')  # what rows of CSV are made of


class Probe(Protocol):
    """What Watch needs: the layers' names, and their (n, ..) activations now."""

    names: List[str]

    def activations(self) -> List[Any]:
        """One array or tensor a name, which later training leaves as it is; of `held`
        calls before this one they stay as well."""


def probe_of(net: Any, layers: Optional[Iterable[str]], x: Any, chunk: int,
             held: int = 0) -> Probe:
    """The probe for this kind of network; held: see there. The frameworks are imported
    only for their own networks."""
    kinds = {kind.__module__.split(".")[0] for kind in type(net).__mro__}
    if "torch" in kinds:
        from ._torch import TorchProbe
        return TorchProbe(net, layers, x, chunk, held)
    if "keras" in kinds:
        from .keras import KerasProbe
        return KerasProbe(net, layers, x, chunk)
    if callable(net):
        return FunctionProbe(net, layers, x)
    raise ArgumentError(f"a network of type {type(net).__name__}: expected a torch "
                        "Module, a Keras model, or a function of X_probe that returns "
                        "a dict of names and activations")


def layers_of(layers: Optional[Iterable[str]]) -> Optional[List[str]]:
    """The names asked for as a list, of any iterable."""
    if isinstance(layers, str):
        raise ArgumentError(f"layers is the text '{layers}': expected a list, "
                            f"layers=['{layers}']")
    if layers is not None and not isinstance(layers, Iterable):
        raise ArgumentError(f"layers is {layers!r}: expected a list of names")
    return None if layers is None else list(layers)


def pick(layers: Optional[Iterable[str]], known: Sequence[str],
         default: Sequence[str]) -> List[str]:
    """The names asked for, or the default. Raises ArgumentError for an unknown one,
    and for one that a run directory cannot hold."""
    asked = layers_of(layers)
    if not known:
        raise ArgumentError("this network has no named layers inside: expected a "
                            "network of modules; watch a function that returns a dict "
                            "of names and activations")
    chosen = list(default) if asked is None else asked
    for name in chosen:
        if name not in known:
            raise ArgumentError(f"layer {name!r}: expected names among "
                                f"{', '.join(map(str, known))}")
        if not isinstance(name, str) or not name or _NO_NAME.search(name):
            raise ArgumentError(f"layer {name!r}: expected a name without commas, "
                                "quotes and line breaks; give the layer another one")
    if not chosen or len(set(chosen)) < len(chosen):
        raise ArgumentError(f"layers {chosen}: expected one name or more, each once")
    return chosen


class FunctionProbe:
    """A function from the probe rows to a dict of names and activations."""

    def __init__(self, net: Callable[[Any], Mapping[str, Any]],
                 layers: Optional[Iterable[str]], x: Any) -> None:
        self.net, self.x = net, x
        known = list(self._given())
        self.names = pick(layers, known, known)

    def activations(self) -> List[Any]:
        """The arrays as the function returns them."""
        given = self._given()
        for name in self.names:
            if name not in given:
                raise ArgumentError(f"layer '{name}' is not in what the function now "
                                    "returns: expected the same names at all epochs")
        return [given[name] for name in self.names]

    def _given(self) -> Mapping[str, Any]:
        given = self.net(self.x)
        if not isinstance(given, Mapping):
            raise ArgumentError(f"the function returns a {type(given).__name__}: "
                                "expected a dict of names and activations, {'fc1': T}")
        if not given:
            raise ArgumentError("the function returns an empty dict: expected names "
                                "and activations, {'fc1': T}")
        return given
