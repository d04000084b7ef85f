"""golden.py - the published estimators in numpy, on data that C makes again.

    /usr/bin/python3 tests/golden.py > tests/golden.csv       writes the values
    /usr/bin/python3 tests/golden.py --check tests/golden.csv  compares them

Binnings as in the programs of both papers: digitize over linspace(-1, 1, 30) with
its index rules (Shwartz-Ziv and Tishby 2017, idnns) and floor of the float32 quotient
by a width (Saxe et al. 2018, ibsgd); width-mm adds Miller and Madow's terms; exact
takes each float32 value as it is, 0 and -0 as one. KDE: their bounds, with distances from direct
differences in float64. Matrix-based Renyi entropies of a subset of rows (Sanchez
Giraldo et al. 2015). tests/test_golden.c makes the same layers and compares;
tests/test_golden_numpy.sh checks that this script still prints what is committed.

Columns: family, n, d, classes, seed; estimator and its parameter; I(X;T) and I(T;Y) in
bits; distinct cells, and the CRC-32 of each row's cell number (int32, little endian, in
the order of their first rows), both 0 where there are no cells.
"""
import itertools
import sys
import zlib

import numpy as np

EDGES = np.linspace(-1, 1, 30)
WIDTH = 0.07


def draws(seed, count):
    """24-bit words of a linear congruential generator (Knuth's MMIX constants)."""
    state, words = seed, np.empty(count, np.int64)
    for i in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        words[i] = state >> 40
    return words


