#!/bin/sh
# test_studies.sh BUILD - `infoplane sweep`: the runs of a study are those that `run`
# makes, and its tables have the same bytes however it was interrupted or shared out.
# TAP.
set -u
program=$(realpath "$1/infoplane")
. tests/tap.sh
cd "$work" || exit 1

base='[data]
set = ib
limit = 256
[net]
layers = 12, 6-tanh, 4-tanh, 2
[train]
epochs = 30
batch = 64
[measure]
policy = every
every = 10
'
study() { printf '%s[sweep]\n%s\n' "$base" "$1"; }
sweep() { "$program" sweep --device cpu "$@"; }
study 'net.activation = tanh, relu
bin.edges = 10, 30
train.seed = 1:5
together = 3' >study.ini

# -- What it makes ------------------------------------------------------------------
holds 'a study runs to its end' sweep study.ini --out all --quiet
holds 'with a folder a run' sh -c \
    'ls -d all/*=* | wc -l | grep -qx 8 &&
     [ -d "all/activation=relu,edges=30,seed=4-5" ]'
printf '%s' "$base" >one.ini
"$program" run one.ini --out one --quiet --device cpu --set net.activation=relu \
    --set bin.edges=30 --set train.seed=4 --set train.replicas=2
holds 'which are those of the run by itself, bit for bit' sh -c \
    'for f in plane plane_details training summary; do
         cmp "all/activation=relu,edges=30,seed=4-5/$f.csv" one/$f.csv || exit 1; done'
holds 'networks are trained once for all bins' sh -c \
    'grep -q "^networks = .*/all/activation=tanh,edges=10,seed=1-3$" \
         "all/activation=tanh,edges=30,seed=1-3/config.ini" &&
     ls all/*/networks.bin | wc -l | grep -qx 4'
printf '%s[sweep]\ntrain.seed = 1:3\ntogether = 1\n' "$base" |
    sed 's/^epochs = .*/epochs = 40000/; s/^every = .*/every = 2000/' >three.ini
# threads RUN: that it worked with.
threads() { sed -n 's/^ *"threads": \([0-9]*\).*/\1/p' "three/seed=$1/run.json"; }
# Once in three, as another job may hold one of the first two up.
last_has_two() {
    for _ in 1 2 3; do
        rm -rf three
        sweep three.ini --out three --threads 2 --quiet || return 1
        echo "$(threads 1) $(threads 2) $(threads 3)"
        [ "$(threads 1) $(threads 2) $(threads 3)" = '1 1 2' ] && return 0
    done
    return 1
}
holds 'the last run waits for the core that is left over' last_has_two
/usr/bin/python3 - <<'END' >told 2>&1
import csv, math, statistics
rows = list(csv.DictReader(open("all/study.csv")))
assert len({r["run"] for r in rows}) == 8
assert len(rows) == 2 * 2 * 5 * 4 * 3 * 3, len(rows)
for r in rows:
    assert r["run"].startswith("activation=%s,edges=%s,seed=" % (
        r["net.activation"], r["bin.edges"])) and r["rows"] == "all"
name = "activation=tanh,edges=30,seed=1-3"
own = list(csv.DictReader(open("all/%s/plane.csv" % name)))
some = [{k: r[k] for k in own[0]} for r in rows if r["run"] == name]
assert own == some
told = {(r["net.activation"], r["bin.edges"], r["epoch"], r["layer"], r["estimator"]): r
        for r in csv.DictReader(open("all/study_summary.csv"))
        if r["quantity"] == "i_xt_bits"}
for key, row in told.items():
    values = [float(r["i_xt_bits"]) for r in rows if key == (
        r["net.activation"], r["bin.edges"], r["epoch"], r["layer"], r["estimator"])]
    assert len(values) == 5 == int(row["n"])
    assert math.isclose(float(row["mean"]), statistics.mean(values), rel_tol=1e-8)
    assert abs(float(row["deviation"]) - statistics.stdev(values)) < 1e-8
