"""peer_near.py FOLDER - Kraskov's first estimate with scipy's trees, one thread.

Reads x.npy and t.npy of FOLDER (float32, rows are samples). For each line on its input it
estimates once and prints the wall milliseconds, the processor's, and I(X;T) in nats: k = 5
neighbours in the largest of both max norms, then the rows that are strictly nearer in each
(Kraskov, Stoegbauer, Grassberger 2004, equation 8).
"""
import sys
import time

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma

K = 5


def farthest(rows):
    return cKDTree(rows).query(rows, k=K + 1, p=np.inf)[0][:, K]


def nearer(rows, radius):
    return cKDTree(rows).query_ball_point(rows, radius, p=np.inf, return_length=True)


def estimate(x, t):
    radius = np.nextafter(farthest(np.hstack([x, t])), 0.0)
    counts = digamma(nearer(x, radius)) + digamma(nearer(t, radius))
    return digamma(K) + digamma(len(x)) - counts.mean()


def main():
    x, t = (np.load("%s/%s.npy" % (sys.argv[1], name)) for name in "xt")
    for _ in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        value = estimate(x, t)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(1e3 * wall, 1e3 * processor, value, flush=True)


if __name__ == "__main__":
    main()
