"""test_openmp.py - infoplane beside another OpenMP runtime and another BLAS.

In a wheel, libgomp and OpenBLAS are copies of its own. PyTorch and numpy bring theirs,
before or after: all of them work, and none sets the threads of another.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

HERE = Path(__file__).parent
LIMIT_S = 120

TOGETHER = """
import sys
sys.path.insert(0, {here!r})
FIRST
import torch, numpy
import infoplane as ip
from layers_case import measured, threads_now

torch.set_num_threads(2)
a = torch.randn(700, 700, generator=torch.Generator().manual_seed(1))
product, results = a @ a, measured(1, threads=2)
b = a.numpy().astype("f8")
expected = b @ b
threads = None
for k in range(20):
    assert torch.equal(a @ a, product)
    torch.nn.functional.softmax(a, 1).sum()
    assert measured(1, threads=1 + k % 2) == results
    assert numpy.array_equal(b @ b, expected)
    if k == 5:
        threads = threads_now()
assert torch.get_num_threads() == 2, torch.get_num_threads()
assert threads_now() == threads, (threads, threads_now())
maps = open("/proc/self/maps")
libraries = {{line.split()[-1] for line in maps if "libgomp" in line}}
print(len(libraries), *results)
"""

NUMPY_ALONE = """
import sys
sys.path.insert(0, {here!r})
import numpy, threadpoolctl
from layers_case import measured

def of_numpy():
    rows = threadpoolctl.threadpool_info()
    return [(row["filepath"], row["num_threads"]) for row in rows
            if "blas" in row["internal_api"] and "infoplane" not in row["filepath"]]

before = of_numpy()
measured(1, threads=2)
assert of_numpy() == before, (before, of_numpy())
print(len(before))
"""


def run_script(script: str, **environment: str) -> List[str]:
    """Words that the script prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script.format(here=str(HERE))],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def run(first: str, **environment: str) -> List[str]:
    return run_script(TOGETHER.replace("FIRST", first), **environment)


def test_torch_before_and_after_gives_the_same():
    pytest.importorskip("torch")
    import infoplane

    before, after = run("import torch"), run("import infoplane")
    assert before == after
    from layers_case import measured

    assert [float(v) for v in before[1:]] == list(measured(1))
    bundled = Path(infoplane.__file__).parents[1] / "infoplane.libs"
    if bundled.is_dir():
        assert int(before[0]) == 2, "libgomp of the wheel, and PyTorch's"


@pytest.mark.parametrize("policy", ["active", "passive"])
def test_waiting_threads_of_two_runtimes_do_not_hang(policy):
    pytest.importorskip("torch")
    assert run("import infoplane", OMP_WAIT_POLICY=policy)


def test_numpy_keeps_its_threads():
    """The threads of numpy's BLAS are numpy's alone."""
    pytest.importorskip("threadpoolctl")
    assert run_script(NUMPY_ALONE) == ["1"]