assert len(told) == 2 * 2 * 4 * 3 * 3
print("agree")
END
holds 'the tables have all points, and their means over all seeds' grep -qx agree told
/usr/bin/python3 - <<'END' >told 2>&1
import json
study = json.load(open("all/study.json"))
keys = [k["key"] for k in study["keys"]]
assert keys == ["net.activation", "bin.edges", "train.seed"]
assert study["keys"][1]["values"] == ["10", "30"] and study["keys"][1]["only_measures"]
assert {r["state"] for r in study["runs"]} == {"done"} and study["tick"] == "epoch"
print("agree")
END
holds 'study.json tells of keys and runs' grep -qx agree told

# -- Interrupted, shared out, gone on with ------------------------------------------
same() {
    for t in study.csv study_summary.csv study.json; do
        cmp "${2-all}/$t" "$1/$t" || return 1
    done
}
sweep study.ini --out again --quiet
holds 'the same study has the same tables' same again
cp -p again/study.csv before
sweep study.ini --out again >out 2>&1
holds 'what is done is not done again' sh -c 'grep -q "8 of 8 runs done" out'
rm -r again/activation=tanh,edges=10,seed=4-5 again/activation=relu,edges=30,seed=1-3
sweep study.ini --out again --quiet
holds 'runs that are missing are done' same again
study 'net.activation = tanh, relu
bin.edges = 10, 30
train.seed = 1:3
together = 3' >smaller.ini
sweep smaller.ini --out grown --quiet
sweep study.ini --out grown --quiet
holds 'a study that has grown does what is new' same grown
for k in 3 1 2; do sweep study.ini --out parts --part $k/3 --quiet; done >out 2>&1
holds 'parts one after the other make the whole' same parts
for k in 1 2 3; do sweep study.ini --out beside --part $k/3 --quiet & done
wait
holds 'and so do parts at one time' same beside
for k in 1 2; do sweep study.ini --out twice --quiet & done
wait
sweep study.ini --out twice --quiet
holds 'two that do the same study share it' same twice
long='train.epochs=3000'
(sweep study.ini --set $long --out want --quiet)
setsid "$program" sweep study.ini --set $long --device cpu --out killed --quiet &
for k in 1 2 3 4 5 6; do
    sleep 0.$((k * 7 % 10))
    kill -9 -- -$! 2>/dev/null && wait $! 2>/dev/null
    setsid "$program" sweep study.ini --set $long --device cpu --out killed --quiet &
done
wait
holds 'a study that was killed goes on to the same tables' same killed want
"$program" sweep study.ini --set $long --device cpu --out stopped --quiet 2>err &
sleep 0.5
kill -TERM $! 2>/dev/null
wait $!
status=$?
sweep study.ini --set $long --out stopped --quiet
holds 'one that was stopped too' same stopped want
if [ $status -eq 0 ]; then skip 'it says that it goes on' 'it had ended before'
else holds 'it says that it goes on' grep -q 'the same command goes on' err; fi

# -- What fails ---------------------------------------------------------------------
study 'train.learning_rate = 1e-3, 1e6
bin.edges = 10, 30' |
    sed 's/^epochs = 30/epochs = 30\noptimizer = sgd/; s/tanh/linear/g' >bad.ini
sweep bad.ini --out bad --quiet >out 2>err
status=$?
holds 'a run that fails leaves the others, and the status tells' sh -c \
    '[ '$status' -eq 1 ] &&
     grep -q "^infoplane: learning_rate=1e+06,edges=10 failed: " err &&
     grep -q "which failed" err && grep -q "2 runs failed" err &&
     grep -q "\"state\": \"failed\"" bad/study.json &&
     grep -q "learning_rate=0.001,edges=30" bad/study.csv'
sweep study.ini --set train.epochs=31 --out all >out 2>err
status=$?
holds 'the folder of another study is refused, with both values' sh -c \
    '[ '$status' -eq 1 ] && grep -q "epochs = .30., and the study has .31." err'
