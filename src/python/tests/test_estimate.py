"""estimate: the program's digits, options and sweeps, targets, errors, Ctrl-C."""
import math
import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest
from program_case import expect_printed, printed

import infoplane as ip
from infoplane.estimate import _estimate_layers

RNG = np.random.default_rng(3)
N = 200
X = RNG.normal(size=(N, 3)).astype(np.float32)
Y = np.arange(N) % 4
T = np.tanh(X @ RNG.normal(size=(3, 5)) + Y[:, None] / 4).astype(np.float32)
REAL = (X[:, :1] + 0.1 * RNG.normal(size=(N, 1))).astype(np.float32)
ALL = "bin,kde,ksg,mixed,ms,ross,kl,lnn,lga,renyi"


# -- As the program has it -----------------------------------------------------------

def test_standard_estimators_are_the_programs(tmp_path):
    expect_printed(ip.estimate(T, Y), printed(tmp_path, {"t": T, "y": Y}))


def test_all_families_with_inputs_and_errors(tmp_path):
    lines = printed(tmp_path, {"t": T, "y": Y, "x": X}, "--estimator", ALL, "--error",
                    "jackknife")
    expect_printed(ip.estimate(T, Y, X, ALL, error="jackknife"), lines)
    assert len(lines) > 10 and all(line["se_x"] or line["se_y"] for line in lines)


@pytest.mark.parametrize("options, flags", [
    ({"bins": 7}, ["--bin-count", "7"]),
    ({"bins": [5, 10], "noise_var": [1e-3, 1e-2, 0.1]},
     ["--bin-count", "5,10", "--noise-var", "0.001,0.01,0.1"]),
    ({"noise_var": "1e-3, 1e-2"}, ["--noise-var", "1e-3,1e-2"]),
    ({"width": 0.2}, ["--bin-width", "0.2"]),
    ({"bin_width": np.array([0.2, 0.5])}, ["--bin-width", "0.2,0.5"]),
    ({"edges": 12, "range": (-0.5, 0.75)}, ["--bin-edges", "12", "--range=-0.5,0.75"]),
    ({"quantiles": 6, "correction": "miller-madow"},
     ["--bin-quantiles", "6", "--bin-correction", "miller-madow"]),
    ({"bin_exact": True, "noise_relative": True}, ["--bin-exact", "--noise-relative"]),
    ({"form": "width", "bin_exact": False, "noise_relative": False},
     ["--bin-width", "0.07"]),
    ({"form": "exact", "bins": None}, ["--bin-exact"]),
    ({"estimator": ["bin", "renyi"], "bin_width": 0.2, "renyi_width": 0.5,
      "alpha": 1.5}, ["--estimator", "bin,renyi", "--bin-width", "0.2", "--renyi-width",
                      "0.5", "--renyi-alpha", "1.5"]),
])
def test_options_are_the_programs(tmp_path, options, flags):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # renyi has no inputs here
        expect_printed(ip.estimate(T, Y, **options),
                       printed(tmp_path, {"t": T, "y": Y}, *flags))


@pytest.mark.parametrize("arrays, options, flags", [
    ({"y": REAL}, {"y_bins": 6}, ["--y-bins", "6"]),
    ({"y": REAL}, {"y_width": 0.4}, ["--y-width", "0.4"]),
    ({"y": REAL, "x": X}, {"estimator": "ksg,mixed", "k": 5, "y_values": True},
     ["--estimator", "ksg,mixed", "--k", "5", "--y-values"]),
    ({"y": REAL.astype("f8") + 1e3 / 3, "x": X + 1e3 / 3},
     {"estimator": "ksg", "y_values": True}, ["--estimator", "ksg", "--y-values"]),
    ({"y": np.array(["a", "b", "c"])[Y % 3]}, {}, []),
    ({"y": np.eye(4)[Y]}, {}, []),
    ({"y": Y * 7 - 3}, {}, []),
    ({"y": (Y > 1)}, {}, []),
    ({"y": Y.astype("f4")[:, None]}, {}, []),
    ({"y": Y.astype("u8") + np.uint64(2**63)}, {}, []),
])
def test_targets_are_the_programs(tmp_path, arrays, options, flags):
    if arrays["y"].dtype.kind == "U":  # words come from a text file
        path = tmp_path / "y.csv"
        path.write_text("\n".join(arrays["y"]) + "\n")
        lines = printed(tmp_path, {"t": T}, "--y", str(path))
    else:
        lines = printed(tmp_path, {"t": T, **arrays}, *flags)
    expect_printed(ip.estimate(T, **arrays, **options), lines)


def test_a_refusal_says_why(tmp_path):
    t = T.copy()
    t[:, 2] = 0.5
    lines = printed(tmp_path, {"t": t, "y": Y, "x": X}, "--estimator", "lnn")
    assert lines[0]["refused"]
    expect_printed(ip.estimate(t, Y, X, "lnn"), lines)


# -- What comes out ------------------------------------------------------------------

