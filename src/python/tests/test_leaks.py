"""test_leaks.py - what an estimate takes, it gives back."""

import os

from layers_case import layer, memory_kib, threads_now

import infoplane as ip

MANY, GROWTH_KIB = 10_000, 1024  # a leak of 105 bytes an estimate would be seen


def growth(call, times: int) -> int:
    """KiB that `times` calls add, after as many as it takes to fill caches."""
    for _ in range(max(times // 5, 20)):
        call()
    before = memory_kib()
    for _ in range(times):
        call()
    return memory_kib() - before


def test_ten_thousand_estimates_keep_memory_flat():
    t, y = layer(rows=40)
    files, threads = len(os.listdir("/proc/self/fd")), None

    def call() -> None:
        ip.estimate(t, y, bins=30, noise_var=0.1, device="cpu", threads=1)

    call()
    threads = threads_now()
    assert growth(call, MANY) < GROWTH_KIB
    assert len(os.listdir("/proc/self/fd")) == files
    assert threads_now() == threads


def test_refused_estimates_keep_memory_flat():
    t, y = layer(rows=40)
    t[3, 2] = float("nan")

    def call() -> None:
        try:
            ip.estimate(t, y, device="cpu", threads=1)
        except ip.Error:
            return
        raise AssertionError("NaN was measured")

    assert growth(call, MANY // 5) < GROWTH_KIB
