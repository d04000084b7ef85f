"""Which epochs the schedules want: those of the C engine's policies."""
import math
import random

import numpy as np
import pytest

import infoplane as ip
from infoplane.table import Table


def wanted(schedule, last, ticked=None, known_end=True):
    """The epochs below `last` and `last` that are measured, without values."""
    progress = schedule.start(last if known_end else None)
    return [e for e in ticked or range(last + 1) if progress.wants(e)]


def log_list(dense, per_decade, last):
    """make_list of src/plane/policy.c, word for word."""
    ticks = list(range(min(dense, last) + 1))
    k = 1
    while ticks[-1] != last:
        start = float(dense) if dense > 1 else 1.0
        tick = math.floor(start * math.pow(10.0, k / per_decade) + 0.5)
        tick = tick if tick < last else last
        if tick > ticks[-1]:
            ticks.append(tick)
        k += 1
    return ticks


@pytest.mark.parametrize("dense,per_decade", [(10, 20), (0, 1), (0, 5), (1, 7),
                                              (2, 300), (37, 3), (100, 1000)])
def test_log_epochs_are_those_of_the_engine(dense, per_decade):
    for last in (0, 1, 9, 10, 11, 999, 5000):
        got = wanted(ip.log_epochs(dense, per_decade), last)
        assert got == log_list(dense, per_decade, last)


def test_log_epochs_as_policy_c_made_them():
    # ipl_policy_next of dense 10, 20 a decade, last 40.
    assert wanted(ip.log_epochs(), 40) == [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 22, 25, 28, 32, 35,
        40]


def test_every_and_lists_end_with_a_known_last_epoch():
    assert wanted(ip.every(4), 10) == [0, 4, 8, 10]
    assert wanted(ip.every(4), 10, known_end=False) == [0, 4, 8]
    assert wanted(ip.epochs([3, 5]), 7) == [0, 3, 5, 7]
    assert wanted(ip.epochs([]), 2) == [0, 2]


def point(value, name="bin@30", h_x=1.0, h_y=1.0):
    value = np.atleast_1d(np.asarray(value, np.float64))
    return Table({"estimator": np.array([name] * len(value)), "i_xt_bits": value,
                  "i_ty_bits": np.full(len(value), np.nan)},
                 {"ceilings_bits": {"h_x": h_x, "h_y": h_y}})


def frontier(distances, last, limit, multiplier, skip_max, halve):
    """APPROX of src/plane/policy_delta.c: its ladder of skips and its advance."""
    top = skip_max if skip_max and skip_max < last else (last or 1)
    levels, skip = 1, 1.0
    while skip < top:
        skip *= multiplier
        levels += 1
    steps, skip = [], 1.0
    for _ in range(levels):
        steps.append(int(skip) if skip < top else top)
        skip *= multiplier
    before, front, level, ticks = -1, 0, 0, []
    while True:
        ticks.append(front)
        if before >= 0:
            small = distances(before, front) <= limit
            if small and level < levels - 1:
                level += 1
            if not small and halve and level > 0:
                level -= 1
        if front == last:
            return ticks
        before, front = front, min(front + steps[level], last)


def test_delta_measures_the_frontier_of_the_engine():
    rng = random.Random(7)
    for case in range(300):
        last = rng.randrange(0, 300)
        value = np.cumsum([rng.choice([0.0, 0.001, 0.03]) for _ in range(last + 1)])
        multiplier = rng.choice([1.01, 1.3, 1.5, 2.0, 3.7])
        skip_max, halve = rng.choice([0, 1, 5, 40, 1000]), rng.random() < 0.5
        progress = ip.delta(0.02, multiplier=multiplier, skip_max=skip_max,
                            halve=halve).start(last)
        got = []
        for epoch in range(last + 1):
            if progress.wants(epoch):
                got.append(epoch)
                progress.given(epoch)
                progress.measured(epoch, point(value[epoch]))
        assert got == frontier(lambda a, b: abs(value[b] - value[a]), last, 0.02,
                               multiplier, skip_max, halve), case


def test_delta_counts_decreases_and_values_that_come_and_go():
    for values, small in (([1.0, 1.01], True), ([1.0, 0.5], False),
                          ([1.0, np.nan], False), ([np.nan, np.nan], False)):
        progress = ip.delta(0.02, multiplier=4).start()
        for epoch, value in enumerate(values):
            assert progress.wants(epoch)
            progress.given(epoch)
            progress.measured(epoch, point(value))
        assert progress.wants(2) is not small


def test_delta_is_a_share_of_the_ceiling_or_in_bits():
    for unit, next_wanted in (("share", False), ("bits", True)):
        progress = ip.delta(0.02, unit=unit, multiplier=4).start()
        for epoch, value in enumerate((1.0, 1.1)):
            progress.given(epoch)
            progress.measured(epoch, point(value, h_x=10.0))
        assert progress.wants(2) is next_wanted


def test_delta_by_one_estimator():
    both = Table({"estimator": np.array(["kde-upper", "bin@30"]),
                  "i_xt_bits": np.array([1.0, 2.0]),
                  "i_ty_bits": np.array([np.nan, np.nan])},
                 {"ceilings_bits": {"h_x": 1.0, "h_y": None}})
    for name in ("bin", "bin@30", "kde-upper"):
        ip.delta(estimator=name).start().measured(0, both)
    with pytest.raises(ip.ArgumentError, match="expected one of bin@30, kde-upper"):
        ip.delta(estimator="bins").start().measured(0, both)


def test_delta_knows_which_answers_wait_for_values():
    progress = ip.delta(0.02).start(last=9)
    progress.given(0)
    assert not progress.decided(1)  # the smallest skip is 1
    assert progress.decided(9) and progress.wants(9)


@pytest.mark.parametrize("make,text", [
    (lambda: ip.every(0), "every 0: expected a whole number from 1"),
    (lambda: ip.every(2.5), "every 2.5: expected a whole number from 1"),
    (lambda: ip.every("a"), "every 'a': expected a whole number from 1"),
    (lambda: ip.log_epochs(-1), "dense -1: expected a whole number from 0"),
    (lambda: ip.log_epochs(10, 0), "per decade 0: expected a whole number from 1"),
    (lambda: ip.epochs([1.5]), "epoch of the list 1.5: expected a whole number"),
    (lambda: ip.epochs(5), "epochs 5: expected a list"),
    (lambda: ip.delta("a"), "delta 'a': expected a number"),
    (lambda: ip.epochs([1, 1]), "epoch 1 of the list comes after 1"),
    (lambda: ip.epochs([-2]), "epoch of the list -2: expected a whole number from 0"),
    (lambda: ip.epochs([5]).start(4), "leave it out of the list"),
    (lambda: ip.delta(-0.1), "expected 0 or more"),
    (lambda: ip.delta(math.nan), "expected 0 or more"),
    (lambda: ip.delta(multiplier=1.0), "expected 1.01 to 1e6"),
    (lambda: ip.delta(skip_max=-1), "largest skip -1: expected a whole number"),
    (lambda: ip.delta(unit="nats"), "expected 'share' or 'bits'"),
    (lambda: ip.every(1).start(-1), "last epoch -1: expected a whole number"),
])
def test_options_out_of_range(make, text):
    with pytest.raises(ip.ArgumentError, match=text):
        make()