holds 'and stays as it was' same again
fails 2 "--part '4/3': expected I/N, I from 1 to N" \
    sweep study.ini --out no --part 4/3
fails 2 "--device 'cpu,,cpu': expected names" sweep study.ini --out no --device cpu,,cpu
fails 1 "expected one CPU" sweep study.ini --out no --device cpu,cpu
fails 1 'study.ini' run study.ini --out no --device cpu
holds 'what is refused leaves nothing' test ! -e no

# -- What is damaged, lost, or no use -----------------------------------------------
study 'bin.edges = 10, 30
data.train_fraction = 0.2, 0.8' >few.ini
sweep few.ini --out few --quiet
holds 'a batch of more than all rows is no other study' sweep few.ini --out few --quiet
cp few/study.csv want.csv
: >few/edges=30,train_fraction=0.8/plane.csv
sweep few.ini --out few --quiet >out 2>err
status=$?
holds 'a damaged run fails by itself, with what mends it' sh -c \
    '[ '$status' -eq 1 ] &&
     grep -q "^infoplane: edges=30,train_fraction=0.8 failed: " err &&
     grep -q "remove its folder" err && grep -q "^.edges=10,train" few/study.csv &&
     ! grep -q "^.edges=30,train_fraction=0.8" few/study.csv'
rm -r few/edges=30,train_fraction=0.8 few/edges=10,train_fraction=0.8/networks.bin
sweep few.ini --out few --quiet
holds 'a run whose networks are lost trains its own' cmp few/study.csv want.csv
fails 1 'is the directory of one run' sweep few.ini --out one --device cpu
study 'bin.width = 0.1, 0.2' >unused.ini
fails 1 "unused.ini:13: [sweep] bin.width = '0.1, 0.2': no run looks at this key" \
    sweep unused.ini --out no --device cpu
study 'ksg.k = 3, 5' >unused.ini
fails 1 'no run looks at this key' sweep unused.ini --out no --device cpu
fails 2 '--no-shared without other ranks' sweep few.ini --out no --no-shared
study 'measure.rows = train | all
bin.edges = 10, 30' >sets.ini
holds 'panels without runs are drawn' sh -c '"$0" sweep sets.ini --out sets --quiet \
    --device cpu && grep -q "no runs" sets/study.svg' "$program"

# -- Before it begins ---------------------------------------------------------------
sweep study.ini --plan --out none >out 2>err
holds 'a plan tells of networks, time and memory' sh -c \
    'grep -q "20 products in 8 runs: 4 train 10 networks, 4 measure" out &&
     grep -q "^time: about .* side by side" out &&
     grep -q "^memory: at most .*iB a run" out'
holds 'and makes nothing' test ! -e none

study 'net.activation = tanh, relu
bin.edges = 10, 30
train.seed = 1:7
together = 3' >more.ini
sweep more.ini --plan --out all >out 2>err
holds 'it tells what is done, and what is trained again' sh -c \
    'grep -q "28 products in 12 runs: 6 train 14 networks, 6 measure" out &&
     grep -q "^done in all: 4 runs; of the others 4 train 8 networks, 4 measure" out &&
     grep -q "^time: about .* more on cpu" out'
sweep study.ini --plan --out all >out 2>err
holds 'and what is left when all is done' sh -c \
    'grep -q "^done in all: 8 runs; of the others 0 train 0 networks, 0 measure" out'

# unfit WORDS LINES: what no run of these could do with its data is said before any
# begins, also by --plan.
unfit() {
    study "$2" >unfit.ini
    fails 1 "unfit.ini: run $1" sweep unfit.ini --out none --device cpu
    fails 1 "unfit.ini: run $1" sweep unfit.ini --plan --device cpu --quiet
}
unfit "subset=257: [measure] subset: 257 of the 256 rows of set 'all': expected 2 to" \
    'measure.subset = 20, 257'
unfit "subset=52,rows=test: [measure] subset: 52 of the 51 rows of set 'test'" \
    'measure.subset = 51, 52
measure.rows = all | train | test'
holds 'and nothing is made' test ! -e none
plan
