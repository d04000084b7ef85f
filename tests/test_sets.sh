#!/bin/sh
# test_sets.sh BUILD - labels and data sets as users have them, through the program: the
# same figures whatever the form, one line on what was converted, and advice that helps.
set -u
program=$(realpath "$1/infoplane")
python=/usr/bin/python3
. tests/tap.sh
if ! $python -c 'import numpy' 2>/dev/null; then
    skip "data sets of numpy" "no numpy for $python"
    plan
    exit
fi
cd "$work" || exit 1

cat >write.py <<'END'
import os
import struct
import numpy as np
r = np.random.default_rng(3)
t = np.tanh(r.normal(size=(120, 3))).astype("f4")
y = r.integers(0, 4, 120)
words = np.array(["ape", "bee", "cat", "dog"])[y]
np.save("t.npy", t)
forms = {"plain": y, "onehot": np.eye(4, dtype="f4")[y], "one": y + 1,
         "bits": np.eye(4, dtype="?")[y], "float": y.astype("f4"),
         "column": y[:, None], "row": y[None, :],
         "ids": y * 100000 + 70000, "gaps": np.array([0, 2, 3, 9])[y], "words": words,
         "wordcolumn": words[:, None], "half": y - 1.5, "nan": np.where(y, y, np.nan),
         "soft": (np.eye(4)[y] + 0.1) / 1.4, "short": y[:90], "flipped": np.eye(4)[y].T,
         "some": np.where(np.arange(120) % 3, y, -1)}
for name, a in forms.items():
    np.save("y-%s.npy" % name, a)
with open("y-words.csv", "w") as f:
    f.write("animal\n" + "\n".join(words) + "\n")
kept = np.arange(120) % 3 > 0
np.save("t-kept.npy", t[kept]); np.save("y-kept.npy", y[kept])
os.makedirs("acts"); os.makedirs("acts-kept")
for e in (0, 1):
    np.save("acts/epoch_%d_layer_1.npy" % e, t + e)
    np.save("acts-kept/epoch_%d_layer_1.npy" % e, (t + e)[kept])

# A table whose columns are of unlike size, and large.
x = np.c_[1.7e9 + 60.0 * np.arange(120), 3 * r.normal(size=120) + y, np.full(120, 0.1)]
os.makedirs("table"); np.save("table/X.npy", x); np.save("table/y.npy", words)
np.savetxt("inputs.csv", x, delimiter=",", header="time,level,site", comments="",
           fmt="%.17g")
np.savez("set.npz", X=x, y=words)
np.save("huge.npy", x * 1e290)
os.makedirs("noimages")

# Images of float32 and labels from 1, in MNIST's dotted names.
def idx(path, kind, a):
    with open(path, "wb") as f:
        f.write(struct.pack(">BBBB", 0, 0, kind, a.ndim))
        f.write(np.array(a.shape, ">i4").tobytes() + a.tobytes())
os.makedirs("images")
image = r.normal(size=(120, 2, 3)).astype(">f4")
np.save("images.npy", image)
for part, rows in (("train", slice(0, 100)), ("t10k", slice(100, 120))):
    idx("images/%s-images.idx3-ubyte" % part, 0x0d, image[rows])
    idx("images/%s-labels.idx1-ubyte" % part, 8, (y[rows] + 1).astype("u1"))
END
$python write.py || exit 1

# -- Labels -----------------------------------------------------------------------
estimate() { "$program" estimate --estimator bin --bin-width 0.5 "$@"; }
estimate --t t.npy --y y-plain.npy >want 2>err
holds 'labels from 0 need no line' test ! -s err

# same FILE LINE: the figures of plain labels, and this line ("": none).
same() {
    estimate --t t.npy --y "$1" >out 2>err
    if cmp -s out want && [ "$(cat err)" = "${2:+infoplane: $1: $2}" ]; then
        ok "$1 ${2:-without a line}"
    else not_ok "$1" out err; fi
}
hot='one-hot labels: columns 0 to 3 are the classes'
animals='labels ape, bee, cat, dog are classes 0, 1, 2, 3'
same y-onehot.npy "$hot"
same y-bits.npy "$hot"
same y-one.npy 'labels 1, 2, 3, 4 are classes 0, 1, 2, 3'
same y-float.npy ''
same y-column.npy ''
same y-row.npy ''
same y-ids.npy 'labels 70000, 170000, 270000, 370000 are classes 0, 1, 2, 3'
same y-gaps.npy 'labels 0, 2, 3, 9 are classes 0, 1, 2, 3'
same y-words.npy "$animals"
same y-wordcolumn.npy "$animals"
same y-words.csv "$animals"

fails 1 'y-half.npy: row 0 is ' estimate --t t.npy --y y-half.npy --estimator bin
fails 1 'is NaN: expected a label for each row' \
    estimate --t t.npy --y y-nan.npy --estimator bin
fails 1 'y-short.npy is 90 x 1: expected a label for each of the 120 rows of the act' \
    estimate --t t.npy --y y-short.npy --estimator bin
fails 1 'y-flipped.npy is 4 x 120: expected a label for each of the 120 rows of the '\
'activations: transpose the labels' estimate --t t.npy --y y-flipped.npy
fails 1 'y-soft.npy holds probabilities, 120 x 4' \
    estimate --t t.npy --y y-soft.npy --estimator bin
$python -c "
import numpy as np
np.save('y-soft.npy', np.load('y-soft.npy').argmax(axis=1))"
same y-soft.npy ''

# -- Rows without a label ---------------------------------------------------------
estimate --t t.npy --y y-some.npy >out 2>err
holds 'labels of -1 are a class unless asked' grep -qF \
    'labels -1, 0, 1, 2, 3 are classes 0, 1, 2, 3, 4 (if -1 means no label, ' err
