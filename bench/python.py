"""python.py - what the Python package adds to the work of the C library.

    make bench-python

Each figure is the median of many turns, in which the two that are compared take their
turn one after the other, in the same process. Milliseconds of wall time, one thread.

    estimate   ip.estimate on (4096, 10) float32 against the C call that it makes
    watching   tick(), which passes the probe rows through a network of PyTorch, copies
               and measures its layers, against that pass and that C call alone
"""
import ctypes as C
import statistics
import sys
import time

import numpy as np

import infoplane as ip
from infoplane._device import call
from infoplane._library import check, lib
from infoplane.estimate import _layer_structs, _products, _samples, _settings

TURNS = 200


def in_turns(first, second, turns):
    """Medians of both, and of the difference within a turn, in ms."""
    times = ([], [])
    for turn in range(turns + 3):
        for which in ((0, 1), (1, 0))[turn % 2]:
            begin = time.perf_counter()
            (first, second)[which]()
            if turn >= 3:
                times[which].append(1e3 * (time.perf_counter() - begin))
    return [statistics.median(times[0]), statistics.median(times[1]),
            statistics.median(b - a for a, b in zip(*times))]


def c_call(layers, y, **options):
    """A function that makes the library's call alone, with all of it prepared."""
    settings = _settings(options.pop("estimator", None), options=options)
    samples, _, held = _samples(len(y), y, None, settings, False, None, None)
    texts = [C.create_string_buffer(b"T") for _ in layers]
    raw = _layer_structs(layers, texts)
    products = _products(layers, settings, 0)

    def work(handle, held=(held, texts, layers)):
        check(lib.ipl_mi_estimate_host(handle, settings.count, settings.array,
                                       C.byref(samples), len(layers), raw.ctypes.data))
    return lambda: call("cpu", 1, products, work)


def estimates():
    r = np.random.RandomState(1)
    T, y = np.tanh(r.randn(4096, 10)).astype("f4"), r.randint(0, 10, 4096)
    print("estimate, (4096, 10) float32          C call   estimate   more")
    for title, options in (("bin", {"estimator": "bin"}),
                           ("kde", {"estimator": "kde"}),
                           ("bin and kde", {"bins": 30, "noise_var": 0.1}),
                           ("bin, kde of 3 noise variances",
                            {"bins": 30, "noise_var": [1e-3, 1e-2, 0.1]})):
        one, two, more = in_turns(
            c_call([T], y, **options),
            lambda: ip.estimate(T, y, device="cpu", threads=1, **options), TURNS)
        print(f"  {title:34s} {one:8.3f} {two:10.3f} {more:8.3f} ms")


def watching():
    try:
        import torch
    except ImportError:
        print("watching: PyTorch is not there")
        return
    torch.set_num_threads(1)
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.ReLU(),
                              torch.nn.Linear(256, 128), torch.nn.Tanh(),
                              torch.nn.Linear(128, 10))
    print("watching 784-256-128-10, bin and kde  pass + C call   tick     more")
    for rows in (512, 1024, 4096, 10000):
        x, y = torch.randn(rows, 784), np.arange(rows) % 10
        options = {"bins": 30, "noise_var": 0.1}
        with torch.no_grad():
            shown, layers = x, []
            for number, module in enumerate(net):
                shown = module(shown)
                if number in (1, 3, 4):
                    layers.append(shown.numpy().copy())
        measure = c_call(layers, y, **options)

        def alone():
            with torch.no_grad():
                net(x)
            measure()

        plane = ip.Plane(x, y, device="cpu", threads=1, **options)
        turns = max(12, min(TURNS, 400000 // rows))
        with plane.watch(net, layers=["1", "3", "4"]) as watch:
            epochs = iter(range(turns + 3))
            one, two, more = in_turns(alone, lambda: watch.tick(next(epochs)), turns)
        print(f"  {rows:6d} rows {one:33.2f} {two:10.2f} {more:8.2f} ms"
              f"  {100 * more / one:5.1f} %")


if __name__ == "__main__":
    print(f"infoplane {ip.version()}, numpy {np.__version__}, Python "
          f"{sys.version.split()[0]}; medians of turns, one thread")
    estimates()
    watching()