def layer(family, n, d, classes, seed):
    """Activations whose every step is exact or one float32 rounding, and labels."""
    words = draws(seed, n * d + n)
    word, y = words[: n * d], words[n * d :] % classes
    row = np.arange(n * d) // d
    if family == "spread":  # all of (-1, 1)
        t = word / 2.0**23 - 1
    elif family == "grid":  # sixteenths, from -1 to 1 inclusive
        t = (word % 33 - 16) / 16.0
    elif family == "saturated":  # mostly exactly -1 or 1
        t = np.clip(word / 2.0**20 - 8, -1, 1)
    elif family == "relu":  # half of them 0, others up to 4
        t = np.maximum(word / 2.0**21 - 4, 0)
    elif family == "clusters":  # near one of eight corners that the label knows
        t = ((y[row] >> (np.arange(n * d) % d % 3)) & 1) - 0.5 + word / 2.0**28
    elif family == "bounds":  # at an edge or a multiple of the width, or one ulp off
        edge = EDGES[word % 30].astype(np.float32)
        multiple = (word % 41 - 20).astype(np.float32) * np.float32(WIDTH)
        t = np.where(word // 64 % 2, edge, multiple)
        away = np.where(word // 128 % 3 == 0, np.float32(9), np.float32(-9))
        t = np.where(word // 128 % 3 == 2, t, np.nextafter(t, away))
    return t.astype(np.float32).reshape(n, d), y


def entropy(codes):
    counts = np.unique(codes, axis=0, return_counts=True)[1]
    p = counts / counts.sum()
    return -np.sum(p * np.log2(p))


def binned(codes, y):
    h_t = entropy(codes)
    within = [np.mean(y == c) * entropy(codes[y == c]) for c in np.unique(y)]
    number = {}
    cell = [number.setdefault(code.tobytes(), len(number)) for code in codes]
    crc = zlib.crc32(np.array(cell, "<i4").tobytes())
    return h_t, h_t - sum(within), len(number), crc


def edge_codes(t):
    return EDGES[np.digitize(t.reshape(-1), EDGES) - 1].reshape(t.shape)


def width_codes(t):
    return np.floor(t / np.float32(WIDTH)).astype("int")


def corrected(codes, y):
    """The same with Miller and Madow's term of each entropy, up to the ceilings."""
    h_t, i_ty, cells, crc = binned(codes, y)
    bias = np.log2(np.e) / (2 * len(y))
    both = len(np.unique(np.c_[codes, y], axis=0))
    lifted_t = h_t + (cells - 1) * bias
    lifted_y = i_ty + (cells + len(np.unique(y)) - both - 1) * bias
    h_t = lifted_t if lifted_t <= np.log2(len(y)) else h_t
    i_ty = lifted_y if lifted_y <= entropy(y[:, None]) else i_ty
    return h_t, i_ty, cells, crc


def mixture_information(t, var):
    """-mean_i log2 mean_j exp(-|t_i - t_j|^2 / (2 var)), and the same of 4 var."""
    t = t.astype(np.float64)
    squares = np.array([np.sum((t - row) ** 2, axis=1) for row in t])
    return [
        -np.mean(np.log2(np.mean(np.exp(-squares / (2 * scale * var)), axis=1)))
        for scale in (1, 4)
    ]


def kernel(t):
    """Gaussian, as wide as the rows' deviation times n^(-1 / (4 + d))."""
    t = t.astype(np.float64)
    n, d = t.shape
    width = np.sqrt(np.mean(np.sum((t - t.mean(axis=0)) ** 2, axis=1)))
    width *= n ** (-1 / (4 + d))
    squares = np.array([np.sum((t - row) ** 2, axis=1) for row in t])
    return np.exp(-squares / (2 * width**2))


def renyi(k, alpha):
    values = np.linalg.eigvalsh(k / len(k))
    values = values[values > len(k) * np.finfo(float).eps]
    if alpha == 1:
        return -np.sum(values * np.log2(values))
    return np.log2(np.sum(values**alpha)) / (1 - alpha)


def matrix_information(t, y, alpha):
    """S(T), and S(T) + S(Y) - S(T,Y), of 150 evenly spaced rows."""
    rows = np.arange(150) * len(t) // 150
    k_t, k_y = kernel(t[rows]), 1.0 * (y[rows][:, None] == y[rows])
    h_t = renyi(k_t, alpha)
    return h_t, h_t + renyi(k_y, alpha) - renyi(k_t * k_y, alpha)


CASES = [
    ("spread", 1000, 2, 3, 1),
    ("spread", 500, 7, 10, 2),
    ("grid", 2000, 1, 2, 3),
    ("grid", 777, 3, 4, 4),
    ("saturated", 1500, 5, 2, 5),
    ("saturated", 300, 40, 10, 6),
    ("relu", 1200, 2, 7, 7),
    ("relu", 400, 9, 2, 8),
    ("clusters", 600, 3, 8, 9),
    ("clusters", 250, 130, 8, 10),
    ("bounds", 4096, 1, 2, 11),
    ("bounds", 2500, 2, 3, 12),
]


def points(t, y):
    """(estimator, parameter, i_xt, i_ty, codes, crc) of one layer."""
    yield ("edges", 30) + binned(edge_codes(t), y)
    yield ("width", WIDTH) + binned(width_codes(t), y)
    yield ("width-mm", WIDTH) + corrected(width_codes(t), y)
    yield ("exact", 0) + binned(t + np.float32(0), y)
    for alpha in (1, 1.01, 2):
        yield ("renyi", alpha) + matrix_information(t, y, alpha) + (0, 0)
    for var in (0.1, 0.001):
        if len(t) > 1500:
            continue  # n x n distances
        i_xt = mixture_information(t, var)
        i_ty = np.array(i_xt)
        for c in np.unique(y):
            i_ty -= np.mean(y == c) * np.array(mixture_information(t[y == c], var))
        yield "kde-upper", var, i_xt[0], i_ty[0], 0, 0
        yield "kde-lower", var, i_xt[1], i_ty[1], 0, 0


def lines():
    yield "family,n,d,classes,seed,estimator,parameter,i_xt_bits,i_ty_bits,cells,crc32"
    for case in CASES:
        for name, parameter, i_xt, i_ty, codes, crc in points(*layer(*case)):
            yield "%s,%d,%d,%d,%d," % case + "%s,%g,%.13f,%.13f,%d,%08x" % (
                name, parameter, i_xt, i_ty, codes, crc)


def same(mine, theirs):
    """Whether two lines agree, the informations within the rounding of their sums."""
    mine, theirs = mine.split(","), (theirs or "").split(",")
    if len(mine) != len(theirs):
        return False
    exact = [k for k in range(len(mine)) if k not in (7, 8)]
    if mine[0] == "family":
        exact = range(len(mine))
    return all(mine[k] == theirs[k] for k in exact) and (
        mine[0] == "family"
        or all(abs(float(mine[k]) - float(theirs[k])) < 1e-11 for k in (7, 8)))


def main():
    if sys.argv[1:2] != ["--check"]:
        print(*lines(), sep="\n")
        return 0
    with open(sys.argv[2]) as file:
        committed = file.read().splitlines()
    wrong = [(mine, theirs)
             for mine, theirs in itertools.zip_longest(lines(), committed)
             if not same(mine or "", theirs)]
    for mine, theirs in wrong:
        print("golden.py gives %s\ncommitted is   %s" % (mine, theirs))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
