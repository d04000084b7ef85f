"""layers_case.py - a layer for tests of processes, threads and memory."""

import os
from typing import Any, Tuple

import numpy as np

import infoplane as ip


def layer(rows: int = 500, seed: int = 1) -> Tuple[np.ndarray, np.ndarray]:
    """Activations (rows, 6) of a made-up tanh layer, and ten classes (rows,)."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows, dtype=np.int32) % 10
    centre = rng.normal(size=(10, 6))
    noise = rng.normal(scale=0.3, size=(rows, 6))
    return np.tanh(centre[y] + noise).astype(np.float32), y


def measured(seed: int = 1, **options: Any) -> Tuple[float, ...]:
    """Bits of `bin` and `kde` on this layer: equal digits are equal results."""
    t, y = layer(seed=seed)
    table = ip.estimate(t, y, bins=30, noise_var=0.1, device="cpu", **options)
    columns = table.columns
    return tuple(float(v) for name in ("i_xt_bits", "i_ty_bits") for v in columns[name])


def threads_now() -> int:
    """Threads of this process, of any library."""
    return len(os.listdir("/proc/self/task"))


def memory_kib() -> int:
    """Memory of this process that is resident."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
