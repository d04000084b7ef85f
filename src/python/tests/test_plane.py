"""Plane and Watch, with networks that are plain functions."""
import copy
import itertools
import pickle
import threading
from concurrent.futures import wait

import numpy as np
import pytest

import infoplane as ip
from infoplane.estimate import Question

N = 60
X = np.random.default_rng(1).normal(size=(N, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int32)


class Net:
    """A network whose activations depend on how far it was trained."""

    def __init__(self, seed=0):
        self.w = np.random.default_rng(seed).normal(size=(4, 3))
        self.passes = 0

    def __call__(self, x):
        self.passes += 1
        return {"hidden": np.tanh(x @ self.w), "out": (x @ self.w)[:, :1]}

    def train(self, epoch):
        self.w = self.w + 0.5 / (1 + epoch) ** 2


def train(plane, seeds=(0, 1), last=40, **options):
    for seed in seeds:
        net = Net(seed)
        with plane.watch(net, seed=seed, last=last, **options) as w:
            for epoch in range(last + 1):
                w.tick(epoch, loss=1.0 / (1 + epoch), acc=0.5)
                net.train(epoch)
    return plane


def same(a, b):
    assert a.columns.keys() == b.columns.keys()
    for name in a.columns:
        np.testing.assert_array_equal(a.columns[name], b.columns[name], err_msg=name)


def test_seeds_epochs_and_names_are_in_the_table():
    columns = train(ip.Plane(X, Y, schedule=ip.every(20), bins=30)).table.columns
    points = len(columns["seed"]) // 6
    np.testing.assert_array_equal(columns["seed"], np.repeat([0, 1], 3 * points))
    np.testing.assert_array_equal(columns["epoch"], np.tile(
        np.repeat([0, 20, 40], points), 2))
    assert set(zip(columns["layer"], columns["layer_name"])) == {
        (1, "hidden"), (2, "out")}


def test_training_keeps_every_tick():
    plane = train(ip.Plane(X, Y, schedule=ip.every(20)), seeds=(3,))
    rows = plane.training
    assert rows["epoch"].tolist() == list(range(41)) and set(rows["seed"]) == {3}
    assert rows["loss"][1] == 0.5 and rows["acc"][0] == 0.5
    with plane.watch(Net(), seed=4) as w:
        w.tick(0)
    assert np.isnan(plane.training["loss"][-1])


@pytest.mark.parametrize("schedule", [ip.every(3), ip.log_epochs(2, 5), ip.delta(0.05)])
def test_a_thread_changes_nothing(schedule):
    alone = train(ip.Plane(X, Y, schedule=schedule, bins=10))
    aside = train(ip.Plane(X, Y, schedule=schedule, bins=10, background=True))
    same(alone.table, aside.table)
    skipped = len(set(alone.table.columns["epoch"]))
    assert 3 < skipped < 41


def test_layers_are_picked_by_name_in_the_order_given():
    plane = ip.Plane(X, Y)
    with plane.watch(Net(), layers=["out", "hidden"]) as w:
        assert w.tick(0)
    assert plane.layers == ["out", "hidden"]
    assert plane.table.columns["layer_name"][0] == "out"


def test_the_table_in_mid_training_waits_for_the_thread():
    plane = ip.Plane(X, Y, background=True)
    with plane.watch(Net()) as w:
        for epoch in range(4):
            w.tick(epoch)
            assert set(plane.table.columns["epoch"]) == set(range(epoch + 1))


def test_unmeasured_epochs_pass_nothing_through_the_network():
    net, plane = Net(), ip.Plane(X, Y, schedule=ip.every(10))
    with plane.watch(net) as w:
        before = net.passes
        measured = [w.tick(epoch) for epoch in range(20)]
    assert measured.count(True) == 2 and net.passes - before == 2


def test_finish_measures_the_latest_epoch_once():
    plane = ip.Plane(X, Y, schedule=ip.every(4))
    with plane.watch(Net()) as w:
        for epoch in range(7):
            w.tick(epoch)
        assert w.finish() and not w.finish()
    assert sorted(set(plane.table.columns["epoch"])) == [0, 4, 6]


def failing(monkeypatch, at):
    """Of the estimates, that number `at` fails."""
    real, numbers = Question.of, itertools.count()

    def of(question, layers):
        if next(numbers) == at:
            raise ip.Error("layer 'hidden' cannot be measured")
        return real(question, layers)

    monkeypatch.setattr(Question, "of", of)


def test_an_error_of_the_thread_comes_with_a_later_tick(monkeypatch):
    failing(monkeypatch, 1)
    plane = ip.Plane(X, Y, background=True)
    with pytest.raises(ip.Error, match="cannot be measured"):
        with plane.watch(Net()) as w:
            for epoch in range(20):
                w.tick(epoch)
            pytest.fail("no tick has raised it")


def test_an_error_of_the_thread_comes_with_a_tick_that_measures_nothing(monkeypatch):
    failing(monkeypatch, 0)
    plane = ip.Plane(X, Y, background=True, schedule=ip.every(10))
    with plane.watch(Net()) as w:
        w.tick(0)
        wait([w._pending[0][1]])
        with pytest.raises(ip.Error, match="cannot be measured"):
            w.tick(1)


def test_an_error_of_the_thread_comes_at_the_end(monkeypatch):
    failing(monkeypatch, 0)
    plane = ip.Plane(X, Y, background=True)
    done = False
    with pytest.raises(ip.Error, match="cannot be measured"):
        with plane.watch(Net()) as w:
            w.tick(0)
            done = True
    assert done


def test_an_error_without_a_thread_comes_at_its_tick(monkeypatch):
    failing(monkeypatch, 1)
    with ip.Plane(X, Y).watch(Net()) as w:
        w.tick(0)
        with pytest.raises(ip.Error, match="cannot be measured"):
            w.tick(1)


def test_the_callers_error_goes_first(monkeypatch, caplog):
    failing(monkeypatch, 0)
    with pytest.raises(KeyError, match="mine"):
        with ip.Plane(X, Y, background=True).watch(Net()) as w:
            w.tick(0)
            raise KeyError("mine")
    assert "cannot be measured" in caplog.text


def test_what_was_measured_outlives_the_callers_error():
    plane = ip.Plane(X, Y, background=True)
    with pytest.raises(KeyError):
        with plane.watch(Net()) as w:
            w.tick(0)
            raise KeyError("mine")
    assert set(plane.table.columns["epoch"]) == {0}


def test_no_thread_outlives_its_watch():
    plane = train(ip.Plane(X, Y, schedule=ip.every(20), background=True))
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("infoplane-watch")]
    assert not plane._open


