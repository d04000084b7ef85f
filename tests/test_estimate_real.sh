#!/bin/sh
# test_estimate_real.sh BUILD - `infoplane estimate` of numbers that float32 does not
# hold, and of real-valued targets: values against float64, words, files. Output is TAP.
set -u
program=$(realpath "$1/infoplane")
tests=$(realpath tests)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - "$program" "$tests" <<'END'
import csv, json, os, subprocess, sys

import numpy as np

program, tests = sys.argv[1:]
sys.path.insert(0, tests)
import golden

count = 0


def tap(name, wrong):
    global count
    count += 1
    print("%s %d - %s" % ("not ok" if wrong else "ok", count, name))
    for line in wrong[:10]:
        print("#   " + str(line))


def run(*arguments):
    done = subprocess.run([program, "estimate", "--device", "cpu", "--threads", "2",
                           *arguments], capture_output=True, text=True)
    # Lines on doubtful points (saturated, ..) are not asked about here.
    said = [line for line in done.stderr.splitlines(True) if line.startswith("info")]
    return done.returncode, done.stdout, "".join(said)


def points(*arguments):
    status, out, said = run(*arguments, "--json")
    return ([json.loads(line) for line in out.splitlines()] if not status else
            [dict(estimator=said)]), said


def off(name, got, want, bound):
    return [] if isinstance(got, float) and abs(got - want) <= bound else [
        "%s: %s, want %s" % (name, got, want)]


rng = np.random.RandomState(8)

# -- Doubles ------------------------------------------------------------------------

n = 240
base = np.round(rng.randn(n, 3) * 4096) / 4096
y = (rng.rand(n) < 0.4).astype("i4")
np.save("y.npy", y)


