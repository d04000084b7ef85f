"""The activations of a torch Module on the probe rows, by forward hooks.

A forward pass runs in evaluation mode without gradients, and then each module's own
training flag, each buffer and parameter and the global random numbers of torch, numpy
and Python are what they were, bit for bit, whatever `forward` does to them. (Of more
than 256 MiB of parameters a changed one is an ArgumentError.) The limit: attributes
that `forward` writes, counters, lists, generators of its own, stay as it left them;
state that a training needs belongs in buffers. The network's own forward hooks fire in
each pass, once for each chunk of rows; ours are there only during the pass.

With a BatchNorm that has no running statistics (track_running_stats=False) the
activations depend on the rows that pass together: give Plane a `chunk` of all rows.
A network of several inputs is watched as a function, which returns a dict.
Networks in DataParallel, DistributedDataParallel or torch.compile are read as the
module inside, and their layers have its names: "fc1", or "module.fc1".

Layers by default: the outputs of modules that are activation functions (nn.ReLU,
nn.Tanh, ..) and of the module that is called last. A network whose non-linearities
are functions (F.relu) has no such modules: there, every module with weights of its own
(nn.Linear, nn.Conv2d, ..), whose outputs come before the non-linearity. Name the
layers where something else is meant; containers ("block1") can be named as well.
"""
from __future__ import annotations

import ctypes as C
import random
from collections import deque
from contextlib import contextmanager
from typing import (Any, Callable, Deque, Dict, Iterable, Iterator, List, Optional,
                    Sequence)

import numpy as np
import torch
from torch import nn

from .errors import ArgumentError
from .probe import layers_of, pick

_memcmp = C.CDLL(None).memcmp
_memcmp.argtypes = C.c_void_p, C.c_void_p, C.c_size_t
_MT19937_BYTES = 4 * (624 + 1)  # key and place: numpy's mt19937_state
KEPT_BYTES = 2**28  # of parameters: as much is copied in each pass


class TorchProbe:
    """See `probe.Probe`; the activations are (n, d) tensors on the network's device.
    In host memory they are overwritten by the call after the next `held` ones."""

    def __init__(self, net: nn.Module, layers: Optional[Iterable[str]], x: Any,
                 chunk: int, held: int = 0) -> None:
        self.net, self.chunk = _inner(net), chunk
        _check_initialised(self.net)
        self.rows = _tensor(x)
        self.copies: Dict[int, torch.Tensor] = {}  # memory of _undisturbed
        self.modules = {m: name for name, m in self.net.named_modules() if name}
        self.bases: Dict[str, str] = {}  # name -> the module's; NAME.2 is NAME's call
        known: Dict[str, Any] = {}

        def note(name: str, base: str, output: Any) -> None:
            self.bases[name], known[name] = base, output

        self._pass(self._placed(self.rows[:2]), list(self.modules), note)
        layers = layers_of(layers)
        if self.net is not net and layers is not None:
            layers = [name if name in known else _unwrapped(name) for name in layers]
        self.names = pick(layers, list(known), self._default(list(known)))
        bases = {self.bases[name] for name in self.names}
        self.hooked = [m for m, base in self.modules.items() if base in bases]
        self.room: Deque[Dict[str, torch.Tensor]] = deque(
            {} for _ in range(held + 1))

    def activations(self) -> List[torch.Tensor]:
        """Copies, in the order of the names; finished when this returns."""
        n = len(self.rows)
        self.rows = self._placed(self.rows)
        self.room.rotate()
        whole, seen = self.room[0], set()

        def keep(name: str, base: str, output: Any) -> None:
            # A copy: a module that works in place would change it afterwards.
            if name in self.names:
                seen.add(name)
                part = _flat(name, output, len(rows))
                _room_for(whole, name, n, part)[at:at + len(rows)] = part

        for at in range(0, n, self.chunk):
            rows = self.rows[at:at + self.chunk]
            seen.clear()
            self._pass(rows, self.hooked, keep)
            for name in self.names:
                if name not in seen:
                    raise ArgumentError(f"layer '{name}' was not called in this pass: "
                                        "expected the same calls for all rows and "
                                        "epochs")
        made = [whole[name] for name in self.names]
        for name, one in zip(self.names, made):
            if one.is_cuda:  # torch keeps that memory by itself, for the training too
                torch.cuda.current_stream(one.device).synchronize()
                del whole[name]
        return made

    def _placed(self, rows: torch.Tensor) -> torch.Tensor:
        """The rows where the network is, in its floating-point type."""
        like = next((p for p in self.net.parameters() if p.is_floating_point()), None)
        if like is None:
            return rows
        kind = like.dtype if rows.is_floating_point() else rows.dtype
        return rows.to(device=like.device, dtype=kind)

    def _default(self, known: List[str]) -> List[str]:
        module = {name: m for m, name in self.modules.items()}
        called = {name: module[self.bases[name]] for name in known}
        leaves = {name: m for name, m in called.items() if not list(m.children())}
        chosen = [name for name, m in leaves.items() if _is_activation(m)]
        if not chosen:
            chosen = [name for name, m in leaves.items() if list(m.parameters())]
        return chosen + [name for name in list(leaves)[-1:] if name not in chosen]

    def _pass(self, rows: torch.Tensor, modules: Sequence[nn.Module],
              take: Callable[[str, str, Any], None]) -> None:
        """take(name, its module's, output) as each call of these modules ends."""
        calls: Dict[str, int] = {}
        taken = self.modules.values()

        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            base = self.modules[module]
            calls[base] = calls.get(base, 0) + 1
            name = base if calls[base] == 1 else f"{base}.{calls[base]}"
            if name != base and name in taken:  # a child has that name
                name = f"{base}.call{calls[base]}"
            take(name, base, output)

        with _undisturbed(self.net, self.copies), torch.no_grad():
            handles = [m.register_forward_hook(hook) for m in modules]
            try:
                self.net(rows)
            finally:
                for handle in handles:
                    handle.remove()


