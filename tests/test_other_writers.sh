#!/bin/sh
# test_other_writers.sh BUILD - what other programs write is read, value by value.
#
# other_writers.py writes files by each of the packages, in each version that this
# machine has, and says what is in them; `infoplane dataset` reads them. A package that
# is not there is skipped.
set -u
program=$(realpath "$1/infoplane")
script=$(realpath tests/other_writers.py)
. tests/tap.sh

# read_all PYTHON WRITER VERSION: a test for each of its files.
read_all() {
    files=$work/$2-$3 out=$work/$2-$3.out
    mkdir "$files" "$out"
    if ! "$1" "$script" write "$2" "$files" >"$out/cases" 2>"$out/err"; then
        not_ok "files of $2 $3 are written" "$out/err"
        return
    fi
    while read -r name ask; do
        # shellcheck disable=SC2086 # several settings are several words
        "$program" dataset $ask --out "$out/$name" >/dev/null 2>"$out/$name.err" \
            </dev/null
    done <"$out/cases"
    # shellcheck disable=SC2046 # names have no spaces
    "$1" "$script" check "$files" "$out" $(cut -f 1 "$out/cases") >"$out/checked" 2>&1
    while read -r line; do
        case $line in
        'ok '*) ok "${line#ok } ($3)" ;;
        *)
            echo "$line" >"$out/err"
            line=${line#not ok }
            not_ok "${line%% : *} ($3)" "$out/err"
            ;;
        esac
    done <"$out/checked"
}

"$program" dataset mat --set data.path=none --out "$work/none" 2>"$work/err"
if grep -q 'this build reads no MATLAB files' "$work/err"; then without_mat=1; fi

for writer in numpy matlab scipy h5py hdf5storage; do
    needs=$writer seen=
    [ "$writer" = matlab ] && needs=numpy # its layout is written by hand
    if [ "$writer" != numpy ] && [ -n "${without_mat:-}" ]; then
        skip "files of $writer are read" 'built with MAT=0'
        continue
    fi
    for python in python3 /usr/bin/python3; do
        version=$($python -c "import numpy, $needs; print($needs.__version__)" \
            2>/dev/null) || continue
        case " $seen " in *" $version "*) continue ;; esac
        seen="$seen $version"
        read_all $python $writer "$version"
    done
    [ -n "$seen" ] || skip "files of $writer are read" "no $needs for python3"
done
plan
