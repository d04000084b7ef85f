"""golden_entropies.py - differences of entropies in numpy, on data that C makes again.

    /usr/bin/python3 tests/golden_entropies.py > tests/golden_entropies.csv
    /usr/bin/python3 tests/golden_entropies.py --check tests/golden_entropies.csv

Kozachenko-Leonenko entropies, and the local Gaussians of LNN with sums over all others
and its bias constants, all in float64. tests/test_golden_entropies.c makes the same
layers and compares; tests/test_golden_numpy.sh checks that this script still prints
what is committed.

Columns: family, n, d_x, d, classes, seed; estimator and its k; H(T), I(X;T) and I(T;Y)
in nats.
"""
import itertools
import math
import sys

import numpy as np

from golden import draws

# B of LNN with k = 5, d = 1 .. 10 (src/mi/mi_lnn_bias.c; tests/test_lnn_bias.c).
BIAS_5 = [-.02355, -.06903, -.06706, -.04519, -.02518,
          -.01138, -.00505, -.00174, -.00078, -.00026]


def case(family, n, d_x, d, classes, seed):
    """Inputs, a layer and labels, of which every step is exact or rounded once."""
    words = draws(seed, n * (d_x + d + 1))
    x = words[: n * d_x].reshape(n, d_x) / 2.0**23 - 1
    noise = words[n * d_x : n * (d_x + d)].reshape(n, d) / 2.0**23 - 1
    y = words[n * (d_x + d) :] % classes
    unit = np.arange(d)
    copy = x[:, unit % d_x]
    if family == "free":  # knows nothing of the inputs
        t = noise
    elif family == "bent":  # squares of the inputs, blurred
        t = copy * copy + noise * 2.0**-5
    elif family == "thin":  # almost a copy
        t = copy + noise * 2.0**-12
    elif family == "classes":  # centred where the label says
        t = (y[:, None] >> (unit % 2)) % 2 * 0.75 + noise
    elif family == "scales":  # each unit eight times as large as the one before
        t = (copy + noise) * 8.0**unit
    return x.astype(np.float32), t.astype(np.float32), y


def psi_between(k, n):
    """psi(n) - psi(k)"""
    return sum(1 / m for m in range(k, n))


def log_ball(d):
    return d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)


def others(rows, k):
    """For each row: the differences to the others, and the k-th distance."""
    for i in range(len(rows)):
        diff = np.delete(rows, i, axis=0) - rows[i]
        yield diff, np.sqrt(np.partition(np.sum(diff**2, axis=1), k - 1)[k - 1])


def kl(rows, k):
    n, d = rows.shape
    logs = [math.log(rho) for _, rho in others(rows, k)]
    return psi_between(k, n) + log_ball(d) + d * sum(logs) / n


def lnn(rows, k):
    n, d = rows.shape
    total = 0.0
    for diff, h in others(rows, k):
        u = diff / h
        w = np.exp(-np.sum(u**2, axis=1) / 2)
        mu = w @ u / w.sum()
        sigma = (u * w[:, None]).T @ u / w.sum() - np.outer(mu, mu)
        total += (
            math.log((n - 1) / w.sum()) + d / 2 * math.log(2 * math.pi)
            + d * math.log(h) + np.linalg.slogdet(sigma)[1] / 2
            + mu @ np.linalg.solve(sigma, mu) / 2)
    return total / n - BIAS_5[d - 1]


CASES = [
    ("free", 300, 2, 2, 3, 21),
    ("free", 500, 1, 1, 2, 22),
    ("bent", 400, 2, 3, 4, 23),
    ("bent", 250, 3, 5, 2, 24),
    ("thin", 300, 1, 1, 2, 25),
    ("thin", 300, 2, 2, 2, 26),
    ("classes", 600, 1, 2, 4, 27),
    ("classes", 350, 2, 6, 4, 28),
    ("scales", 300, 2, 4, 2, 29),
]


def lines():
    yield "family,n,d_x,d,classes,seed,estimator,k,h_t_nats,i_xt_nats,i_ty_nats"
    for of in CASES:
        x, t, y = case(*of)
        x, t = x.astype(np.float64), t.astype(np.float64)
        for name, entropy, k in (("kl", kl, 1), ("kl", kl, 5), ("lnn", lnn, 5)):
            h_t = entropy(t, k)
            i_xt = entropy(x, k) + h_t - entropy(np.hstack([x, t]), k)
            i_ty = h_t - sum(
                np.mean(y == c) * entropy(t[y == c], k) for c in np.unique(y))
            yield "%s,%d,%d,%d,%d,%d," % of + "%s,%d,%.13f,%.13f,%.13f" % (
                name, k, h_t, i_xt, i_ty)


def same(mine, theirs):
    """Whether two lines agree, entropies within the rounding of their sums."""
    mine, theirs = mine.split(","), theirs.split(",")
    return mine[:8] == theirs[:8] and len(theirs) == 11 and (
        mine[0] == "family"
        or all(abs(float(mine[k]) - float(theirs[k])) < 1e-10 for k in (8, 9, 10)))


def main():
    if sys.argv[1:2] != ["--check"]:
        print(*lines(), sep="\n")
        return 0
    with open(sys.argv[2]) as file:
        committed = file.read().splitlines()
    wrong = [(mine, theirs)
             for mine, theirs in itertools.zip_longest(lines(), committed, fillvalue="")
             if not same(mine, theirs)]
    for mine, theirs in wrong:
        print("numpy gives  %s\ncommitted is %s" % (mine, theirs))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
