"""What the peers of the benchmarks in Python share (peer.h)."""
import sys
import time

import numpy as np


def read(arguments):
    """t.npy and y.npy of the folder, and the options "family;key=value;..."."""
    folder, text = arguments[1:3]
    options = dict(word.split("=", 1) for word in text.split(";")[1:])
    return np.load(folder + "/t.npy"), np.load(folder + "/y.npy"), options


def serve(estimate):
    """One estimate for each line of input, with its times in milliseconds."""
    for _ in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        values = [float(value) for value in estimate()]
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(1e3 * wall, 1e3 * processor, *values, flush=True)
