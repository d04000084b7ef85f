#!/bin/sh
# test_estimate_files.sh BUILD - `infoplane estimate` of what users have: several arrays
# in a file, more than two axes, folders of other programs, words mistyped. TAP.
set -u
program=$(realpath "$1/infoplane")
. tests/tap.sh
cd "$work" || exit 1

/usr/bin/python3 - <<'END' || exit 1
import numpy as np, os
r = np.random.RandomState(1)
t = np.round(4 * r.randn(200, 4, 3)).astype("f4")
np.save("t.npy", t)
np.save("flat.npy", t.reshape(200, 12))
np.save("y.npy", r.randint(0, 3, 200))
np.savez("all.npz", fc10=t[:, 0], fc2=t[:, :2].reshape(200, 6))
np.save("fc10.npy", t[:, 0])
os.makedirs("acts")
for e in range(2):
    for l, units in (("fc2", 2), ("fc10", 3)):
        np.save("acts/epoch_%03d_layer_%s.npy" % (e, l), t[:, e, :units])
    np.savez("acts-z-%d.npz" % e, layer_fc2=t[:, e, :2], fc10=t[:, e, :3])
np.save("acts/labels.npy", r.randint(0, 3, 200))
os.makedirs("zips")
for e in range(2): os.rename("acts-z-%d.npz" % e, "zips/epoch_%03d.npz" % e)
END

estimate() { "$program" estimate --device cpu "$@"; }

# -- Arrays -------------------------------------------------------------------------
estimate --t t.npy --y y.npy --json >a 2>err
estimate --t flat.npy --y y.npy --json >b 2>err.flat
holds 'more than two axes are flattened' cmp a b
holds 'and said in one line' grep -qx \
    'infoplane: t.npy is (200, 4, 3): the 12 values of a row are one activation' err
holds 'two axes say nothing of it' sh -c '! grep -q activation err.flat'

estimate --t all.npz:fc10 --y y.npy --json >a 2>err
estimate --t fc10.npy --y y.npy --json >b 2>err
holds 'a member of an npz file is the array itself' cmp a b
estimate --t all.npz --y y.npy >a 2>err
holds 'all members are estimated, each with its name' sh -c \
    'grep -q "^all.npz:fc10: 200 samples of 3" a &&
     grep -q "^all.npz:fc2: 200 samples of 6" a'
holds 'bin and kde are the default' sh -c \
    'grep -q "^bin " a && grep -q "^kde-upper " a && grep -q "^kde-lower " a'

estimate --t all.npz --y y.npy --json >a 2>err
holds 'an object says which array it is of' sh -c \
    'grep -c "\"t\":\"all.npz:fc10\"" a | grep -qx 3'
/usr/bin/python3 -c "
import numpy as np
np.save('hot.npy', np.eye(3, dtype='i4')[np.load('y.npy')])
np.save('real.npy', np.load('flat.npy')[:, 0] + .25)"
fails 1 "hot.npy: no_label '2' is for a column of labels, and this is one-hot" \
    estimate --device cpu --t flat.npy --y hot.npy --no-label 2 --quiet

# -- Folders ------------------------------------------------------------------------
holds 'a folder of names is measured' estimate --t acts --y y.npy --out run
estimate --t acts --y y.npy --out again >out 2>err
holds 'what is no activation is named' grep -qx \
    'infoplane: acts: 1 file is no activations of a layer and epoch: labels.npy' err
holds 'layers stand as people count' sh -c \
    'sed -n 2p run/plane.csv | grep -q "^0,0,1,bin,.*,fc2$" &&
     grep -q "^0,1,2,kde-upper,.*,fc10$" run/plane.csv'
holds 'the picture has their names' sh -c 'grep -q "fc10 (3)" run/plane.svg'
holds 'layers are chosen by their names' "$program" plot run --layers fc10 -o one.svg
fails 2 "--layers 'fc1': there are the layers fc2,fc10" plot run --layers fc1 -o no.svg
estimate --t acts --y y.npy --out doubt --estimator bin --bin-edges 900 >out 2>err
holds 'doubts have the names of layers' grep -q '^bin: .* in layers fc2, fc10' err
fails 1 'run exists already: give another directory with --out, or remove it' \
    estimate --device cpu --t acts --y y.npy --out run --quiet
rm -r run
holds 'following that advice works' estimate --t acts --y y.npy --out run --quiet

estimate --t acts --y real.npy --y-values --x flat.npy --estimator mixed --out values \
    --quiet >out 2>err
holds 'targets without H(Y) have a plane' "$program" plot values --what plane -o v.svg
holds 'runs on one panel have no ceiling that differs' sh -c \
    '"$0" plot run values -o both.svg --overlay >out 2>err &&
     ! grep -q "H(Y)" both.svg' "$program"
estimate --t zips --y y.npy --out zips.run >out 2>err
holds 'an npz file for each epoch is the same folder' sh -c \
    'cmp run/plane.csv zips.run/plane.csv &&
     cmp run/plane_details.csv zips.run/plane_details.csv'
