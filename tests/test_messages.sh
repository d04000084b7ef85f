#!/bin/sh
# test_messages.sh BUILD - what the program says of doubtful points and of what failed.
#
# Whatever a message advises is done here, and must help. Output is TAP.
set -u
program=$(realpath "$1/infoplane")
repository=$(pwd)
. tests/tap.sh
cd "$work" || exit 1
unset IPL_LOG

# works NAME ARGUMENT...: status 0; output stays in `out`, the rest in `err`.
works() {
    name=$1
    shift
    if "$program" "$@" >out 2>err </dev/null; then ok "$name"
    else not_ok "$name" out err; fi
}

# says LINE: that line stands on stderr.
says() { holds "says '$1'" grep -qxF -- "$1" err; }

cat >small.ini <<END
[net]
layers = 12, 10-tanh, 4-relu, 2
[train]
epochs = 4
batch = 64
replicas = 2
[measure]
policy = every
every = 1
[data]
limit = 128
split = shuffled
END

# -- Doubts -----------------------------------------------------------------------
# 2 seeds, 5 epochs, 3 layers: 30 points of each estimator. Bins that are finer than
# float32 give each sample a cell where rows differ; all of tanh lies below 2.
fine='--set bin.form=exact --set kde.noise_var=0.2'
works 'a run whose bins saturate' run small.ini --out fine $fine --set run.keep=measured
words='saturated in layers? 1.*: more samples or coarser bins; kde says more'
holds 'says in how many points and which layers, and what helps' grep -qxE \
    "bin: [0-9]+ of 30 points $words" err
cp err said
"$program" resume fine >out 2>err
holds 'resuming what is done says it again' sh -c 'grep "^bin: " said >a
    grep "^bin: " err >b; cmp a b'
works 'measuring it again' measure fine --out again $fine
holds 'says the same' sh -c 'grep "^bin: " err >b; cmp a b'
works 'the same quietly' measure fine --out quiet $fine --quiet
holds 'says nothing' test ! -s err -a ! -s out
works 'what it advises: coarser bins' measure fine --out wider --set bin.form=edges \
    --set bin.edges=2 --set kde.noise_var=0.2
holds 'helps' sh -c '! grep saturated err'
works 'edges beyond all values' run small.ini --out beyond --set bin.range=2,3 \
    --set measure.estimators=bin --set train.epochs=1
mends='a wider range, or bins of form count'
words='with up to 100 % of the values outside the edges in layers 1-3'
says "bin: 12 of 12 points $words: $mends"
works 'what it advises: bins of form count' run small.ini --out counted --set \
    bin.range=2,3 --set bin.form=count --set measure.estimators=bin --set train.epochs=1
holds 'helps too' sh -c '! grep outside err'
works 'kde without noise' run small.ini --out silent --set kde.noise_var=1e-9 \
    --set measure.estimators=kde --set train.epochs=1
holds 'is at its ceiling' grep -qE \
    '^kde-upper: [0-9]+ of 12 points saturated in .*: more samples or more noise$' err
"$program" dataset ib --out ib >/dev/null
works 'an estimate of one file' estimate --t ib/X.npy --y ib/y.npy --estimator bin,kde \
    --bin-edges 3 --range=0,0.5 --noise-var 1e-3
says 'bin: saturated: more samples or coarser bins'
says "bin: with up to 50 % of the values outside the edges: $mends"
says 'kde-upper: saturated: more samples or more noise'
works 'as JSON' estimate --t ib/X.npy --estimator bin --bin-width 0.5 --json
says 'bin: saturated: more samples or coarser bins; kde says more'
holds 'and the object has the flag' grep -q '"flags":\["saturated"\]' out
works 'quietly' estimate --t ib/X.npy --estimator bin --bin-width 0.5 --quiet
holds 'it says nothing' test ! -s err
works 'equal rows' estimate --t ib/y.npy --estimator kl
says 'kl: refused: a row equals its k nearest neighbours'
mkdir planes
for e in 0 1 9; do cp ib/X.npy planes/epoch_${e}_layer_1.npy; done
works 'a folder' estimate --t planes --estimator bin --bin-width 0.5 --out folder
words='saturated in layer 1: more samples or coarser bins; kde says more'
says "bin: 3 of 3 points $words"
holds 'it has a summary' grep -qx '9,1,bin,i_xt_bits,12,,1' folder/summary.csv
holds 'and no epochs that were skipped, or trained' sh -c \
    "grep -q '\"ticks_skipped\": 0' folder/run.json &&
     grep -q '\"ticks_trained\": 0' folder/run.json"

# -- What failed, and what mends it -----------------------------------------------
cat >diverges.ini <<END
[net]
layers = 12, 4-linear, 2
[train]
optimizer = sgd
learning_rate = 1e6
momentum = 0.9
epochs = 60
[measure]
policy = every
every = 1
END
fails 1 'a smaller train.learning_rate keeps values finite' run diverges.ini \
    --set train.optimizer=momentum --out diverged --quiet
holds 'what it measured is kept' test "$(wc -l <diverged/plane.csv)" -gt 3
fails 1 'a smaller train.learning_rate keeps values finite' resume diverged --quiet
works 'what it advises' run diverges.ini --set train.optimizer=momentum \
    --set train.learning_rate=1e-3 --out converged --quiet
holds 'a full disk says how to go on' sh -c "
    ulimit -f 80
    '$program' run small.ini --set train.epochs=500 --out full --quiet 2>err
    test \$? -eq 1 && test \$(wc -l <err) -eq 1 &&
    grep -q 'what was measured is kept, and infoplane resume full goes on' err"
