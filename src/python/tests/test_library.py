"""The C library: how it is found, what is checked, and its devices."""
import ctypes
import gc
import os
import subprocess
import sys
import threading
import types

import numpy as np
import pytest

import infoplane as ip
from infoplane import _device, _library, _structs

T = np.random.default_rng(6).normal(size=(50, 3)).astype(np.float32)


def imported(code="import infoplane", **environment):
    """What a fresh Python says to this, its last line."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, **environment})
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[-1] if lines else ""


@pytest.mark.parametrize("theirs,ours", [
    ("y: row 0 is 0.5: y_bins = N (--y-bins N) makes classes of such values, and "
     "estimate's --y-values compares them", "y: row 0 is 0.5: y_bins = N makes classes "
     "of such values, and y_values=True compares them"),
    ("kept no networks: run it with --set run.keep=measured",
     'kept no networks: run it with {"run.keep": "measured"}'),
    ("infoplane resume runs/a goes on with it",
     "infoplane.resume('runs/a') goes on with it"),
    ("a--set--y of my--y-dir", "a--set--y of my--y-dir")])
def test_errors_have_pythons_words(monkeypatch, theirs, ours):
    said = types.SimpleNamespace(ipl_status_name=lambda status: b"E_FORMAT",
                                 ipl_last_error_text=theirs.encode)
    monkeypatch.setattr(_library, "lib", said)
    with pytest.raises(ip.FormatError) as caught:
        _library.check(1)
    assert str(caught.value) == ours


def test_a_real_valued_label_names_no_flag():
    with pytest.raises(ip.FormatError, match="y_values=True") as caught:
        ip.estimate(np.eye(3), [0.5, 1.5, 2.25])
    assert "--" not in str(caught.value)


def test_the_version_is_the_librarys():
    number, revision = ip.version().split()
    assert number.count(".") == 2 and revision.startswith("(")


def test_a_library_that_is_not_there_is_said(tmp_path):
    text = imported(INFOPLANE_LIBRARY=str(tmp_path / "none.so"))
    assert text.startswith("ImportError: the C library") and "INFOPLANE_LIBRARY" in text


def test_another_library_is_refused():
    import _ctypes  # any shared object
    text = imported(INFOPLANE_LIBRARY=_ctypes.__file__)
    assert text.startswith("ImportError: the C library"), text
    assert "another version; build both from one checkout" in text


@pytest.mark.parametrize("name", sorted(_structs.SIZES))
def test_a_struct_that_differs_is_refused(name):
    code = ("import importlib.util, sys, types\n"
            "spec = importlib.util.find_spec('infoplane')\n"
            "package = types.ModuleType('infoplane')\n"
            "package.__path__ = spec.submodule_search_locations\n"
            "sys.modules['infoplane'] = package\n"
            "import infoplane._structs as S\n"
            f"S.SIZES[{name!r}] += 8\n"
            "import infoplane._library")
    text = imported(code)
    assert text.startswith("ImportError") and f"bytes for {name}" in text, text


def test_each_status_has_an_exception():
    lib = _library.lib
    names, number = [], 1
    while lib.ipl_status_name(number) in {n.encode() for n in ip.errors.BY_STATUS}:
        names.append(lib.ipl_status_name(number).decode())
        number += 1
    assert sorted(names) == sorted(ip.errors.BY_STATUS)
    for name, kind in ip.errors.BY_STATUS.items():
        assert issubclass(kind, ip.Error)
        status = next(k for k in range(number) if
                      lib.ipl_status_name(k).decode() == name)
        with pytest.raises(kind):
            _library.check(status)
    _library.check(0)


def test_places_of_points_are_the_structs():
    """A point that the library fills is read at the right offsets."""
    class Point(ctypes.Structure):
        _fields_ = [("estimator", ctypes.c_int), ("name", ctypes.c_char * 32),
                    ("bound", ctypes.c_char_p), ("values", ctypes.c_double * 4),
                    ("cells", ctypes.c_int64), ("more", ctypes.c_double * 4),
                    ("refusal", ctypes.c_int), ("flags", ctypes.c_uint)]
    assert ctypes.sizeof(Point) == _structs.POINT.itemsize
    for name in ("name", "bound", "cells", "refusal", "flags"):
        assert getattr(Point, name).offset == _structs.POINT.fields[name][1], name


# -- Devices -------------------------------------------------------------------------

def kept():
    return _device._kept.devices


def test_a_thread_keeps_its_device():
    ip.estimate(T, device="cpu", threads=1)
    device = kept()[os.getpid(), "cpu", 1]
    ip.estimate(T, device="cpu", threads=1)
    assert kept()[os.getpid(), "cpu", 1] is device
    ip.estimate(T, device="cpu", threads=2)
    assert kept()[os.getpid(), "cpu", 2] is not device


def test_each_thread_has_a_device_that_ends_with_it(monkeypatch):
    seen, closed, close = [], [], _library.lib.ipl_device_close

    def work():
        ip.estimate(T, device="cpu")
        (device,) = kept().values()
        device._close = lambda handle: (closed.append(handle.value), close(handle))
        seen.append(device.handle.value)

    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    del thread
    gc.collect()
    assert sorted(closed) == sorted(seen) and len(seen) == 3


def test_a_stopped_device_says_so():
    device = _device.Device("cpu", 1)
    device.stop()
    key = (os.getpid(), "cpu", 3)
    kept()[key] = device
    try:
        with pytest.raises(ip.StoppedError, match="the device was stopped"):
            ip.estimate(T, device="cpu", threads=3)
    finally:
        del kept()[key]
    ip.estimate(T, device="cpu", threads=3)


def test_a_child_opens_its_own():
    ip.estimate(T, device="cpu", threads=1)
    child = os.fork()
    if child == 0:
        ip.estimate(T, device="cpu", threads=1)
        os._exit(0 if (os.getpid(), "cpu", 1) in kept() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_names_of_devices_reach_the_library():
    portable = ip.estimate(T, device="cpu:portable").i_xt
    assert portable == pytest.approx(ip.estimate(T, device="cpu").i_xt, rel=1e-6)
    if not os.path.exists("/dev/nvidia0"):
        assert ip.estimate(T, device="auto").i_xt == ip.estimate(T, device="cpu").i_xt
