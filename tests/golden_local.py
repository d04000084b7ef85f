"""golden_local.py - local densities in numpy, on points that C makes again.

    /usr/bin/python3 tests/golden_local.py > tests/golden_local.csv       writes
    /usr/bin/python3 tests/golden_local.py --check tests/golden_local.csv  compares

-log f at the origin, in units of the bandwidth, from n points among `others`. LNN: the
formula, with numpy's determinant and solver. LGA: the largest local likelihood over mu
and the Cholesky factor of Sigma in the points' own coordinates, by BFGS with a dense
matrix, from the local moments; tests/test_local_gauss.c compares with src/local_fit.h,
which has other unknowns, other coordinates and another start.

Columns: shape, d, n, others, seed; LNN and LGA in nats.
"""
import sys

import numpy as np

CASES = [("cube", 1, 9, 40, 1), ("cube", 2, 12, 60, 2), ("cube", 3, 30, 300, 3),
         ("tilt", 1, 7, 300, 4), ("tilt", 2, 20, 40, 5), ("tilt", 4, 60, 500, 6),
         ("peak", 1, 15, 15, 7), ("peak", 2, 40, 400, 8), ("peak", 5, 90, 100, 9),
         ("thin", 2, 25, 100, 10), ("thin", 3, 50, 60, 11), ("thin", 5, 80, 200, 12)]
LOG_2PI = np.log(2 * np.pi)


def points(shape, d, n, seed):
    """24-bit words of a linear congruential generator (Knuth's MMIX constants)."""
    state, words = seed, np.empty(n * d)
    for i in range(n * d):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        words[i] = state >> 40
    u = (words / 2.0**23 - 1).reshape(n, d) * 1.5
    if shape == "tilt":  # all on one side of the origin
        u[:, 0] = u[:, 0] + 1.25
    elif shape == "peak":  # near it
        u = u * np.abs(u) * 0.75
    elif shape == "thin":  # near a plane
        u[:, 0] = u[:, d - 1] + u[:, 0] / 8
    return u


def moments(u):
    w = np.exp(-0.5 * (u * u).sum(1))
    mean = w @ u / w.sum()
    return w.sum(), mean, (u * w[:, None]).T @ u / w.sum() - np.outer(mean, mean)


def lnn(s0, mean, cov, others):
    half = 0.5 * np.linalg.slogdet(cov)[1] + 0.5 * mean @ np.linalg.solve(cov, mean)
    return -np.log(s0 / others) + 0.5 * len(mean) * LOG_2PI + half


def unpack(x, d):
    factor = np.zeros((d, d))
    factor[np.tril_indices(d)] = x[d:]
    factor[np.diag_indices(d)] = np.exp(np.diag(factor))
    return x[:d], factor


def objective(x, s0, mean, cov, others):
    """-L/K0 and its gradient."""
    d = len(mean)
    mu, factor = unpack(x, d)
    sigma = factor @ factor.T
    inverse, wide = np.linalg.inv(sigma), np.linalg.inv(sigma + np.eye(d))
    spread = cov + np.outer(mean - mu, mean - mu)
    log_n = 0.5 * np.linalg.slogdet(wide)[1] - 0.5 * mu @ wide @ mu
    ratio = np.exp(log_n - np.log(s0 / others))
    value = 0.5 * np.trace(inverse @ spread) + np.log(np.diag(factor)).sum() + ratio
    by_mu = -inverse @ (mean - mu) - ratio * wide @ mu
    by_sigma = 0.5 * (inverse - inverse @ spread @ inverse)
    by_sigma += 0.5 * ratio * (np.outer(wide @ mu, wide @ mu) - wide)
    by_factor = 2 * by_sigma @ factor
    by_factor[np.diag_indices(d)] *= np.diag(factor)
    return value, np.r_[by_mu, by_factor[np.tril_indices(d)]]


def lga(s0, mean, cov, others):
    d = len(mean)
    start = np.linalg.cholesky(cov)
    start[np.diag_indices(d)] = np.log(np.diag(start))
    x = np.r_[mean, start[np.tril_indices(d)]]
    value, slope = objective(x, s0, mean, cov, others)
    hessian = np.eye(len(x))  # inverse
    for _ in range(1000):
        if np.abs(slope).max() < 1e-9:
            break
        step = -hessian @ slope
        low, high, length = 0.0, np.inf, min(1.0, 1.0 / np.abs(step).max())
        for _ in range(60):
            there, turned = objective(x + length * step, s0, mean, cov, others)
            if not there <= value + 1e-4 * length * slope @ step + 1e-14:
                high = length
            elif turned @ step < 0.9 * slope @ step:
                low = length
            else:
                break
            length = 2 * length if high == np.inf else 0.5 * (low + high)
        s, y = length * step, turned - slope
        if s @ y > 0:
            left = np.eye(len(x)) - np.outer(s, y) / (s @ y)
            hessian = left @ hessian @ left.T + np.outer(s, s) / (s @ y)
        x, value, slope = x + s, there, turned
    assert np.abs(slope).max() < 1e-8, np.abs(slope).max()
    mu, factor = unpack(x, d)
    root = np.linalg.solve(factor, mu)
    return 0.5 * d * LOG_2PI + np.log(np.diag(factor)).sum() + 0.5 * root @ root


def lines():
    for case in CASES:
        shape, d, n, others, seed = case
        m = moments(points(shape, d, n, seed))
        yield case, (lnn(*m, others), lga(*m, others))


if len(sys.argv) == 3 and sys.argv[1] == "--check":
    with open(sys.argv[2]) as file:
        stored = [line.rstrip("\n").split(",") for line in file]
    made = list(lines())
    same = len(stored) == len(made) and all(
        row[:5] == [str(v) for v in case]
        and np.allclose([float(v) for v in row[5:]], values, rtol=0, atol=1e-7)
        for row, (case, values) in zip(stored, made))
    sys.exit(0 if same else "golden_local.csv is not what numpy computes")
for case, values in lines():
    print(*case, *("%.12f" % v for v in values), sep=",")