def check_offset(t):
    """bin: exactly numpy's; kde: that of the values without an offset."""
    np.save("t.npy", t)
    f = t.astype("f8")
    wanted = [(["--bin-width", "0.7"], np.floor(f / 0.7)),
              (["--bin-count", "9"], np.digitize(
                  f, np.linspace(f.min(), f.max(), 10)[1:-1])),
              (["--bin-quantiles", "5"], np.digitize(
                  f, np.sort(f.ravel())[[k * f.size // 5 for k in range(1, 5)]])),
              (["--bin-exact"], f)]
    wrong = []
    for options, codes in wanted:
        got, said = points("--t", "t.npy", "--y", "y.npy", "--estimator", "bin",
                           *options)
        i_xt, i_ty, cells, _ = golden.binned(np.unique(
            codes, return_inverse=True)[1].reshape(f.shape), y)
        wrong += off(options, got[0].get("i_xt"), i_xt, 1e-8)
        wrong += off(options, got[0].get("i_ty"), i_ty, 1e-8)
        if got[0].get("cells") != cells or "values_beyond_float32" in got[0] or said:
            wrong.append((got, cells, said))
    got, said = points("--t", "t.npy", "--y", "y.npy", "--estimator", "kde",
                       "--noise-var", "0.3")
    want = golden.mixture_information(f - np.median(f, axis=0), 0.3)
    for p, value in zip(got, want):
        wrong += off("kde", p.get("i_xt"), value, 2e-5)
    return wrong


for name, t in [("1e7", base + 1e7), ("1e8", base + 1e8), ("1e12", base + 1e12),
                ("int64 times", (1700000000 + rng.randint(0, 464, (n, 3))))]:
    tap("an offset in doubles changes nothing: " + name, check_offset(t))


def check_merged():
    t = np.array([[1.0], [1 + 2**-40], [1 + 2**-40], [2], [3], [1e10]])
    np.save("t.npy", t)
    line = "infoplane: t.npy: 3 of 6 values differ only beyond float32\n"
    got, said = points("--t", "t.npy", "--estimator", "bin,kde", "--bin-exact")
    wrong = [] if said == line else [said]
    wrong += [p for p in got if p.get("values_beyond_float32") != 3]
    if got[0].get("cells") != 5:
        wrong.append(got)
    status, out, said = run("--t", "t.npy", "--estimator", "bin", "--bin-exact")
    return wrong + [s for s in [said] if s]


def check_rounded():
    """2^60 + 1 and 2^60 + 3 are no doubles."""
    np.save("t.npy", np.array([2**60, 2**60 + 1, 2**60 + 3, 0], "i8"))
    line = "infoplane: t.npy: 2 of 4 values are rounded to float64\n"
    got, said = points("--t", "t.npy", "--estimator", "bin", "--bin-exact")
    good = said == line and got[0].get("values_beyond_float64") == 2
    return [] if good else [got, said]


def check_far_inputs():
    x = base[:, :1] * 1e300
    np.save("t.npy", base)
    np.save("x.npy", x)
    ask = ["--t", "t.npy", "--x", "x.npy", "--estimator", "ms"]
    status, out, said = run(*ask)
    wrong = [] if status == 1 and "divide this column by a power of ten" in said and (
        "x.npy: %d of 240 values of column 0 are beyond float32's range, first in row 0"
        % np.sum(x != 0)) in said else [said]
    np.save("x.npy", x / 1e300)
    return wrong + [said for p in [points(*ask)[0][0]] if not p.get("i_xt")]


def check_advice():
    """NaN has its place; bin takes what float32 does not reach, as the line says."""
    t = base.copy()
    t[7, 2] = np.nan
    np.save("t.npy", t)
    status, out, said = run("--t", "t.npy", "--estimator", "bin")
    wrong = [] if status == 1 and ("t.npy: 1 of 720 activations are NaN or infinite, "
                                   "first in row 7, column 2 (nan)") in said else [said]
    t[7, 2] = 1e300
    np.save("t.npy", t)
    status, out, said = run("--t", "t.npy", "--estimator", "kde")
    if status != 1 or ("t.npy: 1 of 240 values of column 2 are beyond float32's range, "
                       "first in row 7 (1e+300): the estimator bin takes them in "
                       "double") not in said:
        wrong.append(said)
    got, said = points("--t", "t.npy", "--estimator", "bin", "--bin-width", "0.5")
    codes = np.unique(np.floor(t / 0.5), return_inverse=True)[1].reshape(t.shape)
    return wrong + off("bin", got[0].get("i_xt"), golden.binned(codes, y)[0], 1e-8)


tap("values that differ only beyond float32 are counted", check_merged())
tap("values that double rounds are counted", check_rounded())
tap("inputs beyond float32 are named, and the advice is good", check_far_inputs())
tap("what cannot be used is named, and the advice is good", check_advice())

# -- Targets ------------------------------------------------------------------------

t = np.round(rng.randn(n, 1) * 16384) / 16384
target = 1e9 + t[:, 0] + np.round(0.5 * rng.randn(n) * 16384) / 16384
np.save("t.npy", t.astype("f4"))
np.save("target.npy", target)
BASE = ["--t", "t.npy", "--y", "target.npy"]


def class_information(classes):
    return golden.binned(np.floor(t / 0.5).astype(int), classes)[1]


def check_bins():
    edges = np.sort(target)[[k * n // 7 for k in range(1, 7)]]
    wrong = []
    for options, classes in [(["--y-bins", "7"], np.digitize(target, edges)),
                             (["--y-width", "0.75"], np.floor(target / 0.75))]:
        classes = np.unique(classes, return_inverse=True)[1]
        np.save("classes.npy", classes)
        ask = ["--estimator", "bin,kde,ross", "--bin-width", "0.5"]
        got, said = points(*BASE, *options, *ask)
        want, _ = points("--t", "t.npy", "--y", "classes.npy", *ask)
        wrong += off(options, got[0].get("i_ty"), class_information(classes), 1e-8)
        if got != want or len(got) != 4:
            wrong.append((got, want, said))
    return wrong


def check_values():
    """I(T;Y) is the I(X;T) of inputs that are the targets."""
    ask = ["--estimator", "ksg,mixed,ms,kl,lnn,lga,renyi"]
    got, said = points(*BASE, "--y-values", *ask, "--quiet")
    want, _ = points("--t", "t.npy", "--x", "target.npy", *ask)
    wrong = [said] if said else []
    for a, b in zip(got, want):
        if a.get("i_ty") is None or a["i_ty"] != b["i_xt"] or "negative" in a["flags"]:
            wrong.append((a, b))
    return wrong if len(got) == 8 else got


def check_words():
    wrong = []
    for options, status, line in [
            (["--estimator", "ms"], 1,
             "target.npy: row 0 is %.15g, a real value and not a class: y_bins = N "
             "(--y-bins N) makes classes of such values, and estimate's --y-values "
             "compares them as they are" %
             target[0]),
            (["--estimator", "ms", "--y-bins", "1"], 2, "--y-bins"),
            (["--estimator", "ms", "--y-bins", "3", "--y-values"], 2,
             "--y-bins and --y-values exclude each other"),
            (["--estimator", "ms", "--y-width", "3", "--y-bins", "3"], 2,
             "--y-bins and --y-width exclude each other"),
            (["--estimator", "bin", "--y-values"], 2,
             "--y-values needs --estimator ksg or mixed or ms or kl or lnn or lga or "
             "renyi"),
            (["--estimator", "bin,ms", "--y-values"], 0,
             "I(T;Y) of bin needs classes: --y-bins N")]:
        got, out, said = run(*BASE, *options)
        if got != status or line not in said:
            wrong.append((options, got, said))
    got, out, said = run("--t", "t.npy", "--y-bins", "4", "--estimator", "bin")
    return wrong + ([] if got == 2 and "--y-bins needs --y Y.npy" in said else [said])


tap("binned targets are the classes of their bins", check_bins())
tap("compared targets are treated like inputs", check_values())
tap("real values are taken by request only", check_words())

# -- A folder -----------------------------------------------------------------------

os.mkdir("planes")
np.save("planes/epoch_0_layer_1.npy", t + 1e8)
np.save("planes/epoch_0_layer_2.npy", t.astype("f4"))


def check_folder(options, about, estimators):
    status, out, said = run("--t", "planes", "--y", "target.npy", "--estimator",
                            estimators, *options, "--out", "made" + options[0])
    if status:
        return [said]
    wrong = []
    rows = list(csv.DictReader(open("made%s/plane.csv" % options[0])))
    got, _ = points(*BASE, *options, "--estimator", estimators)
    for layer in ("1", "2"):
        for row, p in zip([r for r in rows if r["layer"] == layer], got):
            if p["i_ty"] is not None:
                wrong += off(layer, float(row["i_ty_bits"]), p["i_ty"], 1e-8)
    data = json.load(open("made%s/run.json" % options[0]))["data"]
    if len(rows) != 2 * len(got) or data.get("targets") != about:
        wrong.append((rows, got, data))
    return wrong


tap("a folder takes binned targets", check_folder(
    ["--y-bins", "5"], dict(form="bins", bins=5), "kde,ross"))
tap("a folder takes a width", check_folder(
    ["--y-width", "0.5"], dict(form="width", width=0.5), "mixed"))
tap("a folder takes values", check_folder(
    ["--y-values"], dict(form="values"), "ksg,ms,bin"))


def check_counted():
    os.mkdir("merged")
    np.save("merged/epoch_0_layer_1.npy",
            np.array([[1.0], [1 + 2**-40], [1 + 2**-40], [2], [3], [1e10]]))
    status, out, said = run("--t", "merged", "--estimator", "kde", "--out", "counted")
    data = json.load(open("counted/run.json"))["data"]
    good = "merged: 3 of 6 values differ only beyond float32" in said
    return [] if good and data.get("values_beyond_float32") == 3 else [said, data]


tap("a folder's values beyond float32 are counted", check_counted())
print("1..%d" % count)
END
