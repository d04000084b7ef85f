#!/bin/sh
# test_compression.sh BUILD - compression.csv and the table at the end of a run, from
# the run's own plane.csv and training.csv.
#
# A small program reads both tables and finds all columns anew: differences in decimal
# arithmetic, and the signal-to-noise ratio as a text of signs. Output is TAP.
set -u
program=$(realpath "$1/infoplane")
python=/usr/bin/python3
. tests/tap.sh
cd "$work" || exit 1

cat >again.py <<'END_OF_PYTHON'
import csv, re, statistics, sys
from decimal import Decimal

HEADER = ("seed,layer,estimator,i_xt_max_bits,tick_of_max,i_xt_last_bits,"
          "compression_bits,compression_mean_bits,compression_sd_bits,"
          "snr_below_one_tick,order").split(",")

def table(name):
    with open(name) as file:
        return list(csv.DictReader(file))

def falls(folder, seed, layer):
    """The tick of the first of two signs - behind the last two signs +."""
    try: rows = table(folder + "/training.csv")
    except FileNotFoundError: return ""
    signs, ticks = "", []
    for row in rows:
        mean, noise = (row[f"gradient_{part}_{layer}"] for part in
                       ("mean", "deviation"))
        if row["seed"] != seed or not mean or float(noise) == 0: continue
        signs += "-" if Decimal(mean) < Decimal(noise) else "+"
        ticks.append(row["epoch"])
    drift = [at.start() for at in re.finditer(r"(?=\+\+)", signs)]
    begin = drift[-1] + 2 if drift else 0
    at = signs.find("--", begin)
    return ticks[at] if at >= 0 else ""

def expected(folder):
    points = {}
    for row in table(folder + "/plane.csv"):
        key = row["seed"], row["layer"], row["estimator"]
        points.setdefault(key, [])
        if row["i_xt_bits"]:
            points[key].append((int(row["epoch"]), Decimal(row["i_xt_bits"])))
    rows, lost = [], {}
    for (seed, layer, estimator), seen in points.items():
        row = dict.fromkeys(HEADER, "")
        row.update(seed=seed, layer=layer, estimator=estimator,
                   snr_below_one_tick=falls(folder, seed, layer))
        if seen:
            most = max(bits for tick, bits in seen)
            tick = min(tick for tick, bits in seen if bits == most)
            last = max(seen)[1]
            row.update(i_xt_max_bits=most, tick_of_max=str(tick), i_xt_last_bits=last,
                       compression_bits=most - last)
            lost.setdefault((layer, estimator), []).append(most - last)
            if row["snr_below_one_tick"] and most > last:
                snr = int(row["snr_below_one_tick"])
                row["order"] = ("max-first" if tick < snr else
                                "snr-first" if tick > snr else "same")
        rows.append(row)
    for row in rows:
        all = lost.get((row["layer"], row["estimator"]), [])
        if all: row["compression_mean_bits"] = statistics.mean(all)
        if len(all) > 1: row["compression_sd_bits"] = statistics.stdev(all)
    return rows

def compare(folder):
    with open(folder + "/compression.csv") as file:
        assert file.readline().strip().split(",") == HEADER
    got, want = table(folder + "/compression.csv"), expected(folder)
    assert len(got) == len(want), (len(got), len(want))
    for g, w in zip(got, want):
        for name in HEADER:
            if name.endswith("_bits") and w[name] != "":
                error = abs(float(g[name]) - float(w[name]))
                assert error <= 1e-8 * abs(float(w[name])) + 1e-15, (name, g, w)
            else:
                assert g[name] == w[name], (name, g, w)
    return want

def printed(folder, text, seeds):
    """The table behind its head: each cell as the rows give it."""
    rows = expected(folder)
    lines = [l for l in open(text).read().split("\n") if re.match(r" +\d+ [a-z]", l)]
    first = [r for r in rows if r["seed"] == rows[0]["seed"]]
    groups = [(r["layer"], r["estimator"]) for r in first]
    assert len(lines) == len(groups), lines
    def middle(ticks):
        ticks = sorted(int(t) for t in ticks if t)
        if not ticks: return "-"
        few = f" ({len(ticks)} of {seeds})" if len(ticks) < seeds else ""
        return str(statistics.median_low(ticks)) + few
    for line, (layer, estimator) in zip(lines, groups):
        assert len(line) <= 80, line
        of = [r for r in rows if (r["layer"], r["estimator"]) == (layer, estimator)]
        assert len(of) == seeds
        known = [r for r in of if r["i_xt_max_bits"] != ""]
        cells = ["-", "-", "-", "-"]
        if known:
            mean = lambda name: float(statistics.mean(r[name] for r in known))
            cells = ["%.3f" % mean("i_xt_max_bits"), "%.3f" % mean("i_xt_last_bits"),
                     "%.3f +- %.3f" % (mean("compression_bits"),
                                       of[0]["compression_sd_bits"]),
                     middle(r["tick_of_max"] for r in known)]
        cells = [layer, estimator] + cells
        cells.append(middle(r["snr_below_one_tick"] for r in of))
        assert line.split() == " ".join(cells).split(), (line, cells)