def _inner(net: nn.Module) -> nn.Module:
    while True:
        if isinstance(net, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            net = net.module
        elif hasattr(net, "_orig_mod"):
            net = net._orig_mod
        else:
            return net


def _unwrapped(name: Any) -> Any:
    """"module.fc1", as a wrapper calls the layer, by its name inside."""
    while isinstance(name, str) and name.startswith(("module.", "_orig_mod.")):
        name = name.split(".", 1)[1]
    return name


def _check_initialised(net: nn.Module) -> None:
    for name, p in list(net.named_parameters()) + list(net.named_buffers()):
        if nn.parameter.is_lazy(p):
            raise ArgumentError(f"parameter '{name}' has no shape yet: expected a "
                                "network that was called once; pass it a batch first")


def _tensor(x: Any) -> torch.Tensor:
    if isinstance(x, (list, tuple)) and x and isinstance(x[0], torch.Tensor):
        x = torch.stack(list(x))
    if isinstance(x, torch.Tensor):
        return x.detach()
    x = np.asarray(x)
    return torch.tensor(x.astype(x.dtype.newbyteorder("="), copy=False))


def _is_activation(module: nn.Module) -> bool:
    return (any(kind.__module__ == "torch.nn.modules.activation"
                for kind in type(module).__mro__)
            and not isinstance(module, nn.MultiheadAttention))


def _flat(name: str, output: Any, rows: int) -> torch.Tensor:
    """An output as (rows, d); of a tuple (nn.LSTM), its first tensor."""
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not isinstance(output, torch.Tensor):
        raise ArgumentError(f"layer '{name}' returns a {type(output).__name__}: "
                            "expected a tensor; leave this layer out")
    if output.dim() < 1 or len(output) != rows:
        raise ArgumentError(f"layer '{name}' returns shape {tuple(output.shape)} for "
                            f"{rows} rows: expected the rows first (batch_first=True)")
    return output.detach().reshape(rows, -1)


def _room_for(whole: Dict[str, torch.Tensor], name: str, n: int,
              part: torch.Tensor) -> torch.Tensor:
    """The (n, d) tensor of a layer: fresh memory costs more than what is copied."""
    room, shape = whole.get(name), (n, part.shape[1])
    if room is None or room.shape != shape or room.dtype != part.dtype \
            or room.device != part.device:
        with torch.inference_mode(False):  # a later pass may write outside of it
            room = whole[name] = part.new_empty(shape)
    return room


@contextmanager
def _undisturbed(net: nn.Module,
                 copies: Dict[int, torch.Tensor]) -> Iterator[None]:
    """Evaluation mode within; afterwards flags, buffers, parameters and random numbers
    are as they were. copies: the host memory for their bits, from one pass to the next.
    Raises ArgumentError for large parameters that have changed."""
    modules = list(net.modules())
    training = [m for m in modules if m.training]
    parameters = {p for m in modules for p in m._parameters.values() if p is not None}
    large = sum(p.numel() * p.element_size() for p in parameters) > KEPT_BYTES
    owners = [m._buffers for m in modules if m._buffers]
    owners += [m._parameters for m in modules if m._parameters and not large]
    kept = _Kept(owners, copies)
    versions = {name: p._version for name, p in net.named_parameters()
                if not p.is_inference()} if large else {}
    devices = sorted({p.device.index for p in parameters if p.is_cuda})
    # Weights that autocast rounds without gradient must not stay in its cache, where
    # the training would find them.
    cached = torch.is_autocast_cache_enabled()
    of_python, of_numpy = random.getstate(), _NumpyRandom()
    with torch.random.fork_rng(devices=devices):
        torch.set_autocast_cache_enabled(False)
        try:
            for m in training:  # not eval(), which a network may have made its own
                m.training = False
            yield
        finally:
            torch.set_autocast_cache_enabled(cached)
            random.setstate(of_python)
            of_numpy.put_back()
            for m in training:
                m.training = True
            kept.put_back()
    now = dict(net.named_parameters()) if large else {}
    for name, version in versions.items():
        if name not in now or now[name]._version != version:
            raise ArgumentError(f"forward() has changed parameter '{name}' in a pass "
                                "of the probe: expected one that only reads it; watch "
                                "a function that returns a dict of activations")


class _NumpyRandom:
    """numpy's global random numbers, as they are now.

    To put them back takes longer than to see that a pass has drawn none. The second of
    two normal numbers is kept outside of the generator's bits: one that waits there
    could go unseen.
    """

    def __init__(self) -> None:
        self.state = np.random.get_state()
        self.bits = None if self.state[3] else _bits_of_numpy()

    def put_back(self) -> None:
        if self.bits is None or self.bits != _bits_of_numpy():
            np.random.set_state(self.state)


def _bits_of_numpy() -> Optional[bytes]:
    """Those of the global generator, if it is the usual one."""
    generator = np.random.mtrand._rand._bit_generator
    if type(generator) is not np.random.MT19937:
        return None
    return C.string_at(generator.ctypes.state_address, _MT19937_BYTES)


class _Kept:
    """Buffers and parameters of modules: the tensors themselves, and their bits."""

    def __init__(self, owners: Sequence[Dict[str, Any]],
                 copies: Dict[int, torch.Tensor]) -> None:
        self.owners = [(owner, dict(owner)) for owner in owners]
        # `.data` has a version of its own: a graph that waits for backward() goes on.
        self.tensors = [(t, t.data) for owner in owners for t in owner.values()
                        if t is not None]
        self.bits = [_copy_of(data, copies, at)
                     for at, (_, data) in enumerate(self.tensors)]

    def put_back(self) -> None:
        for owner, tensors in self.owners:
            owner.clear()
            owner.update(tensors)
        for (tensor, data), bits in zip(self.tensors, self.bits):
            if not _same_bits(data, bits):
                data.copy_(bits)
            if tensor.data_ptr() != data.data_ptr():  # `weight.data = ..`
                tensor.data = data


def _copy_of(data: torch.Tensor, copies: Dict[int, torch.Tensor],
             at: int) -> torch.Tensor:
    """In copies[at] if that fits: fresh host memory costs more than what is copied."""
    room = copies.get(at)
    if room is not None and room.dtype == data.dtype and room.shape == data.shape \
            and room.device == data.device:
        return room.copy_(data)
    with torch.inference_mode(False):  # a later pass may write outside of it
        bits = data.clone()
    if data.device.type == "cpu":
        copies[at] = bits
    return bits


def _same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether that is known: to read both costs less than to write one."""
    return (one.device.type == other.device.type == "cpu" and one.is_contiguous()
            and other.is_contiguous() and not _memcmp(
                one.data_ptr(), other.data_ptr(), one.numel() * one.element_size()))