estimate --t acts --y y.npy --layers fc10,fc2 --out turned >out 2>err
holds 'layers stand as they are chosen' sh -c \
    'grep -q "^0,0,1,bin,.*,fc10$" turned/plane.csv &&
     [ "$(grep -c . turned/plane.csv)" = "$(grep -c . run/plane.csv)" ]'
estimate --t acts --y y.npy --layers fc10 --out one --quiet
holds 'and those alone, with the numbers that they have in company' sh -c \
    'sed -n "s/,2,\(.*fc10\)$/,1,\1/p" run/plane.csv >want &&
     sed 1d one/plane.csv | cmp - want'
fails 1 'no layer fc3: epoch 0 has fc2, fc10' \
    estimate --device cpu --t acts --layers fc3 --out no --quiet
fails 2 '--layers goes with a folder, and --t t.npy is none' \
    estimate --t t.npy --layers fc2

cp acts/epoch_001_layer_fc2.npy acts/epoch_1_layer_fc2.npy
fails 1 'epoch_001_layer_fc2.npy and epoch_1_layer_fc2.npy are one layer of one epoch' \
    estimate --device cpu --t acts --y y.npy --out no --quiet
mv acts/epoch_1_layer_fc2.npy acts/epoch_1_layr_fc2.npy
fails 1 'acts/epoch_1_layr_fc2.npy: expected epoch_E_layer_L.npy' \
    estimate --device cpu --t acts --y y.npy --out no --quiet
rm acts/epoch_1_layr_fc2.npy
mkdir saxe && cp t.npy saxe/epoch00000010.npy && cp t.npy saxe/epoch00000000.npy
fails 1 'saxe: has epoch00000000.npy, but no file of activations: expected epoch_E_l' \
    estimate --device cpu --t saxe --y y.npy --out no
holds 'a refused folder leaves nothing' test ! -e no

# -- Long work ----------------------------------------------------------------------
if command -v script >/dev/null; then
    # As many rows as take two seconds: with the sanitizers that is few.
    long="$program estimate --device cpu --threads 1 --t long.npy --estimator bin,lnn"
    for rows in 500 1200 2500 5000 10000; do
        /usr/bin/python3 -c "import numpy as np
np.save('long.npy', np.random.RandomState(2).randn($rows, 64).astype('f4'))"
        begin=$(date +%s%N)
        $long --quiet >plain 2>err
        [ $((($(date +%s%N) - begin) / 1000000)) -lt 2000 ] || break
    done
    script -qec "$long" shown >/dev/null 2>&1 </dev/null
    holds 'on a terminal a long estimate says what is at work, and since when' \
        grep -qE "long.npy: $rows samples of 64 values, lnn, 2 of 2(, [0-9]+ %)?: 1 s" \
        shown
    holds 'and how much of its pass is done' \
        grep -qE 'lnn, 2 of 2, [1-9][0-9]? %: ' shown
    holds 'and has the values of a silent one' sh -c \
        "tr -d '\\r' <shown | grep -qxF \"\$(grep '^lnn' plain)\""
else
    skip 'a long estimate on a terminal' 'script is not there'
fi

# -- Data sets ----------------------------------------------------------------------
printf '[data]\nset = npy\npath = nowhere\n[net]\nlayers = 4, 2\n' >set.ini
fails 1 "nowhere' is no folder: expected one with X.npy and y.npy" \
    run set.ini --out gone
mkdir older
touch older/config.ini
fails 1 "nowhere' is no folder" run set.ini --out older
holds 'the directory of another run is not advised' sh -c '! grep -q resume err'
estimate --t t.npy --estimator mixed --k 2,3 >out 2>err
holds 'a family of two settings is named once' grep -qx \
    'infoplane: I(X;T) of mixed needs the inputs: --x X.npy' err

# -- Words --------------------------------------------------------------------------
fails 2 "unknown option '--estimatr'; is --estimator meant?" \
    estimate --t t.npy --estimatr bin
fails 2 "unknown option '--device-name'; see" estimate --t t.npy --device-name cpu
fails 2 "unknown option '--train.epochs=5'; is --set train.epochs=.. meant?" \
    run x.ini --train.epochs=5
fails 2 "is --set train.replicas=.. meant?" run x.ini --replicas 3
fails 2 "is --set kde.noise_var=.. meant?" run x.ini --noise-var 0.1
fails 2 "unknown option '--bins'; is one of --bin-" estimate --t t.npy --bins 3
fails 2 "unknown option '--noise'; is one of --noise-" estimate --t t.npy --noise 3
fails 2 "'--seed'; is one of --set data.seed=.., --set train.seed=.. meant?" \
    run x.ini --seed 3
fails 2 "unknown option '--epochs'; is --set train.epochs=.. meant?" \
    run x.ini --epochs 3
fails 2 "unknown option '--ouk'; is --out meant?" run x.ini --ouk y
plan
