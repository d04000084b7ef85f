"""Table: rows, sums, frames."""
import copy
import pickle
import sys

import numpy as np
import pytest

import infoplane as ip
from infoplane.estimate import _estimate_layers
from infoplane.table import COLUMNS

T = np.random.default_rng(5).normal(size=(40, 4)).astype(np.float32)
Y = np.arange(40) % 2


def layers(seed=0, epoch=0, **options):
    table = _estimate_layers([T, T[:, :2]], ["fc1", "out"], y=Y,
                             **{"noise_var": [0.1, 1], **options})
    table.columns["seed"] = np.full(len(table), seed)
    table.columns["epoch"] = np.full(len(table), epoch)
    return table


def test_columns_are_as_the_tables_of_run_directories():
    table = layers()
    assert tuple(table.columns) == COLUMNS and len(table) == 10
    assert all(len(column) == 10 for column in table.columns.values())
    kinds = {name: column.dtype.kind for name, column in table.columns.items()}
    texts = {"layer_name", "estimator", "flags", "refused"}
    whole = {"seed", "epoch", "layer", "cells"}
    assert kinds == {name: "O" if name in texts else "i" if name in whole else "f"
                     for name in COLUMNS}


@pytest.mark.parametrize("chosen, rows", [
    ({}, 20), ({"estimator": "bin"}, 4), ({"estimator": "kde"}, 16),
    ({"estimator": "kde-upper"}, 8), ({"estimator": "kde-upper@0.1"}, 4),
    ({"estimator": ["bin", "kde-lower@1"]}, 8), ({"layer": 2}, 10),
    ({"layer": "fc1"}, 10), ({"layer": [1, "out"]}, 20), ({"layer_name": "out"}, 10),
    ({"seed": 3}, 10), ({"epoch": [0, 7]}, 20), ({"seed": 3, "layer": 1}, 5)])
def test_where_takes_rows(chosen, rows):
    both = layers() + layers(seed=3, epoch=7)
    part = both.where(**chosen)
    assert len(part) == rows and part.about is both.about
    for name in ("seed", "layer"):
        if isinstance(chosen.get(name), int):
            assert set(part.columns[name]) == {chosen[name]}


def test_where_says_what_there_is():
    with pytest.raises(ip.ArgumentError, match=r"no point has layer=3, seed=0: there "
                       r"are estimators bin, kde-upper@0.1.*; layers 1, 2; seeds 0"):
        layers().where(layer=3, seed=0)


def test_a_sum_has_the_rows_and_captions_of_both():
    a, b = layers(estimator="kde"), layers(estimator="bin", noise_var=None)
    both = a + b
    assert len(both) == len(a) + len(b)
    np.testing.assert_array_equal(both.where(estimator="bin").columns["i_xt_bits"],
                                  b.columns["i_xt_bits"])
    assert [one["name"] for one in both.about["estimators"]] == ["kde", "kde", "bin"]
    assert len(a.about["estimators"]) == 2  # neither is changed
    assert (a + a).about["estimators"] == a.about["estimators"]


def test_tables_of_other_samples_are_no_sum():
    with pytest.raises(ip.ArgumentError, match="tables whose n are 40 and 30"):
        ip.estimate(T, Y) + ip.estimate(T[:30], Y[:30])
    with pytest.raises(ip.ArgumentError, match="ceilings_bits"):
        ip.estimate(T, Y) + ip.estimate(T, Y * 0)
    with pytest.raises(ip.ArgumentError, match="layer_names"):
        layers() + ip.estimate(T, Y)
    with pytest.raises(TypeError):
        layers() + 1


def test_frames_have_the_columns():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    table = layers()
    frame = table.to_frame()
    assert isinstance(frame, pandas.DataFrame) and tuple(frame.columns) == COLUMNS
    assert frame.i_xt_bits.tolist() == table.columns["i_xt_bits"].tolist()
    assert ip.estimate(T, Y).to_frame().estimator[0] == "bin"


def test_without_pandas_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        layers().to_frame()


def test_tables_survive_pickle_and_copy():
    one = ip.estimate(T, Y)
    for again in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        assert again.i_xt == one.i_xt and again.about == one.about


def test_a_table_says_what_it_has():
    assert repr(layers()).startswith("<Table of 10 points: estimators bin, kde-upper@")
    assert "Estimate of 3 points" in repr(ip.estimate(T, Y))
