#!/bin/sh
# test_dead_ranks.sh BUILD - ranks of MPI that are killed in the middle of a run or a
# study, or held in that of a run: the others go on to the same tables, and nobody waits
# for ever. TAP.
build=$(realpath "$1")
program=$build/infoplane
config=$(realpath configs/ib-tanh.ini)
. tests/tap.sh
. tests/mpi.sh
# test_helpers.c has what becomes of the helpers of a run.
case $build in *asan*) no_mpi='it takes a minute with the sanitizers' ;; esac
# shellcheck disable=SC2086 # options are words
[ "$no_mpi" ] || ranks 1 $goes_on true 2>/dev/null ||
    no_mpi="this mpirun does not have $goes_on"
if [ "$no_mpi" ]; then
    skip 'ranks that die' "$no_mpi"
    plan
    exit 0
fi
cd "$work" || exit 1
# Training takes most of the time, so that many cores do not end it at once.
settings='--set train.epochs=8000 --set train.batch=256 --set measure.policy=every
    --set measure.every=40 --set data.limit=2000 --set measure.estimators=bin,kde
    --device cpu --threads 1'

# begin DIR COMMAND..: three ranks, which go on without one; the job's lines go to
# DIR.out, and its processes have a variable.
begin() {
    job=IPL_TEST_JOB=$1-$$
    out=$1.out
    shift
    # shellcheck disable=SC2086
    env "$job" timeout -k 5 60 mpirun -n 3 $goes_on "$@" >"$out" 2>&1 </dev/null &
    launcher=$!
}
# begin_run DIR: until points of it are written.
begin_run() {
    # shellcheck disable=SC2086
    begin "$1" "$program" run "$config" --out "$1" $settings --quiet --ranks
    for _ in $(seq 500); do [ -s "$1/plane.csv" ] && return; sleep 0.02; done
    cat "$out"
    return 1
}
# to NAME RANK: a signal, to a rank of the latest job.
to() {
    process=$(rank_of "$2" "$job") && kill "-$1" "$process"
}
# ends SECONDS: the latest job, whose status goes to $status.
ends() {
    since=$(date +%s)
    wait "$launcher"
    status=$?
    took=$(($(date +%s) - since))
    echo "status $status after $took s"
    cat "$out"
    [ "$took" -le "$1" ]
}
same() {
    for table in plane.csv plane_details.csv summary.csv training.csv; do
        cmp "one/$table" "$1/$table" || return 1
    done
}

# shellcheck disable=SC2086
holds 'a run by one process' "$program" run "$config" --out one $settings --quiet
[ $knows -eq 1 ] || export IPL_TEST_SILENT_S=1
helper_dies() {
    begin_run dies && to KILL 1 && ends 40 && [ "$status" -eq 0 ] && same dies &&
        cat dies/run.json && grep -q '"helper 1: rank 1 of 3 .*; the others go on"' \
        dies/run.json
}
holds 'a helper that is killed costs no result' helper_dies
export IPL_TEST_SILENT_S=1
# It is held until the run has ended: the launcher waits for all.
helper_is_held() {
    begin_run held && to STOP 2 || return 1
    for _ in $(seq 1500); do
        grep -qs '"status": "done"' held/run.json && break
        sleep 0.02
    done
    cat held/run.json && same held
    well=$?
    to CONT 2
    ends 20
    [ $well -eq 0 ] && grep -q \
        '"helper 2: rank 2 of 3 says nothing any more; the others go on"' held/run.json
}
holds 'nor does one that says nothing any more' helper_is_held
none_is_left() {
    for _ in $(seq 250); do
        rank_of 1 "$job" || rank_of 2 "$job" || return 0
        sleep 0.02
    done
    return 1
}
# Where MPI tells of it the first to end may end the job.
rank_0_dies() {
    begin_run ends && to KILL 0 && ends 12 && [ "$status" -ne 124 ] &&
        grep -q '^infoplane: .*rank 0 of 3 ' "$out" && none_is_left
}
holds 'helpers of a run that is killed end' rank_0_dies

# Each tick takes longer than a rank may say nothing.
computes_long() {
    export IPL_TEST_SILENT_S=0.8
    begin long "$program" run "$config" --out long --quiet --ranks --device cpu \
        --threads 1 --set train.epochs=3 --set measure.policy=every \
        --set measure.every=1 --set measure.estimators=lga --set data.limit=1700
    ends 40 && [ "$status" -eq 0 ] && [ ! -s "$out" ] && ! grep '"lost"' long/run.json
}
holds 'a rank that only computes is not taken for one that died' computes_long
unset IPL_TEST_SILENT_S

cat >study.ini <<'END'
[data]
set = ib
limit = 256
[net]
layers = 12, 6-tanh, 4-tanh, 2
[train]
epochs = 4000
batch = 64
[measure]
policy = every
every = 2000
[sweep]
bin.edges = 10, 30
train.seed = 1:8
together = 2
END
same_study() {
    for table in study.csv study_summary.csv study.json; do
        cmp "all/$table" "$1/$table" || return 1
    done
}
# has_run PROCESS DIR: a run of the study.
has_run() {
    for lock in "$2"/*/lock; do
        grep -qs "^process $1 of" "$lock" && return
    done
    return 1
}
study_goes_on() {
    begin "$1" "$program" sweep study.ini --out "$1" --device cpu
    for _ in $(seq 200); do rank_of 1 "$job" >process && break; sleep 0.02; done
    process=$(cat process)
    for _ in $(seq 1000); do has_run "$process" "$1" && break; sleep 0.01; done
    kill -KILL "$process" && ends 20 && [ "$status" -eq 0 ] && same_study "$1" &&
        grep -q 'rank 1 of 3: it is gone; others do its runs' "$out"
}
if [ $knows -eq 1 ]; then
    holds 'a study by one process' \
        "$program" sweep study.ini --out all --device cpu --quiet
    for k in 1 2; do
        holds "a study goes on at once when MPI tells of a dead rank, $k" \
            study_goes_on "study-$k"
    done
else
    skip 'a study goes on at once when MPI tells of a dead rank' \
        'it tells nothing; test_sweep_mpi.sh has it silent'
fi
plan
