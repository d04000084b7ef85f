"""golden_near.py - informations from nearest neighbours in numpy, on data that C makes
again.

    /usr/bin/python3 tests/golden_near.py > tests/golden_near.csv       writes the values
    /usr/bin/python3 tests/golden_near.py --check tests/golden_near.csv  compares them

Both estimators of Kraskov et al. (2004), Mixed-KSG (Gao et al. 2017), Mesner and Shalizi
(2019), Ross (2014), from sorted float64 distances of all pairs. No distance is so close
to a threshold, without being equal to it, that float32 could tell otherwise: this is
checked. tests/test_golden_near.c makes the same layers and compares;
tests/test_golden_numpy.sh checks that this script still prints what is committed.

Columns: family, n, d_x, d, classes, seed; point and its k; I(X;T) and I(T;Y) in nats, nan
where the point has none; 1 where its distances are flagged as tied.
"""
import itertools
import sys

import numpy as np

from golden import draws

PSI = np.concatenate([[np.nan], np.cumsum(1 / np.arange(1.0, 5000))])
PSI = np.concatenate([[np.nan, 0], PSI[1:]]) - 0.57721566490153286061  # psi(0), psi(1) ..


def case(family, n, d_x, d, classes, seed):
    """Inputs, a layer and labels."""
    words = draws(seed, n * (d_x + d + 1))
    x = words[: n * d_x].reshape(n, d_x) / 2.0**23 - 1
    noise = words[n * d_x : n * (d_x + d)].reshape(n, d) / 2.0**23 - 1
    last = words[n * (d_x + d) :]
    t = x[:, np.arange(d) % d_x] * 0.5 + noise * 0.25
    if family == "free":  # knows nothing of the inputs
        t = noise
    elif family == "lattice":  # both in quarters
        x, t = np.floor(x * 4) / 4, np.floor(t * 4) / 4
    elif family == "saturated":  # mostly exactly -1 or 1
        t = np.clip(t * 16, -1, 1)
    elif family == "relu":  # half of them 0; unit 1 is dead
        t = np.maximum(t, 0) * (np.arange(d) != 1)
    elif family == "constant":
        t = t * 0 + 0.5
    elif family == "twice":  # each row and the one before it are the same
        x, t = x[np.arange(n) // 2 * 2], t[np.arange(n) // 2 * 2]
    y = np.floor((x[:, 0] + 1) / 2 * classes).astype(int)
    y = np.where(last % 8 == 0, last // 8 % classes, y)
    if family == "twice":
        y = y[np.arange(n) // 2 * 2]
    if family == "free":  # the last class has one row
        y = np.where(np.arange(n) == 17, classes, y)
    return x.astype(np.float32), t.astype(np.float32), y


def distances(rows, norm):
    rows = rows.astype(np.float64)
    apart = np.abs(rows[:, None, :] - rows[None, :, :])
    return apart.max(axis=2) if norm == "max" else (apart**2).sum(axis=2)


def count(holds):
    """Others of each row."""
    return (holds & ~np.eye(len(holds), dtype=bool)).sum(axis=1)


def up_to(away, radius, strict=False):
    """Others of each row at most as far as its radius, or closer than that."""
    radius = radius[:, None]
    with np.errstate(invalid="ignore"):
        unsure = (away != radius) & (np.abs(away - radius) < 5e-7 * radius)
    assert not unsure.any()
    return count(away < radius if strict else away <= radius)


def search(joint, k):
    """The k (or [n]) nearest others: distance of the last, whether one more is as far,
    and the neighbours as a mask."""
    n = len(joint)
    away = joint + np.where(np.eye(n, dtype=bool), np.nan, 0)
    order = np.argsort(away, axis=1, kind="stable")  # NaN last
    k = np.broadcast_to(k, n)
    near = np.arange(n) < k[:, None]
    mask = np.zeros((n, n), bool)
    np.put_along_axis(mask, order, near, axis=1)
    rho = away[np.arange(n), order[np.arange(n), k - 1]]
    return rho, up_to(joint, rho) > k, mask


def ksg1(a, b, k):
    rho, _, _ = search(np.maximum(a, b), k)
    n_a, n_b = up_to(a, rho, True), up_to(b, rho, True)
    return PSI[k] + PSI[len(a)] - np.mean(PSI[n_a + 1] + PSI[n_b + 1]), np.any(rho == 0)


def ksg2(a, b, k):
    _, more, mask = search(np.maximum(a, b), k)
    side_a, side_b = ((m * mask).max(axis=1) for m in (a, b))
    n_a, n_b = up_to(a, side_a), up_to(b, side_b)
    value = PSI[k] - 1 / k + PSI[len(a)] - np.mean(PSI[n_a] + PSI[n_b])
    return value, np.any(more) or side_a.min() == 0 or side_b.min() == 0


def mixed(a, b, k):
    rho, more, _ = search(np.maximum(a, b), k)
    zero = rho == 0
    n_a = np.where(zero, count(a == 0), up_to(a, rho, True)) + 1
    n_b = np.where(zero, count(b == 0), up_to(b, rho, True)) + 1
    k = np.where(zero, count((a == 0) & (b == 0)) + 1, k)
    value = np.log(len(a)) + np.mean(PSI[k] - PSI[n_a] - PSI[n_b])
    return value, np.any(more & ~zero)


def ms(a, b, k):
    joint = np.maximum(a, b)
    rho, _, _ = search(joint, k)
    value = np.mean(PSI[up_to(joint, rho)] - PSI[up_to(a, rho)] - PSI[up_to(b, rho)])
    return PSI[len(a)] + value, 0


def ross(y, b, k):
    rho, _, _ = search(np.maximum(y, b), k)
    of_class = count(y == 0) + 1
    value = PSI[len(b)] - np.mean(PSI[of_class]) + np.mean(PSI[k] * np.ones(len(b)))
    return value - np.mean(PSI[up_to(b, rho)]), np.any(rho == 0)


def by_label(how, t, y, k, norm):
    """I(T;Y), without the classes of one row."""
    rows = np.array([np.sum(y == c) for c in y])
    t, y, rows = t[rows > 1], y[rows > 1], rows[rows > 1]
    apart = np.where(y[:, None] == y[None, :], 0, np.inf)
    return how(apart, distances(t, norm), np.minimum(k, rows - 1))


CASES = [
    ("plain", 400, 1, 1, 2, 11),
    ("plain", 300, 3, 5, 10, 2),
    ("free", 250, 2, 2, 3, 3),
    ("lattice", 500, 1, 1, 3, 4),
    ("lattice", 300, 2, 3, 4, 5),
    ("saturated", 400, 2, 3, 2, 6),
    ("relu", 300, 3, 6, 5, 17),
    ("relu", 350, 1, 1, 2, 8),
    ("constant", 200, 2, 3, 2, 9),
    ("twice", 300, 2, 2, 3, 10),
]


def lines():
    yield "family,n,d_x,d,classes,seed,point,k,i_xt,i_ty,ties"
    for what in CASES:
        x, t, y = case(*what)
        for k in (1, 5):
            for how in (ksg1, ksg2, mixed, ms, ross):
                i_xt = i_ty = np.nan
                off = False
                if how != ross:
                    i_xt, off = how(distances(x, "max"), distances(t, "max"), k)
                if how not in (ksg1, ksg2):
                    norm = "euclid" if how == ross else "max"
                    i_ty, tied = by_label(how, t, y, k, norm)
                    off = off or tied
                yield "%s,%d,%d,%d,%d,%d," % what + "%s,%d,%.15g,%.15g,%d" % (
                    how.__name__, k, i_xt, i_ty, off)


def same(mine, theirs):
    """Whether two lines agree, the informations within the rounding of their sums."""
    mine, theirs = mine.split(","), theirs.split(",")
    if len(mine) != len(theirs) or mine[:8] + mine[10:] != theirs[:8] + theirs[10:]:
        return False
    return mine[0] == "family" or all(
        mine[k] == theirs[k] or abs(float(mine[k]) - float(theirs[k])) < 1e-12
        for k in (8, 9))


def main():
    if sys.argv[1:2] != ["--check"]:
        print(*lines(), sep="\n")
        return 0
    with open(sys.argv[2]) as file:
        committed = file.read().splitlines()
    wrong = [pair for pair in itertools.zip_longest(lines(), committed, fillvalue="")
             if not same(*pair)]
    for mine, theirs in wrong:
        print("golden_near.py gives %s\ncommitted is        %s" % (mine, theirs))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
