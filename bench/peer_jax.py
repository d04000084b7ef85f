"""peer_jax.py FOLDER kde;noise_var=V - the pairwise bounds in JAX, compiled.

A peer of bench_kde (peer.h), as fast as we could make it in JAX: distances in product
form, 1000 rows at a time, one exponential for both bounds, sums over all rows and over
the own class in one pass, on one thread. Prints I(X;T) and I(T;Y) in bits of the upper
bound, then the lower.
"""
import os
import sys

import numpy as np

import peer

# Before JAX is loaded: one thread.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

BLOCK = 1000


@jax.jit
def sums(t, onehot, norms, rows, own, row_norms, scale):
    """[4, rows]: upper all, upper own, lower all, lower own. Products with the classes
    read each similarity once, where four sums would compute it four times."""
    distance = row_norms[:, None] + norms[None, :] - 2.0 * rows @ t.T
    lower = jnp.exp(-scale * jnp.maximum(distance, 0.0))
    by_class = [lower ** 4 @ onehot, lower @ onehot]
    return jnp.stack([part for s in by_class for part in (s.sum(1), (s * own).sum(1))])


def information(t, y, variance):
    n, classes = len(t), int(y.max()) + 1
    onehot = jax.nn.one_hot(y, classes)
    size = np.bincount(np.asarray(y), minlength=classes)[np.asarray(y)]
    norms = (t * t).sum(1)
    total = []
    for at in range(0, n, BLOCK):
        part = slice(at, min(at + BLOCK, n))
        total.append(sums(t, onehot, norms, t[part], onehot[part], norms[part],
                          1.0 / (8.0 * variance)))
    logs = np.log(np.asarray(jnp.concatenate(total, axis=1), dtype=np.float64))
    points = []
    for k in (0, 2):
        i_xt = np.log(n) - logs[k].mean()
        points += [i_xt, i_xt - (np.log(size) - logs[k + 1]).mean()]
    return [nats / np.log(2.0) for nats in points]


if __name__ == "__main__":
    t, y, options = peer.read(sys.argv)
    t, y = jnp.asarray(t), jnp.asarray(y)
    peer.serve(lambda: information(t, y, float(options["noise_var"])))