estimate --t t-kept.npy --y y-kept.npy 2>err | sed 1d >want
estimate --t t.npy --y y-some.npy --no-label -1 2>err | sed 1d >out
holds 'then their rows are left out' cmp out want
holds 'and said' grep -qxF \
    'infoplane: y-some.npy: 40 of 120 rows are labelled -1 and left out' err
fails 2 '--no-label goes with --y' estimate --t t.npy --no-label -1
estimate --t acts-kept --y y-kept.npy --out kept >out 2>err
estimate --t acts --y y-some.npy --no-label -1 --out some >out 2>err
holds 'of a folder too' cmp kept/plane.csv some/plane.csv
holds 'in one line' grep -qxF \
    'data: y-some.npy: 40 of 120 rows are labelled -1 and left out' err
holds 'and in run.json' $python -c '
import json
all = json.load(open("some/run.json"))
assert all["data"]["measured_rows"] == 80
assert all["data"]["notes"] == [
    "y-some.npy: 40 of 120 rows are labelled -1 and left out"]
assert abs(all["ceilings"]["i_xt_bits"] - 6.321928094887363) < 1e-9'

# -- Sets -------------------------------------------------------------------------
# dataset OUT ARGUMENT...: writes it, with what is said in `err`.
dataset() {
    out=$1
    shift
    "$program" dataset "$@" --out "$out" >out 2>err
}
dataset standard npy --set data.path=table --set data.scale=standard \
    --set data.train_fraction=1
holds 'columns are scaled one by one, in double' $python -c '
import numpy as np
x, g = np.load("table/X.npy"), np.load("standard/X.npy")
want = (x - x.mean(0)) / np.where(x.max(0) > x.min(0), x.std(0), 1)
assert g.dtype == np.float32 and (abs(g - want) <= 2e-7 * (1 + abs(want))).all()
assert (g[:, 2] == 0).all() and len(set(g[:, 0])) == 120
y = np.load("standard/y.npy")
assert (y == np.load("y-plain.npy")).all()'
cat >want <<END
data: $animals
data: 1 of 3 inputs are constant in the training rows: shifted to 0, not scaled
END
holds 'what was done is said' cmp err want
dataset raw npy --set data.path=table
holds 'what float32 cannot hold is counted' grep -qE \
    'X.npy: [0-9]+ of 360 values differ only beyond float32: data.scale = standard' err
for from in "data.x=inputs.csv data.y=y-words.csv" "data.path=set.npz" \
    "data.x=table/X.npy data.y=y-row.npy" "data.path=table data.x=X.npy data.y=y.npy" \
    "data.x=set.npz:X data.y=y-onehot.npy"; do
    rm -rf again
    # shellcheck disable=SC2046
    dataset again arrays $(for key in $from; do echo "--set $key"; done) \
        --set data.scale=standard --set data.train_fraction=1
    holds "$from" sh -c '
        cmp again/X.npy standard/X.npy && cmp again/y.npy standard/y.npy'
done
dataset idx idx --set data.path=images
holds 'IDX of float32 in dotted names, to [0, 1] all together' $python -c '
import numpy as np
x, g = np.load("images.npy").astype("f8").reshape(120, 6), np.load("idx/X.npy")
want = (x - x.min()) / (x.max() - x.min())
assert (abs(g - want) <= 1e-7).all()
assert (np.load("idx/y.npy") == np.load("y-plain.npy")).all()'
fails 1 'noimages/X.npy: No such file or directory: set = arrays takes files of other' \
    dataset npy --set data.path=noimages --out none
fails 1 'above the 3.4e+38 that float32 can hold: data.scale = unit brings it within' \
    dataset arrays --set data.x=huge.npy --set data.y=y-plain.npy --out huge
dataset huge arrays --set data.x=huge.npy --set data.y=y-plain.npy --set data.scale=unit
holds 'as it says' test -s huge/X.npy
fails 1 'data/mnist: neither a folder of IDX files nor what their names start with: '\
'data/fetch_mnist.sh brings MNIST' dataset idx --set data.path=data/mnist --out none
: >empty.ini
fails 1 '[data] set = arrays needs x and y, or a path' \
    run --set data.set=arrays --set data.x=t.npy empty.ini

# -- A run ------------------------------------------------------------------------
cat >words.ini <<END
[data]
set = arrays
x = inputs.csv
y = y-words.csv
scale = standard
split = shuffled
[net]
layers = 3, 4-tanh, 5
[train]
epochs = 2
batch = 512
[measure]
policy = every
every = 1
END
"$program" run words.ini --out words >out 2>err
cat >want <<END
data: $animals
data: 1 of 3 inputs are constant in the training rows: shifted to 0, not scaled
data: 1 of the 5 classes of [net] layers have no rows: the data has 4
data: [train] batch = 512 is more than the 96 rows that train
END
grep '^data: ' err >notes
holds 'a run says what was converted' cmp notes want
holds 'run.json too, with the names of the classes' $python -c '
import json
data = json.load(open("words/run.json"))["data"]
assert ["data: " + n for n in data["notes"]] == open("want").read().splitlines()
assert data["class_names"] == ["ape", "bee", "cat", "dog"] and data["classes"] == 5'
"$program" run words.ini --out quiet --quiet >out 2>err
holds 'quiet it says nothing' test ! -s err
fails 1 'layers start with 4 inputs and end with 3 classes: the data set inputs.csv '\
'has 3 and 4: expected layers = 3, .., 4' run words.ini --set 'net.layers=4, 3-tanh, 3'
plan