def test_one_point_is_a_number_and_several_a_dict():
    one, both = ip.estimate(T, Y, estimator="bin"), ip.estimate(T, Y)
    assert isinstance(one.i_xt, float) and isinstance(one.flags, str)
    assert list(both.i_xt) == ["bin", "kde-upper", "kde-lower"]
    assert one.i_xt == both.where(estimator="bin").columns["i_xt_bits"][0]
    assert one.i_ty == both.columns["i_ty_bits"][0] and one.h_t == both.h_t["bin"]
    assert math.isnan(ip.estimate(T, estimator="bin").i_ty)


def test_units_are_of_the_attributes():
    bits, nats = ip.estimate(T, Y), ip.estimate(T, Y, units="nats")
    for name, value in nats.i_xt.items():
        assert value == pytest.approx(bits.i_xt[name] * math.log(2), rel=1e-15)
    np.testing.assert_array_equal(bits.columns["i_xt_bits"], nats.columns["i_xt_bits"])


def test_about_has_ceilings_and_captions():
    about = ip.estimate(T, Y * 5, noise_var=0.25).about
    assert about["n"] == N and about["layer_captions"] == ["5"]
    assert about["ceilings_bits"] == {"h_x": pytest.approx(np.log2(N)), "h_y": 2.0}
    assert [one["points"] for one in about["estimators"]] == [
        ["bin"], ["kde-upper", "kde-lower"]]
    assert about["estimators"][1]["description"] == "noise variance 0.25"
    assert about["estimators"][0]["options"]["range"] == [-1.0, 1.0]
    assert "classes" in about["notes"][0] and "notes" not in ip.estimate(T, Y).about
    assert ip.estimate(T).about["ceilings_bits"]["h_y"] is None


def test_layers_together_are_as_alone_and_have_neighbours():
    wide = T.astype("f8") / 3
    table = _estimate_layers([T, wide, T[:, :2]], ["a", "b", "c"], y=Y)
    assert table.columns["layer"].tolist() == [1] * 3 + [2] * 3 + [3] * 3
    assert table.about["layer_captions"] == ["a (5)", "b (5)", "c (2)"]
    for number, alone in enumerate((T, wide, T[:, :2]), 1):
        part, one = table.where(layer=number), ip.estimate(alone, Y)
        for name in ("i_xt_bits", "i_ty_bits", "h_t_bits", "cells"):
            np.testing.assert_array_equal(part.columns[name], one.columns[name])
    next_ = table.where(estimator="bin").columns["i_t_next_bits"]
    assert np.isfinite(next_[:2]).all() and np.isnan(next_[2])
    twice = _estimate_layers([T, T], ["a", "b"], estimator="bin").columns
    assert twice["i_t_next_bits"][0] == pytest.approx(twice["h_t_bits"][0])


def test_values_as_settings_have_short_names():
    third = ip.estimate(T, noise_var=[1 / 3, 2 / 3], estimator="kde")
    assert list(third.i_xt)[::2] == ["kde-upper@0.333333333", "kde-upper@0.666666667"]
    alone = ip.estimate(T, noise_var=1 / 3, estimator="kde")
    assert third.i_xt["kde-upper@0.333333333"] == alone.i_xt["kde-upper"]


def test_flags_are_words():
    t = np.arange(8.0) / 8  # the last value is beyond the range, in a bin of its own
    both = ip.estimate(t, estimator="bin", edges=8, range=(0, 7 / 8 - 1e-3))
    assert both.flags == "saturated outside"


def test_equal_values_of_other_types_are_not_mistaken():
    ip.estimate(T, bins=3)
    with pytest.raises(ip.ArgumentError, match="whole number"):
        ip.estimate(T, bins=3.0)


# -- What is wrong -------------------------------------------------------------------

def with_nan():
    t = T.copy()
    t[7, 2] = np.nan
    return t