def test_few_activations_wait_for_a_slow_thread(monkeypatch):
    ready, real = threading.Event(), Question.of

    def slow(question, layers):
        ready.wait(5)
        return real(question, layers)

    monkeypatch.setattr(Question, "of", slow)
    plane = ip.Plane(X, Y, background=True)
    with plane.watch(Net()) as w:
        w.tick(0), w.tick(1)
        threading.Timer(0.05, ready.set).start()
        w.tick(2)
        assert ready.is_set() and len(w._pending) <= 2


def test_a_pass_takes_rows_by_their_size():
    assert ip.Plane(X, Y).chunk == 2**18
    assert ip.Plane(np.zeros((2, 3, 224, 224), np.int8)).chunk == 64


def tick_twice():
    with ip.Plane(X, Y).watch(Net()) as w:
        w.tick(3)
        w.tick(3)


def tick_late():
    with ip.Plane(X, Y).watch(Net()) as w:
        pass
    w.tick(0)


def seed_twice():
    plane = train(ip.Plane(X, Y, schedule=ip.every(20)), seeds=(0,))
    with plane.watch(Net(), seed=0) as w:
        w.tick(0)


def other_layers():
    plane = train(ip.Plane(X, Y, schedule=ip.every(20)))
    plane.watch(Net(), layers=["out"])


class Dataset:
    """As torch calls it."""

    def __len__(self):
        return N


def two_widths(*widths):
    plane = ip.Plane(X, Y)
    for seed, width in enumerate(widths):
        with plane.watch(lambda x: {"a": np.resize(x, (N, width))}, seed=seed) as w:
            w.tick(0)


def fickle():
    names = iter("abaa")
    train_one(ip.Plane(X, Y), lambda x: {"a": x, next(names): x, next(names): x})


