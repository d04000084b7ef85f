"""peer_bin.py FOLDER bin;form=width;width=W - the discrete estimator in numpy.

A peer of bench_bin (peer.h): reads t.npy and y.npy of FOLDER; for each line on its input
it estimates once and prints the wall milliseconds, the processor's, I(X;T) and I(T;Y) in
bits. The unique rows come from a void view, as in artemyk/ibsgd, simplebinmi.py.
"""
import sys

import numpy as np

import peer


def entropy(rows):
    whole_row = np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))
    view = np.ascontiguousarray(rows).view(whole_row)
    counts = np.unique(view, return_counts=True)[1]
    p = counts / counts.sum()
    return -np.sum(p * np.log2(p))


def estimate(t, y, width):
    bins = np.floor(t / np.float32(width)).astype("int")
    h_t = entropy(bins)
    h_t_given_y = sum(np.mean(y == c) * entropy(bins[y == c]) for c in np.unique(y))
    return h_t, h_t - h_t_given_y


if __name__ == "__main__":
    t, y, options = peer.read(sys.argv)
    peer.serve(lambda: estimate(t, y, float(options["width"])))
