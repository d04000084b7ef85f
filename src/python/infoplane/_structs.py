"""_structs.py - the C library's structs, as ctypes and numpy lay them out.

`_library` compares the size of each with the library's own at import.
"""
from __future__ import annotations

import ctypes as C

import numpy as np

DIMS_MAX, NOTE_BYTES = 32, 400
SETTINGS_MAX, SETTING_BYTES, NAME_BYTES = 32, 16, 32
OPTION_BYTES = 176
OPTION_INTEGER, OPTION_REAL, OPTION_RANGE = 0, 1, 2
TARGET_CLASSES, TARGET_BINS, TARGET_WIDTH, TARGET_VALUES = 0, 1, 2, 3
NEEDS_INPUTS, NEEDS_MOMENTS = 2, 4
NO_CLASS = -1

# One place on the plane (ipl_mi_point), and one layer (ipl_mi_layer): pointers are
# addresses.
POINT = np.dtype([
    ("estimator", "i4"), ("name", f"S{NAME_BYTES}"), ("bound", "u8"), ("h_t", "f8"),
    ("i_xt", "f8"), ("i_ty", "f8"), ("noise_var", "f8"), ("cells", "i8"),
    ("outside_share", "f8"), ("se_x", "f8"), ("se_y", "f8"), ("i_next", "f8"),
    ("refusal", "i4"), ("flags", "u4")], align=True)
LAYER = np.dtype([
    ("name", "u8"), ("d", "i8"), ("t", "u8"), ("wide", "u8"), ("merged", "i8"),
    ("points", "i4"), ("point", POINT, (2 * SETTINGS_MAX,))], align=True)


class DeviceOptions(C.Structure):
    """ipl_device_options"""
    _fields_ = [("threads", C.c_int), ("allow_tf32", C.c_int)]


class Option(C.Structure):
    """ipl_option"""
    _fields_ = [("key", C.c_char_p), ("type", C.c_int), ("offset", C.c_size_t),
                ("min", C.c_double), ("max", C.c_double), ("above", C.c_int),
                ("fallback", C.c_char_p), ("choices", C.c_void_p),
                ("choice", C.c_void_p), ("help", C.c_char_p), ("flag", C.c_char_p),
                ("value", C.c_char_p), ("flag_help", C.c_char_p), ("form", C.c_char_p)]


class FamilyPoint(C.Structure):
    """ipl_mi_family.point"""
    _fields_ = [("name", C.c_char_p), ("title", C.c_char_p), ("bound", C.c_char_p)]


class Family(C.Structure):
    """ipl_mi_family"""
    _fields_ = [("name", C.c_char_p), ("summary", C.c_char_p), ("coarser", C.c_char_p),
                ("points", C.c_int), ("point", FamilyPoint * 2), ("options", C.c_int),
                ("option", C.POINTER(Option)), ("needs", C.c_uint),
                ("full_sums", C.c_int), ("standard", C.c_int), ("rows_max", C.c_int64)]


class Samples(C.Structure):
    """ipl_mi_samples"""
    _fields_ = [("n", C.c_int64), ("y", C.c_void_p), ("x", C.c_void_p),
                ("inputs_d", C.c_int64), ("inputs", C.c_void_p), ("kept", C.c_void_p),
                ("targets_d", C.c_int64), ("targets", C.c_void_p), ("error", C.c_int)]


class Array(C.Structure):
    """ipl_array"""
    _fields_ = [("rows", C.c_int64), ("cols", C.c_int64), ("dims", C.c_int),
                ("shape", C.c_int64 * DIMS_MAX), ("rounded", C.c_int64),
                ("rounded_fit", C.c_int64), ("values", C.c_void_p),
                ("wide", C.c_void_p), ("integers", C.c_void_p), ("naturals", C.c_int),
                ("text", C.c_void_p), ("text_bytes", C.c_size_t)]


class SamplesOf(C.Structure):
    """ipl_samples_of"""
    _fields_ = [("what", C.c_char_p), ("rows", C.c_int64), ("cols", C.c_int64)]


class Classes(C.Structure):
    """ipl_classes"""
    _fields_ = [("rows", C.c_int64), ("classes", C.c_int32),
                ("y", C.POINTER(C.c_int32)), ("unlabelled", C.c_int64),
                ("names", C.c_void_p), ("note", C.c_char * NOTE_BYTES)]


