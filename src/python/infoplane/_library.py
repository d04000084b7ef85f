"""_library.py - finds and loads the C library, and declares what is called of it.

The library is $INFOPLANE_LIBRARY, or _lib/libinfoplane.so beside this file. At import
the sizes of all shared structs are compared: a library of another version is refused,
not misread.
"""
from __future__ import annotations

import ctypes as C
import os
import re
from pathlib import Path
from typing import Any

from . import _structs as S
from .errors import BY_STATUS, Error


def _load() -> C.CDLL:
    beside = Path(__file__).parent / "_lib" / "libinfoplane.so"
    path = os.environ.get("INFOPLANE_LIBRARY") or str(beside)
    try:
        return C.CDLL(path)
    except OSError as why:
        raise ImportError(
            f"the C library {path} cannot be loaded ({why}): install the package "
            "(pip install ./src/python), or set INFOPLANE_LIBRARY to a "
            "libinfoplane.so that make has built") from why


def _check_sizes(sizes: Any) -> None:
    for name, size in sizes.items():
        has = lib.ipl_sizeof(name.encode())
        if has != size:
            raise ImportError(f"the C library {lib._name} has {has} bytes for {name}, "
                              f"and this package {size}: they are of different "
                              "versions; build both from one checkout")


def _declare(name: str, result: Any, *arguments: Any) -> None:
    try:
        function = getattr(lib, name)
    except AttributeError as why:
        raise ImportError(f"the C library {lib._name} has no {name}: it is of another "
                          "version; build both from one checkout") from why
    function.restype, function.argtypes = result, list(arguments)


lib = _load()
_declare("ipl_sizeof", C.c_size_t, C.c_char_p)
_check_sizes(S.SIZES)
Options: Any = S.options_of(lib.ipl_sizeof(b"ipl_mi_options"))
_check_sizes({"ipl_mi_options": C.sizeof(Options)})

_TEXT, _SIZE, _AT, _STATUS = C.c_char_p, C.c_size_t, C.c_void_p, C.c_int
_OPTIONS: Any = C.POINTER(Options)
_declare("ipl_version", _TEXT)
_declare("ipl_status_name", _TEXT, _STATUS)
_declare("ipl_last_error_text", _TEXT)
_declare("ipl_device_open", _STATUS, _TEXT, C.POINTER(S.DeviceOptions), C.POINTER(_AT))
_declare("ipl_device_close", None, _AT)
_declare("ipl_device_stop", None, _AT)
_declare("ipl_mi_family_of", C.POINTER(S.Family), C.c_int)
_declare("ipl_mi_family_name", _TEXT, C.c_int)
_declare("ipl_mi_standard", None, _TEXT, _SIZE)
_declare("ipl_mi_defaults", Options, C.c_int)
_declare("ipl_mi_options_set", _STATUS, _OPTIONS, _TEXT)
_declare("ipl_mi_options_check", _STATUS, _OPTIONS)
_declare("ipl_mi_may_sweep", C.c_int, C.POINTER(S.Option))
_declare("ipl_option_print", None, C.POINTER(S.Option), _AT, _TEXT, _SIZE)
_declare("ipl_option_choice", _TEXT, C.POINTER(S.Option), C.c_int)
_declare("ipl_mi_name_point", _TEXT, _OPTIONS, C.c_int, _TEXT)
_declare("ipl_mi_describe", None, _OPTIONS, _TEXT, _SIZE)
_declare("ipl_mi_flag_name", _TEXT, C.c_int)
_declare("ipl_mi_refusal_text", _TEXT, C.c_int)
_declare("ipl_mi_narrow", _STATUS, _TEXT, C.c_int64, C.c_int64, _AT, _AT,
         C.POINTER(C.c_int64))
_declare("ipl_labels_from_array", _STATUS, _TEXT, S.SamplesOf, C.POINTER(S.Array),
         _TEXT, C.POINTER(S.Classes))
_declare("ipl_classes_of_values", _STATUS, _TEXT, S.SamplesOf, C.POINTER(S.Array),
         C.POINTER(S.TargetOptions), C.POINTER(S.Classes))
_declare("ipl_classes_free", None, C.POINTER(S.Classes))
_declare("ipl_mi_estimate_host", _STATUS, _AT, C.c_int, _OPTIONS,
         C.POINTER(S.Samples), C.c_int, _AT)
_CONFIG = _AT
_declare("ipl_config_read", _STATUS, _TEXT, _CONFIG)
_declare("ipl_config_set", _STATUS, _CONFIG, _TEXT)
_declare("ipl_config_keys", C.c_int)
_declare("ipl_config_key_at", _STATUS, _CONFIG, C.c_int, C.POINTER(S.ConfigKey))
_declare("ipl_run", _STATUS, _AT, _CONFIG, _TEXT, S.PROGRESS_CALL, _AT, _AT)
_declare("ipl_resume", _STATUS, _AT, _TEXT, S.PROGRESS_CALL, _AT, _AT)
_declare("ipl_run_about", _STATUS, _TEXT, C.POINTER(S.RunInfo))
_declare("ipl_export_networks", _STATUS, _AT, C.POINTER(S.Export),
         C.POINTER(C.c_int64))
_declare("ipl_plane_write", _STATUS, _AT, C.POINTER(S.Plane), _TEXT)


# Words of the program, which some of the library's texts name, and Python's.
_WORDS = ((r" \(--[a-z-]+ [A-Z]\)", ""), (r"(estimate's )?--y-values", "y_values=True"),
          (r"--set ([a-z_.]+)=(\w+)", r'{"\1": "\2"}'),
          (r"infoplane resume (\S+)", r"infoplane.resume('\1')"))


def check(status: int) -> None:
    """Raises the exception of a status that is not OK, with this thread's text."""
    if status:
        name = lib.ipl_status_name(status).decode()
        text = lib.ipl_last_error_text().decode(errors="replace")
        for theirs, ours in _WORDS:
            text = re.sub(theirs, ours, text)
        raise BY_STATUS.get(name, Error)(text)


def version() -> str:
    """Version and revision of the C library: "0.1.0 (1a2b3c4)"."""
    return lib.ipl_version().decode()
