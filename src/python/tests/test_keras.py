"""Models of Keras 3, on the jax backend."""
import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="keras is not installed")
if not hasattr(keras, "ops"):
    pytest.skip(f"keras {keras.__version__} is installed: 3 is needed",
                allow_module_level=True)

import infoplane as ip  # noqa: E402
import infoplane.keras  # noqa: E402
from infoplane.keras import KerasProbe  # noqa: E402

N = 40
X = np.random.default_rng(1).normal(size=(N, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int32)


def model(compiled=False):
    keras.utils.set_random_seed(3)
    net = keras.Sequential([
        keras.Input((6,)), keras.layers.Dense(5, activation="tanh", name="fc1"),
        keras.layers.BatchNormalization(), keras.layers.Dropout(0.5),
        keras.layers.Dense(2, activation="softmax", name="out")])
    net.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"],
                run_eagerly=not compiled)  # compiling takes most of the time
    return net


def shared():
    fc = keras.layers.Dense(6, activation="tanh", name="fc")
    given = keras.Input((6,))
    out = keras.layers.Dense(2, name="out")(fc(fc(given)))
    fc(keras.Input((6,)))  # a call for another model
    return keras.Model(given, out), fc


def read(net, layers=None, x=X, chunk=1024):
    probe = KerasProbe(net, layers, x, chunk)
    return dict(zip(probe.names, probe.activations()))


def epochs(plane):
    return sorted(set(plane.table.columns["epoch"].tolist()))


def test_activations_are_those_of_the_layers():
    net = model()
    got = read(net)
    assert list(got) == ["fc1", "out"]
    hidden = np.asarray(net.get_layer("fc1")(X))
    np.testing.assert_allclose(got["fc1"], hidden, rtol=1e-6)
    np.testing.assert_allclose(got["out"], np.asarray(net(X, training=False)),
                               rtol=1e-6)


def test_chunks_give_the_rows_in_order():
    net = model()
    whole, parts = read(net), read(net, chunk=7)
    for name in whole:
        np.testing.assert_allclose(whole[name], parts[name], rtol=1e-5)


def test_a_layer_called_twice_has_two_names():
    net, fc = shared()
    got = read(net)
    assert list(got) == ["fc", "fc.2", "out"]
    np.testing.assert_allclose(got["fc"], np.asarray(fc(X)), rtol=1e-5)
    np.testing.assert_allclose(got["fc.2"], np.asarray(fc(fc(X))), rtol=1e-5)


def test_convolutions_are_read_with_their_shape():
    net = keras.Sequential([keras.Input((5, 5, 1)),
                            keras.layers.Conv2D(3, 2, activation="relu", name="conv"),
                            keras.layers.Flatten(), keras.layers.Dense(2, name="out")])
    got = read(net, x=np.ones((N, 5, 5, 1), np.float32))
    assert list(got) == ["conv", "out"] and got["conv"].shape == (N, 4, 4, 3)


def fit(callbacks, epochs=5, net=None, **options):
    net = net or model()
    keras.utils.set_random_seed(9)
    net.fit(X, Y, epochs=epochs, batch_size=20, verbose=0, callbacks=callbacks,
            **options)
    return net


def test_the_untrained_model_and_the_last_epoch_are_measured():
    plane = ip.Plane(X, Y, schedule=ip.every(3))
    fit([ip.keras.InformationPlane(plane, seed=7)])
    assert epochs(plane) == [0, 3, 5]
    rows = plane.training
    assert rows["epoch"].tolist() == list(range(6)) and set(rows["seed"]) == {7}
    assert np.isnan(rows["loss"][0]) and np.isfinite(rows["loss"][1:]).all()
    assert np.isfinite(rows["acc"][1:]).all()


def test_each_epoch_sees_its_own_weights():
    plane = ip.Plane(X, Y, bins=5)
    net = fit([ip.keras.InformationPlane(plane)], epochs=3, net=model(compiled=True))
    again = ip.Plane(X, Y, bins=5)
    with again.watch(net) as w:
        w.tick(3)
    columns, last = plane.table.columns, plane.table.columns["epoch"] == 3
    np.testing.assert_array_equal(columns["i_xt_bits"][last],
                                  again.table.columns["i_xt_bits"])


def test_watching_does_not_change_the_training():
    alone = fit([], epochs=2, net=model(compiled=True))
    plane = ip.Plane(X, Y, background=True)
    watched = fit([ip.keras.InformationPlane(plane)], epochs=2,
                  net=model(compiled=True))
    for a, b in zip(alone.get_weights(), watched.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_training_that_stops_early_ends_with_a_measured_epoch():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 3

    plane = ip.Plane(X, Y, schedule=ip.every(3))
    fit([ip.keras.InformationPlane(plane), Stop()], epochs=9)
    assert epochs(plane) == [0, 3, 4]


def test_a_training_goes_on_in_another_fit():
    plane = ip.Plane(X, Y)
    watcher = ip.keras.InformationPlane(plane)
    net = fit([watcher], epochs=2)
    fit([watcher], epochs=4, net=net, initial_epoch=2)
    assert epochs(plane) == [0, 1, 2, 3, 4]


def test_a_fit_that_fails_lets_the_next_one_start():
    class Fail(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("mine")

    plane = ip.Plane(X, Y, background=True, schedule=ip.every(3))
    watcher = ip.keras.InformationPlane(plane)
    with pytest.raises(RuntimeError, match="mine"):
        fit([watcher, Fail()])
    watcher.seed = 1
    fit([watcher], epochs=1)
    columns = plane.table.columns
    assert list(dict.fromkeys(zip(columns["seed"], columns["epoch"]))) == [
        (0, 0), (1, 0), (1, 1)]
    assert not plane._open


def test_a_model_without_a_graph_is_refused():
    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ip.ArgumentError, match="expected a Sequential or functional"):
        ip.Plane(X, Y).watch(Own())
