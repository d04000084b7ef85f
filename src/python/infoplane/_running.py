"""_running.py - the C library's engine at work: configuration, progress, Ctrl-C.

A run has a thread of its own, for which the caller waits. An interrupt asks the run to
stop at its next tick, with all files such that it can be resumed; the second one stops
its device too, at the next piece of work.
"""
from __future__ import annotations

import ctypes as C
import os
import threading
from typing import Any, Callable, Dict, Optional

from . import _device
from . import _structs as S
from ._library import check, lib
from .errors import ArgumentError

_POLL_S = 0.1
Engine = Callable[[Any, Any, Any], int]  # device, progress call, out: a status


# -- The configuration ----------------------------------------------------------------

def configuration(path: Any, settings: Optional[Dict[str, Any]],
                  keep: Optional[str]) -> Any:
    """The ipl_config of this file under these settings; see runs.run."""
    config = (C.c_double * (lib.ipl_sizeof(b"ipl_config") // 8))()
    check(lib.ipl_config_read(os.fsencode(path), config))
    settings = dict(settings or {})
    for key, value in settings.items():
        check(lib.ipl_config_set(config, f"{key}={_text(value)}".encode()))
    has = {key: _value(config, key) for key in ("run.keep", "run.networks")}
    if keep and "run.keep" not in settings and has == {"run.keep": "none",
                                                       "run.networks": ""}:
        check(lib.ipl_config_set(config, f"run.keep={keep}".encode()))
    return config


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, range)):
        return ", ".join(_text(one) for one in value)
    return repr(value) if isinstance(value, float) else os.fspath(value) \
        if isinstance(value, os.PathLike) else str(value)


def _value(config: Any, wanted: str) -> str:
    for index in range(lib.ipl_config_keys()):
        key = S.ConfigKey()
        check(lib.ipl_config_key_at(config, index, C.byref(key)))
        if f"{key.section.decode()}.{key.key.decode()}" == wanted:
            return key.value.decode(errors="surrogateescape")
    raise ArgumentError(f"a configuration has no key {wanted}")


# -- The work -------------------------------------------------------------------------

class _Told:
    """What the library has told of a run, and whether it is to stop."""

    def __init__(self) -> None:
        self.tick = self.last = self.measured = 0
        self.stop = False

    def __call__(self, user: Any, now: Any) -> int:
        at = now.contents
        self.tick, self.last, self.measured = at.tick, at.last, at.measured
        return int(self.stop)


class _Bar:
    """tqdm's, where it is installed; else nothing."""

    def __init__(self, name: str, wanted: bool, told: _Told) -> None:
        self.told, self.bar = told, None
        if not wanted:
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        self.bar = tqdm(desc=name, unit="tick")

    def show(self) -> None:
        if self.bar is not None and self.told.last:
            self.bar.total = self.told.last
            self.bar.set_postfix(measured=self.told.measured, refresh=False)
            self.bar.update(self.told.tick - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.show()
            self.bar.close()


def follow(dir: str, device: str, threads: Optional[int], progress: bool,
           engine: Engine) -> None:
    """Runs the engine and shows how far it is. Raises its error, or KeyboardInterrupt
    once it has stopped."""
    key, kept = _device._open(device, threads)
    told, done, failed = _Told(), threading.Event(), []
    call = S.PROGRESS_CALL(told)

    def run() -> None:
        try:
            check(engine(kept.handle, call, None))
        except BaseException as error:
            failed.append(error)
        finally:
            done.set()

    bar = _Bar(dir, progress, told)
    threading.Thread(target=run, name="infoplane-run").start()
    try:
        while not done.wait(_POLL_S):
            bar.show()
    except BaseException as error:
        told.stop = True
        _wait(done, key, kept)
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(f"the run has stopped: infoplane.resume({dir!r}) "
                                    "goes on") from None
        raise
    finally:
        bar.close()
    if failed:
        raise failed[0]


def _wait(done: threading.Event, key: Any, kept: Any) -> None:
    """For a run that was asked to stop. The impatient lose the device, which another
    call opens again."""
    while not done.is_set():
        try:
            done.wait()
        except KeyboardInterrupt:
            _device._kept.devices.pop(key, None)
            kept.stop()