holds 'doing that in vain does not say to do it' sh -c "
    ulimit -f 80
    '$program' resume full --quiet 2>err
    test \$? -eq 1 && test \$(wc -l <err) -eq 1 && ! grep -q 'infoplane resume' err &&
    grep -q 'and the same command goes on once that is mended' err"
works 'what it advises, with room' resume full --quiet
mkdir -p busy
cp -r fine/. busy/
sed -i 's/"status": "done"/"status": "stopped"/' busy/run.json
if command -v flock >/dev/null; then
    : >busy/lock
    words=$(flock busy/lock "$program" resume busy --quiet 2>&1)
    holds 'a run that is in progress is not to be resumed' sh -c \
        "echo '$words' | grep -q 'in use by another process' &&
         ! echo '$words' | grep -q 'goes on'"
else
    skip 'a run that is in progress' 'flock is not there'
fi
fails 1 'exists already: give another directory with --out, or resume it' \
    run small.ini --out fine
fails 1 'exists already: give another directory with --out, or remove it' \
    estimate --t planes --estimator bin --out folder
fails 1 "[net] layers: '12' is one entry" run small.ini --set net.layers=12 --out x
fails 1 'start with 13 inputs' devices small.ini --set net.layers=13,2
fails 1 'No such file' devices none.ini
for list in measure.list=0,1, measure.list=0,,1 pool.windows=0:2, pool.k=1, \
    measure.list=,0; do
    fails 1 'at an empty entry expected' run small.ini --set "$list" --out x
done
fails 1 "windows: '0:2' is there twice" run small.ini --set pool.windows=0:2,1,0:2 \
    --out x
fails 2 "estimators = 'bin,'" run small.ini --set measure.estimators=bin, --out x
fails 2 "range = '0,1,'" run small.ini --set bin.range=0,1, --out x

# -- Sets of rows -----------------------------------------------------------------
works 'a run of two sets of rows' run small.ini --out sets --set bin.form=exact \
    --set measure.rows=train,test --set measure.estimators=bin --set train.epochs=1
holds 'has two run directories with their pictures' test -s sets/plane.svg -a \
    -s sets/test/plane.svg -a -s sets/test/summary.csv
holds 'tells the doubts of each' sh -c 'grep -q "^bin, train: .* saturated" err &&
    grep -q "^bin, test: .* saturated" err'
holds 'and what was measured' grep -qx 'sets/test: 2 epochs measured' out
works 'one set alone' run small.ini --out alone --set bin.form=exact --quiet \
    --set measure.rows=test --set measure.estimators=bin --set train.epochs=1
holds 'has the same points' cmp alone/plane.csv sets/test/plane.csv
rm -r sets/test sets/plane.svg
works 'a run whose second set is missing is resumed' resume sets --quiet
holds 'with the same points again, and pictures' sh -c \
    'cmp alone/plane.csv sets/test/plane.csv && test -s sets/plane.svg'

# -- Bytes for the terminal -------------------------------------------------------
esc=$(printf '\033') bell=$(printf '\007')
printf '[tr%s[31main]\n' "$esc" >red.ini
fails 1 'no section [tr\x1b[31main]' run red.ini
holds 'no control byte is left' sh -c "! grep -q '[$esc$bell]' err"
# Good: two characters. Bad: no UTF-8, a C1 control, longer than need be, a surrogate.
printf '[\303\251\360\237\230\200]\n' >good.ini
fails 1 "[$(printf '\303\251\360\237\230\200')]" run good.ini
printf '[\377 \302\233 \300\257 \340\202\251 \355\240\200]\n' >bad.ini
fails 1 '[\xff \xc2\x9b \xc0\xaf \xe0\x82\xa9 \xed\xa0\x80]' run bad.ini
fails 1 'no\x1b\x07\x0athere.npy' estimate --t "no$esc$bell
there.npy"
fails 2 "no command 'r\\x1bun'" "r${esc}un"
fails 2 "unknown option '--\\x7f'" run "--$(printf '\177')"
cp -r fine "fi${esc}ne"
works 'a directory with an escape in its name' resume "fi${esc}ne"
holds 'is told without it' grep -qF 'fi\x1bne: finished already' out

# -- Paths ------------------------------------------------------------------------
mkdir -p home/sets/ib elsewhere
cp ib/X.npy ib/y.npy home/sets/ib
cat >home/own.ini <<END
[data]
set = npy
path = sets/ib
limit = 128
[net]
layers = 12, 4-tanh, 2
[train]
epochs = 300
[measure]
policy = every
every = 1
END
cd home || exit 1
works 'a path is relative to the file of the configuration' run own.ini --out here \
    --set train.epochs=2 --quiet
cd ../elsewhere || exit 1
works 'also from elsewhere' run ../home/own.ini --out there --set train.epochs=2 --quiet
holds 'with the same points' cmp ../home/here/plane.csv there/plane.csv
cd ..
fails 1 'sets/ib' run home/own.ini --set data.path=sets/ib --out x
works 'and that of --set to where the program runs' run home/own.ini --out set \
    --set data.path=home/sets/ib --set train.epochs=2 --quiet
holds 'with the same points again' cmp set/plane.csv home/here/plane.csv
holds 'the run directory has it whole' \
    grep -qx "path = $work/home/sets/ib" set/config.ini
holds 'a stopped run' sh -c "ulimit -f 60
    ! '$program' run home/own.ini --out stopped --quiet 2>err"
cd elsewhere || exit 1
works 'is resumed from elsewhere' resume ../stopped --quiet
works 'its configuration works as it is' devices ../stopped/config.ini
cd ..
for preset in mnist-tanh mnist-relu; do
    path=$(sed -n 's/^path = //p' "$repository/configs/$preset.ini")
    holds "$preset.ini names the folder of data/fetch_mnist.sh" test \
        "$(realpath -m "$repository/configs/$path")" = "$repository/data/mnist"
done

plan
