"""Probe: how the activations of a network on the probe rows are read."""
from __future__ import annotations

from typing import Any, Callable, List, Mapping, Optional, Protocol, Sequence

from .errors import ArgumentError


class Probe(Protocol):
    """What Watch needs: the layers' names, and their (n, ..) activations now."""

    names: List[str]

    def activations(self) -> List[Any]:
        """One array or tensor a name, which later training leaves as it is; of `held`
        calls before this one they stay as well."""


def probe_of(net: Any, layers: Optional[Sequence[str]], x: Any, chunk: int,
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


def pick(layers: Optional[Sequence[str]], known: Sequence[str],
         default: Sequence[str]) -> List[str]:
    """The names asked for, or the default. Raises ArgumentError for an unknown one."""
    if layers is None:
        layers = default
    if isinstance(layers, str):
        raise ArgumentError(f"layers is the text '{layers}': expected a list, "
                            f"layers=['{layers}']")
    for name in layers:
        if name not in known:
            raise ArgumentError(f"layer '{name}': expected names among "
                                f"{', '.join(known)}")
    if not layers or len(set(layers)) < len(layers):
        raise ArgumentError(f"layers {list(layers)}: expected one name or more, each "
                            "once")
    return list(layers)


class FunctionProbe:
    """A function from the probe rows to a dict of names and activations."""

    def __init__(self, net: Callable[[Any], Mapping[str, Any]],
                 layers: Optional[Sequence[str]], x: Any) -> None:
        self.net, self.x = net, x
        known = list(net(x))
        self.names = pick(layers, known, known)

    def activations(self) -> List[Any]:
        """The arrays as the function returns them."""
        given = self.net(self.x)
        return [given[name] for name in self.names]
