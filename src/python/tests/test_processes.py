"""test_processes.py - forked and spawned processes, and threads, measure the same."""

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from layers_case import layer, measured, threads_now

import infoplane as ip

SEEDS = [1, 2, 3, 4]
LIMIT_S = 60  # a child that waits for threads it does not have would wait for ever


@pytest.fixture
def expected():
    """What this process measures; its OpenMP threads have run then."""
    return [measured(seed, threads=2) for seed in SEEDS]


def test_seeds_differ(expected):
    assert len(set(expected)) == len(SEEDS)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_measure_the_same(expected, method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(measured, SEEDS).get(LIMIT_S) == expected


def test_a_child_of_a_child_measures_the_same(expected):
    got, put = os.pipe()
    child = os.fork()
    if child == 0:
        grandchild = os.fork()
        if grandchild == 0:
            os.write(put, b"1" if measured(1, threads=2) == expected[0] else b"0")
            os._exit(0)
        os.waitpid(grandchild, 0)
        os._exit(0)
    os.close(put)
    with os.fdopen(got, "rb") as pipe:
        assert pipe.read() == b"1"
    os.waitpid(child, 0)
    assert measured(1, threads=2) == expected[0]


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_joblib_measures_the_same(expected, backend):
    joblib = pytest.importorskip("joblib")
    run = joblib.Parallel(n_jobs=2, backend=backend, timeout=LIMIT_S)
    assert run(joblib.delayed(measured)(seed) for seed in SEEDS) == expected


def test_data_loader_workers_measure_the_same(expected):
    torch = pytest.importorskip("torch")

    class Layers(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(SEEDS)

        def __getitem__(self, index: int):
            return torch.tensor(measured(SEEDS[index]), dtype=torch.float64)

    loader = torch.utils.data.DataLoader(
        Layers(), batch_size=None, num_workers=2, timeout=LIMIT_S
    )
    assert [tuple(row.tolist()) for row in loader] == expected


def test_threads_measure_the_same(expected):
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(measured, SEEDS * 8, timeout=LIMIT_S))
    assert got == expected * 8


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_digit(expected, threads):
    assert [measured(seed, threads=threads) for seed in SEEDS] == expected


def counts_of_threads(_: int):
    t, y = layer()
    before = threads_now()
    ip.estimate(t, y, device="cpu", threads=1)
    alone = threads_now()
    ip.estimate(t, y, device="cpu", threads=2)
    return before, alone, threads_now()


def test_one_thread_starts_no_other():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        before, alone, two = pool.map_async(counts_of_threads, [0]).get(LIMIT_S)[0]
    assert alone == before
    assert two > alone
