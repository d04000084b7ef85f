"""Times pairwise bounds on a layer's information as a numpy program computes them.

The formulas are those of the published code of Saxe et al. 2018 (ibsgd): squared
distances by expansion, both bounds, for all rows and for each class, in float32.
Prints one JSON object a width: {"n": .., "d": .., "ms": ..}, the best of a few runs.

    peer_numpy.py N D [D ...]
"""

import json
import sys
import time

import numpy as np


def log_sum_exp(a):
    top = a.max(axis=1, keepdims=True)
    return top[:, 0] + np.log(np.exp(a - top).sum(axis=1))


def entropy_upper(t, variance):
    n, d = t.shape
    norms = (t * t).sum(axis=1, keepdims=True)
    distances = norms + norms.T - 2.0 * (t @ t.T)
    log_p = log_sum_exp(-distances / (2.0 * variance))
    log_p -= np.log(n) + d / 2.0 * np.log(2.0 * np.pi * variance)
    return d / 2.0 - log_p.mean()


def entropy_lower(t, variance):
    return entropy_upper(t, 4.0 * variance) + np.log(0.25) * t.shape[1] / 2.0


def information(t, y, variance):
    noise = t.shape[1] / 2.0 * (np.log(2.0 * np.pi * variance) + 1.0)
    points = []
    for entropy in (entropy_upper, entropy_lower):
        whole = entropy(t, variance)
        classes = [y == c for c in np.unique(y)]
        given = sum(own.mean() * entropy(t[own], variance) for own in classes)
        points.append((whole - noise, whole - given))
    return points


def main():
    n, widths = int(sys.argv[1]), [int(d) for d in sys.argv[2:]]
    random = np.random.default_rng(1)
    for d in widths:
        y = random.integers(0, 10, n)
        centre = random.standard_normal((10, d))
        t = np.tanh(0.8 * centre[y] + 0.5 * random.standard_normal((n, d)))
        t = t.astype(np.float32)
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            information(t, y, 0.1)
            best = min(best, time.process_time() - start)
        print(json.dumps({"n": n, "d": d, "ms": 1e3 * best}), flush=True)


main()
