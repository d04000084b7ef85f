"""runs_case.py - small runs of the C engine, and planes of functions, for tests."""
import csv
import os
import subprocess

import numpy as np
from program_case import program

import infoplane as ip

SMALL = """[data]
set = ib
[net]
layers = 12, 4-tanh, 3-tanh, 2
[train]
batch = 512
epochs = 6
replicas = 2
[measure]
estimators = bin, kde
policy = every
every = 2
subset = 200
"""
TABLES = ("plane.csv", "plane_details.csv", "training.csv", "summary.csv",
          "compression.csv")


def small(folder, text=SMALL):
    """The configuration as a file."""
    path = folder / "small.ini"
    path.write_text(text)
    return path


def said(*words, cwd=None):
    """What the program prints; it must not fail."""
    done = subprocess.run([str(program()), *map(str, words)], capture_output=True,
                          text=True, timeout=60, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def same_files(a, b, names=TABLES):
    for name in names:
        assert (a / name).read_bytes() == (b / name).read_bytes(), name


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def text_of(value):
    """As tables have a number: nine digits, nothing for NaN and no cells."""
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else f"{value + 0.0:.9g}"
    return str(value)


def expect_files(table, dir):
    """Every field of plane.csv and plane_details.csv, by another reader."""
    rows, more = rows_of(dir / "plane.csv"), rows_of(dir / "plane_details.csv")
    assert len(table) == len(rows) == len(more) > 0
    for k, row in enumerate(rows):
        for name, text in {**more[k], **row}.items():
            value = table.columns[name][k]
            if name == "flags":
                text = text.replace("|", " ")
            if name == "cells" and value == -1:
                value = float("nan")
            assert text_of(value) == text, (k, name)


class Net:
    """A made-up network of two layers; one that trains a little at each step."""

    def __init__(self, seed):
        self.w = np.random.default_rng(seed).normal(size=(4, 3))

    def __call__(self, x):
        return {"fc1": np.tanh(x @ self.w), "block.out": (x @ self.w)[:, :2]}

    def train(self):
        self.w = self.w * 1.1


def plane_of(seeds=(3, 1), last=4, names=None, **options):
    """A Plane of 60 samples and three classes."""
    x = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    plane = ip.Plane(x, np.arange(60) % 3, device="cpu",
                     **{"bins": 10, "noise_var": 0.1, **options})
    for seed in seeds:
        net = Net(seed)
        run = net if names is None else lambda x: dict(zip(names, net(x).values()))
        with plane.watch(run, seed=seed) as w:
            for epoch in range(last):
                w.tick(epoch, loss=1 / (epoch + seed), acc=epoch / 7)
                net.train()
    return plane


def by_epoch(table):
    """The columns in the order of the files."""
    order = np.lexsort((table.columns["seed"], table.columns["epoch"]))
    return {name: column[order] for name, column in table.columns.items()}


def environment():
    """For other interpreters."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in (
        os.path.dirname(os.path.dirname(ip.__file__)),
        os.environ.get("PYTHONPATH", "")) if p)}
