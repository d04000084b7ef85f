#!/bin/sh
# test_kept.sh BUILD - networks that stay: run.keep, measure, export, [pool], as seen
# from outside. Output is TAP.
set -u
program=$(realpath "$1/infoplane")
. tests/tap.sh
cd "$work" || exit 1

cat >small.ini <<END
[net]
layers = 12, 4-tanh, 3-relu, 2
[train]
epochs = 9
batch = 64
[measure]
policy = every
every = 3
[data]
limit = 256
[run]
keep = measured
END

holds 'a run that keeps' "$program" run small.ini --out kept --quiet
"$program" run small.ini --out none --set run.keep=none --quiet 2>/dev/null
holds 'a run that keeps nothing' test ! -e none/networks.bin
holds 'a run with other bins' "$program" run small.ini --out fresh --quiet \
    --set bin.edges=9 --set run.keep=none
holds 'measured again' "$program" measure kept --set bin.edges=9 --out again
holds 'gives the same points' cmp fresh/plane.csv again/plane.csv
holds 'the same rows of the training' cmp fresh/training.csv again/training.csv
holds 'the same compression' cmp fresh/compression.csv again/compression.csv
holds 'the same summary' cmp fresh/summary.csv again/summary.csv
holds 'and a picture' test -s again/plane.svg
holds 'and says whose networks they are' grep -q "\"run\": \"$work/kept\"" \
    again/run.json

# A delta policy measures what was kept, and says so.
"$program" run small.ini --out delta --set measure.policy=delta-exact --quiet
"$program" measure delta --out delta2 >out 2>err
holds 'a delta policy gives way' grep -q 'were kept (measure.policy = kept)' err
holds 'to the same points' cmp delta/plane.csv delta2/plane.csv

holds 'exported' "$program" export kept --tick all --out npy
holds 'has weights, biases, activations, rows' sh -c 'test "$(ls npy | wc -l)" -eq 38'
holds 'is read back' "$program" estimate --t npy --y npy/labels.npy \
    --estimator bin --bin-edges 30 --range=-1,1 --out back --quiet
holds 'to the points of the run' sh -c "
    grep ',bin,' kept/plane.csv | sed 's/^1,/0,/' >want; grep ',bin,' back/plane.csv |
    cmp - want"
holds 'one tick, one layer' "$program" export kept --tick 3 --layer 2 --out one --quiet
holds 'is five files' sh -c 'test "$(ls one | tr "\n" " ")" = "epoch_3_biases_2.npy \
epoch_3_layer_2.npy epoch_3_weights_2.npy inputs.npy labels.npy "'

holds 'a run that pools' sh -c "'$program' run small.ini --out pool >said \
    --set pool.windows=0:2,last:4 --set measure.estimators=bin --set run.keep=none"
holds 'has rows for two windows, four controls, three layers and their K' sh -c "
    test \$(tail -n +2 pool/pool.csv | wc -l) -eq \$(( (3 + 3) * 4 * 3 ))"
holds 'tells what it did' grep -q '24 pooled layers' said
holds 'and draws it' test -s pool/pool.svg -a -s pool/pooled-plane.svg
rm pool/pooled-plane.svg
holds 'a resumed run draws what is missing' sh -c "
    '$program' resume pool --quiet && test -s pool/pooled-plane.svg"
holds 'and keeps the networks of its windows' test -s pool/networks.bin
holds 'which are pooled again' "$program" measure pool --out pool2 --quiet
holds 'to the same values' cmp pool/pool.csv pool2/pool.csv

holds 'a run that pools with lnn' "$program" measure pool --out lnn --quiet \
    --set measure.estimators=lnn --set pool.k=1 --set pool.controls=no
holds 'has no ceiling' sh -c "
    test \$(cut -d, -f12 lnn/pool.csv | sort -u | wc -l) -eq 2"

fails 2 'which run directory?' measure
fails 2 '--out DIR2 is missing' measure kept
fails 1 'none: the run kept no networks: run it with --set run.keep=measured' \
    measure none --out x
fails 1 'again: the networks that it measured are those of' measure again --out x
fails 1 'nowhere' measure nowhere --out x
fails 1 '[train] seed = 2: the networks of' measure kept --set train.seed=2 --out x
fails 1 'of tick 2 were not kept; of 4 kept ticks the nearest are 0 and 3' \
    measure kept --set measure.every=2 --out x
fails 1 'of tick 1 were not kept' measure kept --set pool.windows=0:2 --out x
fails 1 'exists already' measure kept --out again
fails 2 "--set 'measure.every=x'" measure kept --set measure.every=x --out x
fails 2 'which run directory?' export
fails 2 '--out FOLDER is missing' export kept
fails 2 '--tick some: expected a tick or all' export kept --tick some --out x
fails 1 'nearest are 3 and 6' export kept --tick 4 --out x
fails 1 'npy: not empty (38 files)' export kept --out npy
fails 1 'seed 4: the networks have the seeds 1 to 1' export kept --seed 4 --out x
fails 1 'layer 7: expected 1 to 3' export kept --layer 7 --out x
fails 1 '[measure] policy = kept, but' run small.ini --set measure.policy=kept --out x
fails 1 "'5:10' is beyond the run, which has epochs 0 to 9" \
    run small.ini --set pool.windows=5:10 --out x
fails 1 'k = 4: one of the windows has only 3 networks' \
    run small.ini --set pool.windows=0:2 --set pool.k=4 --out x
printf 'not networks' >kept/networks.bin
fails 1 'kept/networks.bin: ends at byte 12' measure kept --out x
holds 'nothing is left of what failed' test ! -e x

for command in measure export; do
    holds "$command --help" sh -c "'$program' $command --help >help"
    holds "$command --help has an example" grep -q "  infoplane $command runs" help
done

plan
