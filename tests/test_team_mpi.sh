#!/bin/sh
# test_team_mpi.sh BUILD - teams over MPI on this machine (tests/team_program.c): the
# places of the ranks, their messages, a rank that is killed, and what is said where the
# MPI object is missing or of other sources. Output is TAP.
build=$(realpath "$1")
program=$build/tests/team_program
. tests/tap.sh
. tests/mpi.sh
if [ "$no_mpi" ]; then
    skip 'a team over MPI' "$no_mpi"
    plan
    exit 0
fi

# places N: each rank has its own, and all share the cores of this machine.
places() {
    ranks "$1" "$program" place >"$work/out" || return 1
    for rank in $(seq 0 $(($1 - 1))); do
        echo "rank $rank: of $1, local $rank of $1, sharing $1, on $(uname -n)"
    done | diff - "$work/out"
}

talks() {
    ranks "$1" "$program" talk >"$work/out" || return 1
    for rank in $(seq 0 $(($1 - 1))); do echo "rank $rank: well"; done |
        diff - "$work/out"
}

# The job ends with the rank where the launcher wants it so; else the others go on.
ends_with_it() {
    ranks 3 "$program" die >"$work/out" 2>&1
    status=$?
    cat "$work/out"
    test $status -ne 0 -a $status -ne 124
}
without_it() {
    # shellcheck disable=SC2086 # options are words
    ranks 3 $goes_on "$program" die >"$work/out" 2>&1 || return 1
    cat "$work/out"
    how='silent|gone'
    [ $knows -eq 1 ] && how=gone
    grep -qE "^rank 1 is ($how)" "$work/out" && grep -q '^the others go on' "$work/out"
}

for n in 2 3; do
    holds "$n ranks know their places" places $n
    holds "$n ranks send to each other" talks $n
done
holds "one rank is no team" sh -c '! "$0" place 2>"$1"/err &&
    grep -q "no launcher has started it" "$1"/err' "$program" "$work"
holds "a rank that is killed ends the job" ends_with_it
# shellcheck disable=SC2086
if ranks 1 $goes_on true 2>/dev/null; then
    holds "with $goes_on the others go on" without_it
else
    skip "with $goes_on the others go on" 'this mpirun does not have it'
fi

# says WORDS: with what lies in lib/ beside bin/.
mkdir "$work/bin" "$work/lib"
cp "$program" "$work/bin/"
case $build in *asan*) export LD_LIBRARY_PATH="$work/lib" ;; esac
says() {
    OMPI_COMM_WORLD_SIZE=2 "$work/bin/team_program" place 2>"$work/err" && return 1
    cat "$work/err"
    test "$(wc -l <"$work/err")" -eq 1 && grep -qF -- "team_program: $1" "$work/err"
}
object=$work/lib/libinfoplane_mpi.so
holds "a build without MPI says so" \
    says 'built without MPI, but started by an MPI launcher: build with MPI=1'
LC_ALL=C sed 's/interface [0-9.]* /interface 9.9.9 /' "$build/libinfoplane_mpi.so" \
    >"$object"
holds "an object of other sources is not taken" \
    says 'libinfoplane_mpi.so was built with other sources than this library'
cc -shared -o "$work/libmissing.so" -xc /dev/null
cc -shared -o "$object" -Wl,--no-as-needed -xc /dev/null -L"$work" -lmissing
rm "$work/libmissing.so"
holds "a library that MPI needs is named" \
    says 'MPI cannot be loaded (LD_LIBRARY_PATH may name its folder): libmissing.so'
plan