what, folder = sys.argv[1:3]
if what == "compare":
    rows = compare(folder)
    for name, values in (pair.split("=") for pair in sys.argv[3:]):
        assert {str(r[name]) for r in rows} >= set(values.split(",")), (name, values)
else: printed(folder, sys.argv[3], int(sys.argv[4]))
END_OF_PYTHON

# works NAME ARGUMENT...: status 0; output stays in `out`.
works() {
    name=$1
    shift
    if "$program" "$@" >out 2>err </dev/null; then ok "$name"
    else not_ok "$name" out err; fi
}

cat >small.ini <<END
[net]
layers = 12, 6-tanh, 4-tanh, 3-tanh, 2
[train]
epochs = 80
batch = 32
learning_rate = 0.02
replicas = 3
seed = 4
[measure]
estimators = bin, kde, ross
policy = every
every = 2
subset = 128
[data]
limit = 256
split = shuffled
END

# -- Runs -------------------------------------------------------------------------
works 'a run of three seeds' run small.ini --out three
cp out three.txt
holds 'its table follows from its own files, with each order' $python again.py compare \
    three order=max-first,snr-first i_xt_max_bits= \
    estimator=bin,kde-upper,kde-lower,ross
holds 'and so does what is printed' $python again.py printed three three.txt 3
holds 'under a head that says the unit' grep -qx \
    'I(X;T) in bits, means over 3 seeds +- deviation; epochs are medians:' three.txt
works 'a run of two seeds in steps, each of one batch' run small.ini --out steps \
    --set train.replicas=2 --set measure.tick=step --set train.epochs=4
holds 'has no noise to fall below' $python again.py compare steps snr_below_one_tick=
holds 'and says so' $python again.py printed steps out 2
holds 'in steps' grep -qE '; steps are medians:$| at step ' out
works 'a run of one seed' run small.ini --out one --set train.replicas=1
holds 'has the file, without deviations' $python again.py compare one \
    compression_sd_bits=
holds 'and prints no table' sh -c '! grep -q "I(X;T)" out'
works 'a quiet run' run small.ini --out quiet --set train.epochs=2 --quiet
holds 'prints none either' test ! -s out -a -s quiet/compression.csv
works 'run --help' run --help
holds 'names the file' grep -q 'compression.csv' out

# -- Killed -----------------------------------------------------------------------
"$program" run small.ini --out killed --quiet --set run.checkpoint_s=0 &
pid=$!
tries=0
while [ "$(cat killed/plane.csv 2>/dev/null | wc -l)" -le 1 ] && [ $tries -lt 200 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
kill -STOP $pid
if grep -q '"status": "running"' killed/run.json; then
    holds 'a run on its way has no table' test ! -e killed/compression.csv
else
    skip 'a run on its way has no table' 'it came to its end'
fi
kill -9 $pid
wait $pid 2>killed.txt
works 'a killed run is resumed' resume killed
holds 'to the same bytes' cmp killed/compression.csv three/compression.csv
if grep -q 'finished already' out; then
    skip 'and the same table' 'it came to its end'
else
    holds 'and the same table' sh -c 'grep -E "^ +[0-9]|^layer|^I\(X" three.txt >want
        grep -E "^ +[0-9]|^layer|^I\(X" out | cmp - want'
fi

# -- A folder ---------------------------------------------------------------------
$python - <<END
import numpy as np, os
bits = ((np.arange(64)[:, None] >> np.arange(5, -1, -1)) & 1).astype('f4')
os.mkdir('planes')
for epoch, one, two in (0, 2, 6), (3, 5, 6), (20, 5, 4), (100, 1, 5):
    for layer, kept in (1, one), (2, two):
        np.save(f'planes/epoch_{epoch}_layer_{layer}.npy', bits * (np.arange(6) < kept))
END
works 'a folder' estimate --t planes --estimator bin --out folder
cat >want <<END
seed,layer,estimator,i_xt_max_bits,tick_of_max,i_xt_last_bits,compression_bits,\
compression_mean_bits,compression_sd_bits,snr_below_one_tick,order
0,1,bin,5,3,1,4,4,,,
0,2,bin,6,0,5,1,1,,,
END
holds 'has exact bits, and no word of gradients' cmp folder/compression.csv want

plan
