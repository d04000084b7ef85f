"""peer_numpy.py FOLDER kde;noise_var=V - the pairwise bounds in numpy.

A peer of bench_kde (peer.h). The formulas are those of the published code of Saxe et al.
2018 (ibsgd): squared distances by expansion, both bounds, for all rows and for each
class, in float32. Prints I(X;T) and I(T;Y) in bits of the upper bound, then the lower.
"""
import sys

import numpy as np

import peer


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
    classes = [y == c for c in np.unique(y)]
    points = []
    for entropy in (entropy_upper, entropy_lower):
        whole = entropy(t, variance)
        given = sum(own.mean() * entropy(t[own], variance) for own in classes)
        points += [whole - noise, whole - given]
    return [nats / np.log(2.0) for nats in points]


if __name__ == "__main__":
    t, y, options = peer.read(sys.argv)
    peer.serve(lambda: information(t, y, float(options["noise_var"])))
