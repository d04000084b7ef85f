"""_device.py - devices of the C library: one for each thread and process.

A device serves one thread at a time, and a GPU does not survive a fork, so each thread
of each process opens its own at its first call and keeps it.

Ctrl-C: Python hears it in its main thread, and only between two of its own steps. So a
call of the main thread that may take long runs in another thread, for which the main
thread waits; an interrupt stops the device, whose call then ends at its next
piece of work, and the device is given up. The next call opens another one.
"""
from __future__ import annotations

import ctypes as C
import os
import queue
import threading
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np

from . import _structs as S
from ._library import check, lib
from .errors import ArgumentError

# Products of two values, as in a squared distance of two rows. Fewer are over within a
# second on one core: no thread is worth its time.
SHORT = 1e9


class Device:
    """A handle of the C library, closed with the object."""

    def __init__(self, name: str, threads: Optional[int]) -> None:
        self._close = lib.ipl_device_close  # there even as the interpreter ends
        self.handle = C.c_void_p()
        options = S.DeviceOptions(threads or 0, 0)
        check(lib.ipl_device_open(name.encode(), C.byref(options),
                                  C.byref(self.handle)))

    def stop(self) -> None:
        """From any thread: the call at work ends soon, and later ones at once."""
        lib.ipl_device_stop(self.handle)

    def __del__(self) -> None:
        if self.handle:
            self._close(self.handle)


_Key = Tuple[int, str, Optional[int]]


class _Kept(threading.local):
    def __init__(self) -> None:
        self.devices: Dict[_Key, Device] = {}
        self.helper: Optional["_Helper"] = None


_kept = _Kept()


def check_named(name: Any, threads: Any) -> None:
    """Raises ArgumentError for what names no device, and opens none."""
    if not isinstance(name, str):
        raise ArgumentError(f"device {name!r}: expected 'auto', 'cpu', 'cuda' or "
                            "'cuda:N'")
    if threads is not None and not (isinstance(threads, (int, np.integer))
                                    and 1 <= threads <= 4096):
        raise ArgumentError(f"threads {threads!r}: expected 1 to 4096, or None for "
                            "all that the process may use")


def _open(name: str, threads: Optional[int]) -> Tuple[_Key, Device]:
    check_named(name, threads)
    key = (os.getpid(), name, threads)
    device = _kept.devices.get(key)
    if device is None:
        device = _kept.devices[key] = Device(name, threads)
    return key, device


def call(name: str, threads: Optional[int], products: float,
         work: Callable[[Any], None]) -> None:
    """work(handle), on this thread's device; see above for long work and Ctrl-C."""
    key, device = _open(name, threads)
    main = threading.current_thread() is threading.main_thread()
    if products < SHORT or not main:
        work(device.handle)
        return
    try:
        _aside(device, work)
    except BaseException:
        del _kept.devices[key]  # it may be stopped, or at work still
        raise


class _Job:
    def __init__(self, device: Device, work: Callable[[Any], None]) -> None:
        self.device, self.work = device, work  # the device lives until the end
        self.done = threading.Event()
        self.error: Optional[BaseException] = None


class _Helper(threading.Thread):
    """Does long calls in turn. A new thread for each would begin with cold memory."""

    def __init__(self) -> None:
        super().__init__(name="infoplane-estimate", daemon=True)
        self.pid = os.getpid()
        self.jobs: queue.SimpleQueue = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            try:
                job.work(job.device.handle)
            except BaseException as error:
                job.error = error
            job.done.set()
            del job  # with its arrays


def _aside(device: Device, work: Callable[[Any], None]) -> None:
    if _kept.helper is None or _kept.helper.pid != os.getpid():
        _kept.helper = _Helper()
    job, helper = _Job(device, work), _kept.helper
    helper.jobs.put(job)
    try:
        job.done.wait()
    except BaseException:  # KeyboardInterrupt, or what another handler raised
        device.stop()
        _kept.helper = None
        helper.jobs.put(None)
        # No daemon: the interpreter ends after the call, not in it.
        threading.Thread(target=job.done.wait, name="infoplane-stopped").start()
        raise
    if job.error:
        raise job.error
