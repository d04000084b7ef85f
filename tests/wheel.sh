#!/bin/sh
# wheel.sh PYTHON - the wheel of dist/ in a fresh environment, as its users have it: no
# compiler, no library of this project, numpy from the package index. Then beside
# Debian's PyTorch, where its copies of libgomp and OpenBLAS meet others. At the end a
# package that pip builds from the checkout. Output is TAP and a line of counts.
python=$1
. tests/tap.sh
unset PYTHONPATH INFOPLANE_LIBRARY
export PYTHONDONTWRITEBYTECODE=1
root=$PWD
wheel=$(echo "$root"/dist/infoplane-*.whl)
version=$(sed -n 's/^VERSION := //p' Makefile)

# in_venv NAME COMMAND...: its programs alone are in PATH, and the folder is another.
in_venv() {
    venv=$work/$1
    shift
    (cd "$work" && PATH=$venv/bin "$@")
}

measures() {
    cat >"$work/measures.py" <<'END_PYTHON'
import sys
import numpy as np
import infoplane as ip

x = np.arange(4096)
kept = (x[:, None] >> np.arange(4) & 1).astype("f4")
table = ip.estimate(kept, x % 2, bins=30, noise_var=1e-3, device="cpu")
bits = table.columns["i_xt_bits"]
assert abs(bits[0] - 4) < 1e-9, bits
assert abs(table.columns["i_ty_bits"][0] - 1) < 1e-9
where = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
ours = [path for path in where if "infoplane" in path]
assert len(ours) >= 4, ours
for name in "gomp", "gfortran", "inih", "jansson":
    seen = [path for path in where if "/lib" + name in path]
    assert any("infoplane.libs" in path for path in seen), (name, seen)
    assert all(path.startswith(sys.prefix) for path in seen), (name, seen)
assert not [path for path in where if "cuda" in path or "torch" in path], where
assert "matplotlib" not in sys.modules and "pandas" not in sys.modules
END_PYTHON
    in_venv "$1" python measures.py
}

has_version() {
    in_venv "$1" pip list --format=freeze >"$work/list" &&
        grep -qx "infoplane==$version" "$work/list"
}

# What a Linux system of 2022 has: auditwheel names the oldest glibc that will do.
is_portable() {
    minor=$(echo "$wheel" |
        sed -n 's/.*-py3-none-manylinux_2_\([0-9]*\)_[a-z0-9_]*\.whl$/\1/p')
    test "${minor:-99}" -le 36 && ! unzip -l "$wheel" | grep -iE 'libcu|libtorch'
}

installs() {
    "$python" -m venv "$work/fresh" && in_venv fresh pip install -q "$wheel"
}

beside_torch() {
    "$python" -m venv --system-site-packages "$work/beside" &&
        in_venv beside pip install -q --no-deps "$wheel" &&
        in_venv beside python -m pytest -q -p no:cacheprovider \
            "$root/src/python/tests/test_openmp.py" \
            "$root/src/python/tests/test_processes.py" \
            "$root/src/python/tests/test_leaks.py"
}

in_checkout() { git -C "$root" status --porcelain --ignored src/python; }

from_the_checkout() {
    in_checkout >"$work/before"
    "$python" -m venv --system-site-packages "$work/built" &&
        "$work/built/bin/pip" install -q --no-deps "$root/src/python" &&
        in_venv built python -c 'import infoplane; print(infoplane.__file__)' &&
        in_checkout | diff "$work/before" -
}

all() {
    holds "one wheel, for glibc 2.36 or older, without CUDA's libraries" is_portable
    holds "it installs without a compiler" installs
    holds "its version is the project's" has_version fresh
    holds "it measures, with libraries of its own" measures fresh
    holds "it works beside PyTorch, in processes and threads, and leaks nothing" \
        beside_torch
    holds "pip builds the checkout, and leaves nothing in it" from_the_checkout
    plan
}
all | tee "$work/tap"
passed=$(grep -c '^ok' "$work/tap") failed=$(grep -c '^not ok' "$work/tap")
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