@pytest.mark.parametrize("call,text", [
    (tick_twice, "epoch 3 of seed 0 comes after epoch 3: expected ascending"),
    (tick_late, "call tick within its `with` block"),
    (seed_twice, "another training takes another seed="),
    (other_layers, "give this network a Plane of its own"),
    (lambda: ip.Plane(X, Y[:5]), "y_probe has 5 rows and X_probe 60"),
    (lambda: ip.Plane(X, Y, chunk=0), "chunk 0: expected a whole number from 1"),
    (lambda: ip.Plane(X, Y).table, "no points yet"),
    (lambda: ip.Plane(X, Y).watch(Net(), layers=["fc"]), "expected names among hidden"),
    (lambda: ip.Plane(X, Y).watch(Net(), layers="out"), r"layers=\['out'\]"),
    (lambda: ip.Plane(X, Y).watch(Net(), layers=[]), "expected one name or more"),
    (lambda: ip.Plane(X, Y).watch(7), "a network of type int"),
    (lambda: ip.Plane(X, Y).watch(Net(), layers=3), "layers is 3: expected a list"),
    (lambda: ip.Plane(X, Y).watch(Net(), seed=1.5), "seed 1.5: expected a whole"),
    (lambda: ip.Plane(X, Y).watch(Net(), seed=-1), "seed -1: expected a whole"),
    (lambda: ip.Plane(X, Y).watch(Net(), last=2.5), "last epoch 2.5: expected a whole"),
    (lambda: ip.Plane(X, Y).watch(lambda x: x), "returns a ndarray: expected a dict"),
    (lambda: ip.Plane(X, Y).watch(lambda x: [x]), "returns a list: expected a dict"),
    (lambda: ip.Plane(X, Y).watch(lambda x: {}), "returns an empty dict"),
    (lambda: ip.Plane(X, Y).watch(lambda x: {'a"b': x}), "expected a name without"),
    (lambda: ip.Plane(X, Y).watch(lambda x: {"a\nb": x}), "expected a name without"),
    (lambda: ip.Plane(X, Y).watch(lambda x: {3: x}), "layer 3: expected a name"),
    (lambda: ip.Plane(X, Y, schedule=7), r"schedule=infoplane\.every\(7\)$"),
    (lambda: ip.Plane(X, Y, schedule=[1, 2]), r"=infoplane\.epochs\(\[1, 2\]\)"),
    (lambda: ip.Plane(X, Y, schedule="log"), r"schedule=infoplane\.every\(10\), "),
    (lambda: ip.Plane(None), "X_probe is a NoneType: expected an array"),
    (lambda: ip.Plane(X, 3), "y_probe is a int: expected an array"),
    (lambda: ip.Plane(Dataset()), r"X_probe, y_probe = next\(iter\(loader\)\)"),
    (lambda: ip.Plane(X, Y, binz=3), "'binz' is no option of bin,kde"),
    (lambda: ip.Plane(X, Y, y=Y), "'y' is no option of bin,kde"),
    (lambda: ip.Plane(X, Y, bins=-3), "bins: "),
    (lambda: ip.Plane(X, Y, error="bars"), "expected None or 'jackknife'"),
    (lambda: ip.Plane(X, Y, threads="a"), "threads 'a': expected 1 to 4096"),
    (lambda: ip.Plane(X, Y, y_width="a"), "y_width 'a': expected a number"),
    (lambda: ip.Plane(X, Y, y_bins=2.5), "y_bins 2.5: expected a whole number from 1"),
    (lambda: ip.Plane(X, Y, estimator=3), "estimator 3: expected names"),
    (lambda: train_one(ip.Plane(X, Y), Net(), epoch=5.7), "epoch 5.7: expected a"),
    (lambda: train_one(ip.Plane(X, Y), Net(), epoch=-1), "epoch -1: expected a whole"),
    (lambda: train_one(ip.Plane(X, Y), Net(), loss="low"), "loss 'low': expected a"),
    (lambda: two_widths(4, 9), "layer 'a' has 4 units in this plane, and 9 in this "
                               "network: .* a Plane of its own"),
    (fickle, "layer 'b' is not in what the function now returns"),
])
def test_what_is_wrong_is_said(call, text):
    with pytest.raises(ip.ArgumentError, match=text):
        call()


def test_labels_are_read_at_the_first_tick():
    y, net = Y.copy(), Net()
    plane = ip.Plane(X, y)
    with plane.watch(net) as w:
        w.tick(0)
        y[:] = 0
        w.tick(1)
    same(plane.table.where(epoch=1), train_one(ip.Plane(X, Y), net))
    values = plane.table.columns["i_ty_bits"]
    np.testing.assert_array_equal(*np.split(values, 2))


def train_one(plane, net, epoch=1, **told):
    with plane.watch(net) as w:
        w.tick(epoch, **told)
    return plane.table


def test_what_is_none_was_not_told():
    plane = ip.Plane(X, Y)
    train_one(plane, Net(), loss=None, acc=None)
    assert np.isnan(plane.training["loss"]).all()
    assert np.isnan(plane.training["acc"]).all()


def test_layers_are_any_iterable():
    plane = ip.Plane(X, Y)
    plane.watch(Net(), layers=(name for name in ["out", "hidden"]))
    assert plane.layers == ["out", "hidden"]


def test_a_plane_says_what_it_has():
    assert repr(ip.Plane(X, Y)) == "<Plane of 0 points: layers none; seeds none>"
    plane = train(ip.Plane(X, Y, schedule=ip.every(20)))
    assert repr(plane) == (f"<Plane of {len(plane.table)} points: layers hidden, out; "
                           "seeds 0, 1>")


@pytest.mark.parametrize("way", [pickle.dumps, copy.deepcopy])
def test_the_table_is_what_can_be_pickled(way):
    plane = train(ip.Plane(X, Y, schedule=ip.every(20)))
    with pytest.raises(TypeError, match=r"pickle plane\.table instead"):
        way(plane)
    same(pickle.loads(pickle.dumps(plane.table)), plane.table)


@pytest.mark.parametrize("options", [{"y_bins": 4}, {"y_width": 0.5},
                                     {"y_values": True, "x": X, "estimator": "ksg"}])
def test_real_targets_are_as_in_one_estimate(options):
    table = train_one(ip.Plane(X, X[:, 1], **options), Net())
    alone = ip.estimate(Net()(X)["out"], X[:, 1], **options)
    np.testing.assert_array_equal(table.where(layer=2).columns["i_ty_bits"],
                                  alone.columns["i_ty_bits"])


def test_a_layer_of_other_rows_than_its_labels_is_an_error():
    with pytest.raises(ip.ArgumentError, match="y is 60 x 1: expected a label for"):
        train_one(ip.Plane(X, Y), lambda x: {"half": x[:30]})
