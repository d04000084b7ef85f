#!/bin/sh
# test_sweep_mpi.sh BUILD - `mpirun infoplane sweep`: equal tables from any number of
# ranks, ranks that are killed or stopped, and one line for what is wrong. TAP.
build=$(realpath "$1")
program=$build/infoplane
. tests/tap.sh
. tests/mpi.sh
# test_team_mpi.sh has what is MPI's, and other tests what it is used for.
case $build in *asan*) no_mpi='it takes a minute with the sanitizers' ;; esac
if [ "$no_mpi" ]; then
    skip 'a study over MPI' "$no_mpi"
    plan
    exit 0
fi
cd "$work" || exit 1
cat >study.ini <<'END'
[data]
set = ib
limit = 256
[net]
layers = 12, 6-tanh, 4-tanh, 2
[train]
epochs = 1000
batch = 64
[measure]
policy = every
every = 500
[sweep]
net.activation = tanh, relu
bin.edges = 10, 30
train.seed = 1:8
together = 2
END
same() {
    for table in study.csv study_summary.csv study.json; do
        cmp "one/$table" "$1/$table" || return 1
    done
}
# sweep RANKS DIR [OPTION..]
sweep() {
    number=$1 out=$2
    shift 2
    ranks "$number" "$@" "$program" sweep study.ini --out "$out" --device cpu --quiet
}
again() { sweep "$1" "$2" >out 2>&1 || { cat out; return 1; }; same "$2"; }

holds 'a study by one process' "$program" sweep study.ini --out one --device cpu --quiet
for n in 1 2 3; do holds "$n ranks make the same tables" again $n "of-$n"; done

own() {
    ranks 3 "$program" sweep study.ini --out own --device cpu --quiet --no-shared >out \
        2>&1 || { cat out; return 1; }
    ls && same own && ! ls -d own.rank-* own/*.coming
}
holds 'and ranks with folders of their own, which send theirs' own

# A folder of each host, as if it had a disk of its own.
two_hosts() {
    out=$1
    shift
    hosts_run 4 "$program" sweep study.ini --out "$out" --device cpu --quiet "$@" >out \
        2>&1 || { cat out; return 1; }
    same "$out"
}
if hosts_up; then
    places() {
        hosts_run 4 "$build/tests/team_program" place >out && cat out &&
            grep -q "^rank 1: of 4, local 1 of 2, sharing 2, on ipl-a-$$" out &&
            grep -q "^rank 3: of 4, local 1 of 2, sharing 2, on ipl-b-$$" out
    }
    holds 'ranks of two hosts know where they are' places
    holds 'and send to each other' hosts_run 4 "$build/tests/team_program" talk
    holds 'two hosts make the same tables' two_hosts hosts
    holds 'also with folders of their own' two_hosts apart --no-shared
else
    skip 'two hosts make the same tables' 'no network namespaces here'
fi
hosts_down

# Prints the process that is this rank and has a run of the study.
rank_at_work() {
    for _ in $(seq 200); do
        for lock in "$2"/*/lock; do
            process=$(sed -n 's/^process \([0-9]*\) of.*/\1/p' "$lock" 2>/dev/null)
            [ "$process" ] && tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null |
                grep -qxE "(OMPI_COMM_WORLD|PMI)_RANK=$1" && echo "$process" && return
        done
        sleep 0.02
    done
}
# signal NAME RANK DIR [OPTION..]: to the rank, when it has a run; the job's status goes
# to $status.
signal() {
    sent=$1 rank=$2 out=$3
    shift 3
    sweep 3 "$out" "$@" >out 2>&1 &
    process=$(rank_at_work "$rank" "$out")
    [ "$process" ] && kill "-$sent" "$process"
    wait $!
    status=$?
    [ "$process" ]
}
killed() { signal KILL 1 killed && [ $status -ne 0 ]; }
holds 'a rank that is killed ends the job' killed
holds 'and the next start goes on to the same tables' again 3 killed
stopped() { signal TERM 0 stopped && [ $status -eq 1 ] && cat out &&
    grep -q 'the study was stopped; what was done is kept' out; }
holds 'rank 0 that is asked to stop stops all of them' stopped
holds 'which go on to the same tables' again 2 stopped
leaves() { signal TERM 2 leaves && cat out && [ $status -eq 0 ] && same leaves; }
holds 'another rank that is asked to stop leaves its runs to the others' leaves
if ranks 1 --enable-recovery true 2>/dev/null; then
    export IPL_TEST_SILENT_S=2
    dies() { signal KILL 1 dies --enable-recovery && cat out && [ $status -eq 0 ] &&
        same dies; }
    holds 'with --enable-recovery the others do the runs of one that is killed' dies
    unset IPL_TEST_SILENT_S
fi

# complains WORDS ARGUMENT...: once, though there are three ranks.
complains() {
    words=$1
    shift
    ranks 3 "$program" sweep "$@" >out 2>&1 && return 1
    cat out
    [ "$(grep -c '^infoplane' out)" -eq 1 ] && grep '^infoplane' out | grep -qF "$words"
}
holds 'a study that is missing is said once' complains 'no.ini' no.ini --out no
holds 'and so is a wrong option' complains "unknown option '--wrong'" study.ini --wrong
holds 'and a device that is none' complains 'no-device' study.ini --out no \
    --device no-device
holds 'and a subset of more rows than there are' complains '257 of the 256 rows' \
    study.ini --out no --device cpu --set measure.subset=257
holds 'a plan is that of rank 0' sh -c '. "$0"/tests/mpi.sh && ranks 2 "$1" sweep \
    study.ini --plan --device cpu >out 2>&1 && [ "$(grep -c "^time:" out)" -eq 1 ]' \
    "$OLDPWD" "$program"
plan