@pytest.mark.parametrize("call, text", [
    (lambda: ip.estimate(with_nan(), Y), "T: .*in row 7, column 2"),
    (lambda: ip.estimate(with_nan().astype("f8") / 3, Y), "T: .*in row 7, column 2"),
    (lambda: _estimate_layers([T, with_nan()], ["a", "b"], y=Y), "layer 'b': .*row 7"),
    (lambda: ip.estimate(T, X=X, y=Y), "'X' is no option of bin,kde: expected any of "
                                       "bins, .*noise_var"),
    (lambda: ip.estimate(T, Y, k=5), "k is an option of .*ksg.*: estimator='bin,kde,"),
    (lambda: ip.estimate(T, Y, x=X), "x needs estimator ksg or"),
    (lambda: ip.estimate(T, Y, x=X[:9], estimator="ksg"), "expected a row for each"),
    (lambda: ip.estimate(T, Y, x=X * np.nan, estimator="ksg"), "x: .*row 0, column 0"),
    (lambda: ip.estimate(T, Y, estimator="bins"), "estimator 'bins': expected any of "),
    (lambda: ip.estimate(T, Y, estimator="bin,bin"), "names bin twice"),
    (lambda: ip.estimate(T, Y, noise_var=-1), "noise_var: .*number above 0"),
    (lambda: ip.estimate(T, Y, bins=3.5), "bins: .*whole number from 1 to"),
    (lambda: ip.estimate(T, Y, bins=[]), "bins is an empty list"),
    (lambda: ip.estimate(T, Y, bins=[3, 3]), "bins has 3 twice"),
    (lambda: ip.estimate(T, Y, bins=list(range(1, 40))), "expected at most 32"),
    (lambda: ip.estimate(T, Y, bins=3, edges=4), "bins and edges exclude each other"),
    (lambda: ip.estimate(T, Y, bins=3, count=4), "bins and count are one option"),
    (lambda: ip.estimate(T, Y, estimator="bin,renyi", width=1.0),
     "say bin_width or renyi_width"),
    (lambda: ip.estimate(T, Y, estimator="renyi", alpha=[1, 2], width=[1, 2]),
     "alpha and width are lists"),
    (lambda: ip.estimate(T, Y, error="bootstrap"), "expected None or 'jackknife'"),
    (lambda: ip.estimate(T, Y, units="dits"), "expected 'bits' or 'nats'"),
    (lambda: ip.estimate(T, Y, device="tpu"), "device 'tpu': expected auto, cpu"),
    (lambda: ip.estimate(T, Y, device=0), "device 0: expected 'auto'"),
    (lambda: ip.estimate(T, Y, threads=0), "threads 0: expected 1 to"),
    (lambda: ip.estimate(T, Y[:9]), "y is 9 x 1: expected a label for each"),
    (lambda: ip.estimate(T, REAL), "real value and not a class: y_bins"),
    (lambda: ip.estimate(T, REAL * np.nan), "row 0 is NaN"),
    (lambda: ip.estimate(T, y_bins=4), "y_bins needs y"),
    (lambda: ip.estimate(T, REAL, y_bins=4, y_width=1), "y_bins and y_width exclude"),
    (lambda: ip.estimate(T, REAL, y_bins=1), "1 bins of targets: expected 2 to"),
    (lambda: ip.estimate(T, REAL, y_values=True), "y_values needs estimator ksg or"),
    (lambda: ip.estimate(T, y_values=REAL), "give the real values as y"),
    (lambda: ip.estimate(T, [None] * N), "y holds None"),
    (lambda: ip.estimate(T[:1], Y[:1]), "1 samples: expected 2"),
])
def test_what_is_wrong_is_said(call, text):
    with pytest.raises(ip.ArgumentError, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_advice_of_a_message_works():
    with pytest.raises(ip.ArgumentError, match="estimator='bin,kde,ksg'"):
        ip.estimate(T, Y, X, k=5)
    ip.estimate(T, Y, X, k=5, estimator="bin,kde,ksg")


def test_nan_is_a_numeric_error_and_a_value_error():
    with pytest.raises(ip.NumericError):
        ip.estimate(with_nan())
    with pytest.raises(ValueError):
        ip.estimate(with_nan())
    if not os.path.exists("/dev/nvidia0"):
        with pytest.raises((ip.UnsupportedError, ip.DeviceError), match="cuda"):
            ip.estimate(T, device="cuda")


@pytest.mark.parametrize("options, text", [
    ({"estimator": "ksg,lnn"}, r"I\(X;T\) of ksg needs the inputs: x"),
    ({"estimator": "renyi"}, "of renyi is H"),
    ({"y": None, "estimator": "ross"}, "ross needs the classes"),
    ({"y": REAL, "x": X, "estimator": "bin,ksg", "y_values": True},
     r"I\(T;Y\) of bin needs classes"),
])
def test_what_is_not_defined_is_warned_of(options, text):
    with pytest.warns(UserWarning, match=text) as caught:
        ip.estimate(T, **{"y": Y, **options})
    assert all(one.filename == __file__ for one in caught)


# -- Ctrl-C --------------------------------------------------------------------------

def threads_end(limit_s=20):
    """Whether the threads of stopped estimates end."""
    end = time.monotonic() + limit_s
    while any(t.name == "infoplane-estimate" for t in threading.enumerate()):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("estimator", ["kde", "ksg", "lga"])
def test_an_interrupt_ends_a_long_estimate(estimator):
    n = 200_000  # minutes
    t = np.random.default_rng(1).normal(size=(n, 40)).astype(np.float32)
    x = t[:, :2] if estimator != "kde" else None
    before = ip.estimate(T, Y, estimator="kde").i_xt
    threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ip.estimate(t, x=x, estimator=estimator, noise_var=1e-9) \
            if estimator == "kde" else ip.estimate(t, x=x, estimator=estimator)
    assert time.monotonic() - start < 3
    assert ip.estimate(T, Y, estimator="kde").i_xt == before
    assert threads_end()


def test_long_and_short_estimates_agree(monkeypatch):
    from infoplane import _device
    direct = ip.estimate(T, Y).columns["i_xt_bits"]
    monkeypatch.setattr(_device, "SHORT", 0)
    np.testing.assert_array_equal(direct, ip.estimate(T, Y).columns["i_xt_bits"])
    with pytest.raises(ip.NumericError, match="T: .*in row 7"):
        ip.estimate(with_nan())