class TargetOptions(C.Structure):
    """ipl_target_options"""
    _fields_ = [("form", C.c_int), ("bins", C.c_int64), ("width", C.c_double),
                ("no_label", C.c_char_p)]


# A row of a plane (ipl_plane_row), and one of its training (ipl_plane_training).
PLANE_ROW = np.dtype([("seed", "i8"), ("tick", "i8"), ("layer", "i4"),
                      ("point", POINT)], align=True)
PLANE_TRAINING = np.dtype([
    ("seed", "i8"), ("tick", "i8"), ("loss_train_nats", "f8"),
    ("loss_test_nats", "f8"), ("accuracy_train", "f8"), ("accuracy_test", "f8")],
    align=True)


class Plane(C.Structure):
    """ipl_plane"""
    _fields_ = [("source", C.c_char_p), ("notes", C.c_char_p), ("samples", C.c_int64),
                ("h_x", C.c_double), ("h_y", C.c_double), ("tick", C.c_int),
                ("error", C.c_int), ("targets", TargetOptions), ("layers", C.c_int),
                ("layer_name", C.POINTER(C.c_char_p)), ("width", C.POINTER(C.c_int64)),
                ("estimators", C.c_int), ("options", C.c_void_p), ("rows", C.c_int64),
                ("row", C.c_void_p), ("trained", C.c_int64), ("training", C.c_void_p)]


class Progress(C.Structure):
    """ipl_progress"""
    _fields_ = [("tick", C.c_int64), ("last", C.c_int64), ("measured", C.c_int64),
                ("known", C.c_int64), ("from_", C.c_int64), ("planned", C.c_int64),
                ("pooled", C.c_int64), ("to_pool", C.c_int64),
                ("pool_known", C.c_int64), ("seconds", C.c_double * 5),
                ("memory", C.c_void_p), ("values", C.c_int64), ("merged", C.c_int64),
                ("rounded", C.c_int64), ("notes", C.c_char_p), ("lost", C.c_char_p),
                ("workers", C.c_int)]


PROGRESS_CALL = C.CFUNCTYPE(C.c_int, C.c_void_p, C.POINTER(Progress))


class ConfigKey(C.Structure):
    """ipl_config_key"""
    _fields_ = [("section", C.c_char_p), ("key", C.c_char_p), ("help", C.c_char_p),
                ("fallback", C.c_char * OPTION_BYTES), ("expected", C.c_char * 256),
                ("value", C.c_char * OPTION_BYTES)]


class RunInfo(C.Structure):
    """ipl_run_info"""
    _fields_ = [("done", C.c_int), ("device", C.c_char * 32), ("tick", C.c_char * 8),
                ("last", C.c_int64), ("measured", C.c_int64)]


class Export(C.Structure):
    """ipl_export"""
    _fields_ = [("dir", C.c_char_p), ("folder", C.c_char_p), ("tick", C.c_int64),
                ("every_tick", C.c_int), ("seed", C.c_int64), ("layer", C.c_int)]


def options_of(size: int) -> type:
    """ipl_mi_options of this many bytes, all but its head opaque: its fields are set
    and read as text."""
    class Options(C.Structure):
        """ipl_mi_options"""
        _fields_ = [("estimator", C.c_int), ("setting", C.c_char * SETTING_BYTES),
                    ("first", C.c_int), ("rest", C.c_double * max(0, (size - 24) // 8))]
    return Options


SIZES = {"ipl_device_options": C.sizeof(DeviceOptions), "ipl_option": C.sizeof(Option),
         "ipl_mi_family": C.sizeof(Family), "ipl_mi_samples": C.sizeof(Samples),
         "ipl_array": C.sizeof(Array), "ipl_samples_of": C.sizeof(SamplesOf),
         "ipl_classes": C.sizeof(Classes), "ipl_mi_point": POINT.itemsize,
         "ipl_target_options": C.sizeof(TargetOptions), "ipl_mi_layer": LAYER.itemsize,
         "ipl_plane_row": PLANE_ROW.itemsize, "ipl_plane": C.sizeof(Plane),
         "ipl_plane_training": PLANE_TRAINING.itemsize,
         "ipl_progress": C.sizeof(Progress), "ipl_config_key": C.sizeof(ConfigKey),
         "ipl_run_info": C.sizeof(RunInfo), "ipl_export": C.sizeof(Export)}
