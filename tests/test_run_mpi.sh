#!/bin/sh
# test_run_mpi.sh BUILD - `mpirun infoplane run --ranks`: other ranks measure the
# networks that rank 0 trains, to the same bytes. TAP.
build=$(realpath "$1")
program=$build/infoplane
config=$(realpath configs/ib-tanh.ini)
. tests/tap.sh
. tests/mpi.sh
# test_team_mpi.sh has what is MPI's, and other tests what it is used for.
case $build in *asan*) no_mpi='it takes a minute with the sanitizers' ;; esac
if [ "$no_mpi" ]; then
    skip 'a run over MPI' "$no_mpi"
    plan
    exit 0
fi
cd "$work" || exit 1
settings='--set train.epochs=40 --set measure.policy=every --set measure.every=1
    --set data.limit=2000 --set measure.estimators=bin,kde --device cpu --threads 1'
same() {
    for table in plane.csv plane_details.csv summary.csv training.csv; do
        cmp "one/$table" "$1/$table" || return 1
    done
}
# run RANKS DIR [OPTION..]
run() {
    number=$1 out=$2
    shift 2
    # shellcheck disable=SC2086 # settings are words
    ranks "$number" "$@" "$program" run "$config" --out "$out" $settings --quiet \
        --ranks >out 2>&1 || { cat out; return 1; }
}
of() {
    run "$1" "of-$1" || return 1
    grep -q "\"helpers\": $(($1 - 1))" "of-$1/run.json" && ! grep '"lost"' \
        "of-$1/run.json" && same "of-$1"
}
# shellcheck disable=SC2086
holds 'a run by one process' "$program" run "$config" --out one $settings --quiet
for n in 2 3; do holds "$n ranks make the same tables" of $n; done

# A run that is stopped goes on with any number of ranks.
stopped() {
    short=$settings
    settings="$settings --set train.epochs=400"
    # shellcheck disable=SC2086
    "$program" run "$config" --out long $settings --quiet || return 1
    run 2 stopped >/dev/null 2>&1 &
    settings=$short
    for _ in $(seq 300); do [ -s stopped/plane.csv ] && break; sleep 0.02; done
    process=$(sed -n 's/^process \([0-9]*\) of.*/\1/p' stopped/lock)
    kill -TERM "$process" && wait $!
    [ $? -ne 0 ] && ranks 3 "$program" resume stopped --ranks --threads 1 --quiet &&
        cmp long/plane.csv stopped/plane.csv
}
holds 'a run that is stopped goes on with other ranks' stopped
if hosts_up; then
    two_hosts() {
        # shellcheck disable=SC2086
        hosts_run 4 "$program" run "$config" --out hosts $settings --quiet --ranks \
            >out 2>&1 || { cat out; return 1; }
        same hosts
    }
    holds 'ranks of two hosts make the same tables' two_hosts
else
    skip 'ranks of two hosts make the same tables' 'no namespaces or no Open MPI'
fi
hosts_down
complains() {
    ranks 3 "$program" run "$@" --ranks >out 2>&1 && return 1
    cat out
    [ "$(grep -c '^infoplane' out)" -eq 1 ]
}
holds 'what is missing is said once' complains no.ini
holds 'and so is what is there already' complains "$config" --out one
fails 2 '--ranks: no MPI launcher has started it' run "$config" --ranks
plan
