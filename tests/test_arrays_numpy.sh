#!/bin/sh
# test_arrays_numpy.sh - `estimate` gives one line for an array in every form in which
# numpy and its neighbours save it; and advice is followed, word by word.
. tests/tap.sh
program=$PWD/${1:?usage: test_arrays_numpy.sh BUILD}/infoplane
python=/usr/bin/python3
if ! $python -c 'import numpy' 2>/dev/null; then
    skip "arrays of numpy" "no numpy for $python"
    plan
    exit
fi
cd "$work" || exit 1
cat >write.py <<'END'
import gzip, pickle, zipfile
import numpy as np
r = np.random.default_rng(12)
t = np.maximum(r.integers(-8, 9, (120, 3, 2, 2)), 0).astype("f4") / 8
flat = t.reshape(120, 12)
y = r.integers(0, 3, 120)
np.save("want.npy", flat)
np.save("y.npy", y)
forms = {"nd": t, "fortran": np.asfortranarray(t), "sliced": t[:, ::-1][:, ::-1],
         "f2": t.astype("f2"), "big": t.astype(">f4"), "f8": t.astype(">f8"),
         "long": t.astype(np.longdouble), "bigint": (t * 8).astype(">i2") / 8}
for name, a in forms.items():
    np.save(name + ".npy", a)
    np.savez(name + ".npz", other=y, fc1=a)
    np.savez_compressed(name + "-packed.npz", other=y, fc1=a)
bits = t.view("u4") >> 16  # bfloat16 as ml_dtypes saves it: the upper halves
head = np.lib.format
with open("bfloat16.npy", "wb") as f:
    head.write_array_header_1_0(f, {"descr": "<V2", "fortran_order": False,
                                    "shape": t.shape})
    f.write(bits.astype("<u2").tobytes())
for v in (1, 2, 3):
    with open("v%d.npy" % v, "wb") as f:
        head.write_array(f, flat, version=(v, 0))
with open("whole.npy.gz", "wb") as f:  # two members of gzip
    raw = open("want.npy", "rb").read()
    f.write(gzip.compress(raw[:333]) + gzip.compress(raw[333:]))
np.savez("one.npz", flat)
with zipfile.ZipFile("streamed.npz", "w", zipfile.ZIP_DEFLATED) as z:
    with z.open("fc1.npy", "w", force_zip64=True) as f:
        head.write_array(f, flat)
for name, d in ("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("space", " "):
    np.savetxt(name + ".csv", flat, delimiter=d)
np.savetxt("names.csv", flat, delimiter=",", header=",".join("abcdefghijkl"))
np.savetxt("packed.csv.gz", flat, delimiter=",")
np.save("x.npy", t[:, 0, 0])
np.save("conv.npy", t[:2])
# What is refused, with advice:
np.save("records.npy", np.array([(1.0, 2.0)] * 3, dtype=[("a", "f4"), ("b", "f4")]))
np.save("complex.npy", flat.astype("c8"))
np.save("object.npy", np.array(list(flat), dtype=object), allow_pickle=True)
pickle.dump(flat, open("acts.pkl", "wb"))
np.savez("two.npz", fc1=flat, y=y)
END
$python write.py || exit 1

# same_as NAME T: the estimates of T are those of want.npy.
same_as() {
    if "$program" estimate --t "$2" --y y.npy --estimator bin,kde --quiet >out 2>&1 &&
        sed 1d out | cmp -s - want; then
        ok "$1"
    else
        not_ok "$1" out want
    fi
}
"$program" estimate --t want.npy --y y.npy --estimator bin,kde --quiet | sed 1d >want
for form in nd fortran sliced f2 big f8 long bigint; do
    same_as "$form is read from npy" $form.npy
    same_as "$form is read from npz" $form.npz:fc1
    same_as "$form is read from packed npz" $form-packed.npz:fc1
done
for file in bfloat16.npy v1.npy v2.npy v3.npy whole.npy.gz one.npz one.npz:arr_0 \
    streamed.npz:fc1 comma.csv semicolon.csv tab.csv space.csv names.csv \
    packed.csv.gz; do
    same_as "$file is read" $file
done

# Weights of a convolution are not flattened.
if "$program" audit --x x.npy --weights conv.npy --activations relu >out 2>err ||
    ! grep -q 'conv.npy has 4 dimensions: expected 2, inputs x units' err; then
    not_ok "weights of 4 dimensions are refused" out err
else
    ok "weights of 4 dimensions are refused"
fi

# advised NAME T SCRIPT: after what the message says (as Python on the array a of T, or
# as a whole line) the file NEW.npy is read.
advised() {
    rm -f NEW.npy
    "$program" estimate --t "$2" --estimator bin --quiet >out 2>err
    advice=$(sed -n "$3" err)
    if [ -n "$advice" ] && $python -c "
import numpy, numpy as np, pickle
try: import h5py, scipy.io
except ImportError: pass
a = np.load('$2', allow_pickle=True) if '$2'.endswith('.npy') else None
$advice" 2>>err &&
        "$program" estimate --t NEW.npy --estimator bin --quiet >out 2>>err; then
        ok "$1"
    else
        not_ok "$1" err out
    fi
}
advised "a field of records is saved as advised" records.npy \
    "s/.*save one field, \(a\['a'\]\).*/np.save('NEW.npy', \1)/p"
advised "complex numbers are saved as advised" complex.npy \
    "s/.*real part, \(a.real\), or.*/np.save('NEW.npy', \1)/p"
advised "objects are saved as advised" object.npy \
    "s/.*numbers, a.\(astype('float32')\), or.*/np.save('NEW.npy', np.vstack(a).\1)/p"
if $python -c 'import h5py, scipy' 2>/dev/null; then
    $python -c "
import h5py, numpy, scipy.io
a = numpy.load('want.npy')
h5py.File('acts.h5', 'w')['NAME'] = a
scipy.io.savemat('acts.mat', {'NAME': a})"
    for file in acts.h5 acts.mat; do
        advised "$file is converted as advised" $file "s/.*\(numpy.save(.*)\)$/\1/p"
    done
else
    skip "HDF5 and MATLAB files are converted as advised" "no h5py or scipy"
fi
advised "a pickle is saved as advised" acts.pkl "s/.*\(numpy.save(.*)\)$/\1/p"
"$program" estimate --t want.npy --y two.npz --estimator bin --quiet 2>err
same_as "an array of several is named as advised" "$(sed -n 's/.*name one, as //p' err)"
plan
