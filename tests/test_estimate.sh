#!/bin/sh
# test_estimate.sh BUILD - the numbers that `infoplane estimate` prints.
#
# Each field of its JSON and of its table, for all forms of bins and of noise, with and
# without labels, in bits and nats, against the formulas of golden.py in float64; and
# the files of a folder. Output is TAP.
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
        print("#   " + line)


# -- What is wanted -----------------------------------------------------------------

def edge_codes(t, n, lo, hi):
    edges = np.linspace(lo, hi, n)
    code = np.digitize(t, edges) - 1
    return np.where(code < 0, n - 1, code)


def count_codes(t, n):
    edges = np.linspace(float(t.min()), float(t.max()), n + 1)[1:-1]
    return np.digitize(t, edges)


def quantile_codes(t, n):
    flat = np.sort(t.reshape(-1))
    edges = [flat[k * flat.size // n] for k in range(1, n)]
    return np.digitize(t, edges)


def bin_point(t, y, codes, share):
    i_xt, i_ty, cells, _ = golden.binned(codes, np.zeros(len(t)) if y is None else y)
    flags = ["saturated"] * (cells == len(t)) + ["outside"] * int(share > 0)
    return dict(estimator="bin", i_xt=i_xt, h_t=i_xt, cells=cells,
                i_ty=None if y is None else i_ty, outside_share=share, flags=flags)


def kde_points(t, y, var):
    i_xt = golden.mixture_information(t, var)
    i_ty = np.array(i_xt)
    for c in [] if y is None else np.unique(y):
        own = golden.mixture_information(t[y == c], var)
        i_ty -= np.mean(y == c) * np.array(own)
    noise = t.shape[1] / 2 * np.log2(2 * np.pi * np.e * var)
    for bound in (0, 1):
        full = abs(i_xt[bound] - np.log2(len(t))) < 1e-6 / np.log(2)
        less = y is not None and i_ty[bound] < 0
        which = ("upper", "lower")[bound]
        yield dict(estimator="kde-" + which, bound=which, i_xt=i_xt[bound],
                   i_ty=None if y is None else i_ty[bound], h_t=i_xt[bound] + noise,
                   noise_var=var,
                   flags=["saturated"] * int(full) + ["negative"] * int(less))


# -- What is printed ----------------------------------------------------------------

KEYS = ["n", "d", "i_xt", "i_ty", "h_t", "units"]
BIN_KEYS, KDE_KEYS = ["cells", "outside_share", "flags"], ["noise_var", "flags"]
INFORMATION = ("i_xt", "i_ty", "h_t")


def run(*arguments):
    done = subprocess.run([program, "estimate", "--device", "cpu", "--threads", "2",
                           *arguments], capture_output=True, text=True)
    if done.returncode:
        return ["status %d" % done.returncode, done.stderr]
    return done.stdout.splitlines()


def near(got, want, kde):
    """Sums of the KDE are float32; all others are exact but for the 9 digits."""
    if want is None or isinstance(want, (str, list)):
        return got == want
    if got is None or isinstance(got, (str, list)):
        return False
    return abs(got - want) <= (2e-5 if kde else 5.1e-9) * max(1, abs(want))


def check_json(t, wanted, unit, units, lines):
    wrong = [] if len(lines) == len(wanted) else ["%d lines" % len(lines)] + lines
    for line, want in zip(lines, wanted):
        got = json.loads(line)
        kde = "bound" in want
        first = ["estimator", "bound"][:1 + kde]
        if list(got) != first + KEYS + (KDE_KEYS if kde else BIN_KEYS):
            wrong.append("keys %s" % list(got))
        fixed = dict(n=t.shape[0], d=t.shape[1], units=units)
        for key, value in {**want, **fixed}.items():
            if key in INFORMATION and value is not None:
                value = value * unit
            exact = not kde or key == "noise_var"
            if not near(got.get(key), value, not exact):
                wrong.append("%s %s: %s, want %s" % (want["estimator"], key,
                                                     got.get(key), value))
    return wrong


def row_of(want, unit):
    """The table's line, and where its number ends in a text that must be equal."""
    i_ty = "-" if want["i_ty"] is None else "%.6f" % (want["i_ty"] * unit)
    tail = ("noise variance %.6g" % want["noise_var"] if want.get("bound")
            else "%d cells" % want["cells"])
    if "saturated" in want["flags"]:
        tail += ", saturated"
        if "cells" in want:
            tail += ": no two samples share a cell"
    if "negative" in want["flags"]:
        tail += ", negative"
    if "outside" in want["flags"]:
        tail += ", %.3g %% of values outside the range" % (100 * want["outside_share"])
    return "%-10s %12.6f %12s %14.6f  %s" % (want["estimator"], want["i_xt"] * unit,
                                            i_ty, want["h_t"] * unit, tail)


def same_row(got, want):
    """Equal but for the last digit of the three informations."""
    if len(got) != len(want) or got[:11] != want[:11] or got[53:] != want[53:]:
        return False
    numbers = [(got[a:b], want[a:b]) for a, b in ((11, 23), (24, 36), (37, 51))]
    return all(g == w or (w.strip() != "-" and g.strip() != "-" and
                          abs(float(g) - float(w)) < 2.1e-5) for g, w in numbers)


def check_table(t, wanted, unit, units, lines):
    head = ["t.npy: %d samples of %d values, in %s" % (*t.shape, units),
            "%-10s %12s %12s %14s" % ("estimator", "I(X;T)", "I(T;Y)", "H(T)")]
    rows = [row_of(want, unit) for want in wanted]
    wrong = [] if lines[:2] == head else lines[:2]
    if len(lines) != 2 + len(rows):
        wrong.append("%d lines" % len(lines))
    return wrong + ["%s | want | %s" % pair for pair in zip(lines[2:], rows)
                    if not same_row(*pair)]


# -- Cases --------------------------------------------------------------------------

spread, y_spread = golden.layer("spread", 300, 3, 4, 21)
relu, y_relu = golden.layer("relu", 250, 4, 3, 22)
tight, y_tight = golden.layer("clusters", 120, 12, 8, 23)
square = float(np.mean(relu.astype("f8") ** 2))


def outside(t, lo, hi):
    return float(np.mean((t < lo) | (t > hi)))


CASES = [
    ("edges and noise by default", spread, y_spread, ["--estimator", "bin,kde"],
     [bin_point(spread, y_spread, edge_codes(spread, 30, -1, 1), 0.0)] +
     list(kde_points(spread, y_spread, 0.05))),
    ("edges over a range, values outside", relu, y_relu,
     ["--estimator", "bin", "--bin-edges", "9", "--range=0.5,2.5"],
     [bin_point(relu, y_relu, edge_codes(relu, 9, 0.5, 2.5), outside(relu, 0.5, 2.5))]),
    ("fine edges, saturated and outside", spread, y_spread,
     ["--estimator", "bin", "--bin-edges", "5000", "--range=-0.5,0.75"],
     [bin_point(spread, y_spread, edge_codes(spread, 5000, -0.5, 0.75),
                outside(spread, -0.5, 0.75))]),
    ("bins of a width, labels left out", relu, None,
     ["--estimator", "bin", "--bin-width", "0.5"],
     [bin_point(relu, None, np.floor(relu / np.float32(0.5)).astype(int), 0.0)]),
    ("equal bins of the layer's range", relu, y_relu,
     ["--estimator", "bin", "--bin-count", "7"],
     [bin_point(relu, y_relu, count_codes(relu, 7), 0.0)]),
    ("quantiles", relu, y_relu, ["--estimator", "bin", "--bin-quantiles", "4"],
     [bin_point(relu, y_relu, quantile_codes(relu, 4), 0.0)]),
    ("noise of a variance before bins", tight, y_tight,
     ["--estimator", "kde,bin", "--noise-var", "0.2", "--bin-width", "1"],
     list(kde_points(tight, y_tight, 0.2)) +
     [bin_point(tight, y_tight, np.floor(tight).astype(int), 0.0)]),
    ("noise as a share of the mean square", relu, y_relu,
     ["--estimator", "kde", "--noise-var", "0.03", "--noise-relative"],
     list(kde_points(relu, y_relu, 0.03 * square))),
    ("noise so small that all samples differ", spread, None,
     ["--estimator", "kde", "--noise-var", "1e-12"],
     list(kde_points(spread, None, 1e-12))),
]

for name, t, y, options, wanted in CASES:
    np.save("t.npy", t)
    options = ["--t", "t.npy"] + options
    if y is not None:
        np.save("y.npy", y)
        options += ["--y", "y.npy"]
    for units, unit in (("bits", 1.0), ("nats", np.log(2.0))):
        asked = options + (["--units", "nats"] if units == "nats" else [])
        tap("json in %s: %s" % (units, name),
            check_json(t, wanted, unit, units, run(*asked, "--json")))
        tap("table in %s: %s" % (units, name),
            check_table(t, wanted, unit, units, run(*asked)))

# -- Lists of values ----------------------------------------------------------------

def check_list(options, flag, values):
    """A list prints what each value prints alone, but for the name."""
    wrong = []
    asked = ["--t", "t.npy", "--y", "y.npy", *options]
    for more in (["--json"], []):
        got = run(*asked, *more, flag, " , ".join(values))[0 if more else 2:]
        alone = [run(*asked, *more, flag, v)[0 if more else 2:] for v in values]
        points = len(alone[0])
        if len(got) != points * len(values):
            return wrong + got
        for k, line in enumerate(got):
            v, want = values[k // points], alone[k // points][k % points]
            name = json.loads(want)["estimator"] if more else want.split()[0]
            if more:
                want = want.replace('"%s"' % name, '"%s@%s"' % (name, v), 1)
            elif line.split() != ["%s@%s" % (name, v)] + want.split()[1:]:
                wrong.append("%s, want %s" % (line, want))
            if more and line != want:
                wrong.append("%s, want %s" % (line, want))
        if not more and len({line.rfind(" ", 0, 32) for line in got}) != 1:
            wrong.append("columns of " + "\n# ".join(got))
    return wrong


np.save("t.npy", spread)
np.save("y.npy", y_spread)
np.save("x.npy", np.random.RandomState(3).randn(len(spread), 2).astype("f4"))
for options, flag, values in (
        (["--estimator", "kde"], "--noise-var", ["1e-3", "0.010", "5"]),
        (["--estimator", "kde", "--noise-relative"], "--noise-var", [".1", "2e-2"]),
        (["--estimator", "bin", "--range=-0.5,0.75"], "--bin-edges", ["9", "100"]),
        (["--estimator", "bin"], "--bin-width", ["0.07", "0.5"]),
        (["--estimator", "bin"], "--bin-count", ["3", "30"]),
        (["--estimator", "bin"], "--bin-quantiles", ["3", "30"]),
        (["--x", "x.npy", "--estimator", "ksg", "--error", "jackknife"], "--k",
         ["3", "10"]),
        (["--x", "x.npy", "--estimator", "renyi"], "--renyi-rows", ["20", "50"])):
    tap("%s %s as each alone" % (flag, ",".join(values)),
        check_list(options, flag, values))


def check_two_families():
    """A flag that two families have is a list for both."""
    names = [json.loads(l)["estimator"] for l in
             run("--t", "t.npy", "--y", "y.npy", "--x", "x.npy", "--estimator",
                 "mixed,kde,kl", "--k", "3,10", "--json")]
    want = ["mixed@3", "mixed@10", "kde-upper", "kde-lower", "kl@3", "kl@10"]
    return [] if names == want else names


def check_quantised():
    """Codes of a quantised layer: the help names the form that keeps them apart."""
    codes = (np.arange(256) * 0.1).astype("f4")
    np.save("q.npy", codes.reshape(-1, 1))
    by_width = len(np.unique(np.floor(codes / np.float32(0.1))))
    said = subprocess.run([program, "estimate", "--help"], capture_output=True,
                          text=True).stdout.splitlines()
    wrong = [] if by_width == 219 else ["numpy has %d bins" % by_width]
    for flag, words in (("--bin-width", "quantised layers lose values so and need form "
                         "exact"), ("--bin-exact", "for quantised layers")):
        if not [l for l in said if l.startswith("  %s " % flag) and words in l]:
            wrong.append("%s does not say: %s" % (flag, words))
    for options, cells in ((["--bin-width", "0.1"], 219), (["--bin-exact"], 256)):
        got = json.loads(run("--t", "q.npy", "--estimator", "bin", *options,
                             "--json")[0])
        if got["cells"] != cells:
            wrong.append("%s: %s" % (options, got))
    return wrong


tap("a shared flag is a list for each family", check_two_families())
tap("quantised layers keep their values as the help says", check_quantised())

# -- Inputs and standard errors -----------------------------------------------------

rng = np.random.RandomState(5)
x = rng.randn(73, 2).astype("f4")
t = (x + 0.5 * rng.randn(73, 2)).astype("f4")
y = (x[:, 0] > 0).astype("i4")
ERRORS = ["--t", "t.npy", "--y", "y.npy", "--x", "x.npy", "--units", "nats",
          "--estimator", "kde,mixed,ms,ross"]


def save_rows(keep):
    for name, rows in (("t", t), ("x", x), ("y", y)):
        np.save(name + ".npy", rows[keep])


def recomputed_errors():
    """By the program's own values without each tenth of the rows."""
    rows, left = np.arange(len(t)), []
    for g in range(10):
        save_rows(rows % 10 != g)
        left.append([json.loads(l) for l in run(*ERRORS, "--json")])
    made = {}
    for points in zip(*left):
        values = [np.array([np.nan if p[k] is None else p[k] for p in points])
                  for k in ("i_xt", "i_ty")]
        made[points[0]["estimator"]] = [
            np.sqrt(9 / 10 * np.sum((v - v.mean()) ** 2)) for v in values]
    save_rows(rows >= 0)
    return made


def check_errors():
    want, wrong = recomputed_errors(), []
    lines = run(*ERRORS, "--error", "jackknife", "--json")
    points = [json.loads(l) for l in lines]
    names = [p["estimator"] for p in points]
    if names != ["kde-upper", "kde-lower", "mixed", "ms", "ross"]:
        wrong.append("points %s" % names)
    for p in points:
        keys = ["estimator"] + ["bound"] * ("bound" in p) + [
            "n", "d", "i_xt", "i_ty", "h_t", "se_x", "se_y", "units"]
        if list(p)[:len(keys)] != keys or ("bound" in p) != ("kde" in p["estimator"]):
            wrong.append("keys %s" % list(p))
        for key, se in zip(("se_x", "se_y"), want[p["estimator"]]):
            if np.isnan(se) != (p[key] is None) or (
                    p[key] is not None and abs(p[key] - se) > 1e-8):
                wrong.append("%s %s: %s, want %s" % (p["estimator"], key, p[key], se))
    if [p["i_xt"] is None for p in points] != [False] * 4 + [True]:
        wrong.append("I(X;T) of %s" % points)
    table = run(*ERRORS, "--error", "jackknife")
    for row, p in zip(table[2:], points):
        cells = ["%s +- %.6f" % (p[v] and "%.6f" % p[v], p[e])
                 for v, e in (("i_xt", "se_x"), ("i_ty", "se_y")) if p[e] is not None]
        if not row.startswith(p["estimator"] + " ") or not all(c in row for c in cells):
            wrong.append("%s, want %s" % (row, cells))
    return wrong


def check_refused():
    """Five rows have no six neighbours: null, with the reason."""
    save_rows(np.arange(5))
    asked = ["--t", "t.npy", "--x", "x.npy", "--estimator", "mixed", "--k", "6"]
    p = json.loads(run(*asked, "--json")[0])
    why = "a row has fewer than k others"
    wrong = [] if (p["i_xt"] is None and p.get("refused") == why and
                   p["flags"] == ["refused"]) else [str(p)]
    row = run(*asked)[2]
    return wrong + ([] if row.split() == ["mixed", "-", "-", "-", "refused:"] +
                    why.split() else [row])


tap("standard errors are those of ten calls with fewer rows", check_errors())
tap("a refused point says why", check_refused())

# -- A folder -----------------------------------------------------------------------
os.mkdir("planes")
layers = {
    (e, l): golden.layer("spread", 200, 4 - l, 3, 10 * e + l)[0] * np.float32(e + 1)
    for e in (0, 3, 20) for l in (1, 2)}
y = golden.layer("spread", 200, 1, 3, 5)[1]
for (e, l), t in layers.items():
    np.save("planes/epoch_%d_layer_%d.npy" % (e, l), t)
np.save("y.npy", y)
said = run("--t", "planes", "--y", "y.npy", "--estimator", "bin,kde", "--out", "made")


def folder_rows():
    for (e, l), t in layers.items():
        codes = edge_codes(t, 30, -1, 1)
        points = [bin_point(t, y, codes, outside(t, -1, 1)),
                  *kde_points(t, y, 0.05)]
        next_one = layers.get((e, l + 1))
        i_next = None
        if next_one is not None:
            other = edge_codes(next_one, 30, -1, 1)
            i_next = (golden.entropy(codes) + golden.entropy(other) -
                      golden.entropy(np.hstack([codes, other])))
        for p in points:
            yield e, l, p["estimator"], p, i_next


def field_is(text, want, kde):
    if want is None:
        return text == ""
    return (text != "" and "%.9g" % float(text) == text and
            abs(float(text) - want) <= (2e-5 if kde else 6e-9) * max(1, abs(want)))


def check_folder():
    plane = list(csv.reader(open("made/plane.csv")))[1:]
    details = list(csv.reader(open("made/plane_details.csv")))[1:]
    wanted = list(folder_rows())
    wrong = [] if len(plane) == len(details) == len(wanted) else said
    for got, more, (e, l, name, p, i_next) in zip(plane, details, wanted):
        kde = p.get("bound") is not None
        place = ["0", str(e), str(l), name]
        fields = [(got[4], p["i_xt"]), (got[5], p["i_ty"]), (more[4], p["h_t"]),
                  (more[5], None if kde else i_next), (more[6], p.get("cells")),
                  (more[7], p.get("outside_share")), (more[8], p.get("noise_var"))]
        if (got[:4] != place or more[:4] != place or more[9] != "|".join(p["flags"]) or
                more[10:] != ["", "", ""] or
                not all(field_is(text, want, kde) for text, want in fields)):
            wrong.append("%s and %s, want %s, next %s" % (got, more, p, i_next))
    return wrong


def check_same_digits():
    """A layer's JSON has the texts of the folder's tables."""
    wrong = []
    plane = [r for r in csv.reader(open("made/plane.csv")) if r[1:3] == ["3", "2"]]
    more = [r for r in csv.reader(open("made/plane_details.csv"))
            if r[1:3] == ["3", "2"]]
    lines = run("--t", "planes/epoch_3_layer_2.npy", "--y", "y.npy", "--estimator",
                "bin,kde", "--json")
    for line, row, rest in zip(lines, plane, more):
        got = json.loads(line, parse_float=str, parse_int=str)
        want = dict(estimator=row[3], i_xt=row[4], i_ty=row[5], h_t=rest[4])
        if rest[8]:
            want["noise_var"] = rest[8]
        wrong += ["%s: %s, want %s" % (k, got[k], want[k]) for k in want
                  if got[k] != want[k]]
    return wrong if len(lines) == len(plane) == 3 else lines


def check_about():
    about = json.load(open("made/run.json"))
    h_y = golden.entropy(y.reshape(-1, 1))
    want = dict(status="done", layers=["3", "2"], seeds=[0], tick="epoch",
                data=dict(name="planes", measured_rows=200), memory=None, config={})
    wrong = ["%s: %s" % (k, about.get(k)) for k in want if about.get(k) != want[k]]
    counts = about["counts"]
    for key, value in dict(last_tick=20, ticks_trained=0, ticks_measured=3,
                           points=18).items():
        if counts[key] != value:
            wrong.append("%s: %s" % (key, counts[key]))
    for key, value in dict(i_xt_bits=np.log2(200), i_ty_bits=h_y).items():
        if abs(about["ceilings"][key] - value) > 1e-12:
            wrong.append("%s: %s" % (key, about["ceilings"][key]))
    return wrong


def check_folder_list():
    """A folder with a list has the rows of a folder for each value."""
    wrong, values = [], ("7", "40")
    asked = ["--t", "planes", "--y", "y.npy", "--estimator", "bin", "--bin-count"]
    run(*asked, ",".join(values), "--out", "both")
    for v in values:
        run(*asked, v, "--out", "only" + v)
        for name in ("plane.csv", "plane_details.csv", "compression.csv"):
            got = open("both/" + name).read().splitlines()
            want = open("only%s/%s" % (v, name)).read().splitlines()
            got = got[:1] + [l.replace("@" + v, "") for l in got if "@%s," % v in l]
            if got != want or len(want) < 3:
                wrong.append("%s of %s" % (name, v))
    about = json.load(open("both/run.json"))["estimators"]
    if [e["points"] for e in about] != [["bin@7"], ["bin@40"]]:
        wrong.append("run.json: %s" % about)
    return wrong


tap("a folder's tables have each number", check_folder())
tap("a folder with a list has the rows of each value", check_folder_list())
tap("JSON has the digits of the tables", check_same_digits())
tap("a folder's run.json tells what was there", check_about())
print("1..%d" % count)
END
