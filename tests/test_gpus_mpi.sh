#!/bin/sh
# test_gpus_mpi.sh BUILD [EMU] - ranks of mpirun with a GPU each: the tables of one GPU.
#
# On two GPUs, or those of the emulator EMU; skipped where there are none. TAP.
build=$(realpath "$1")
program=$build/infoplane
emulator=${2:+$(realpath "$2")}
. tests/tap.sh
. tests/mpi.sh
skip_all() {
    skip 'ranks with a GPU each' "$1"
    plan
    exit 0
}
[ -z "$no_mpi" ] || skip_all "$no_mpi"
case $build in
*asan*) skip_all 'it takes minutes with the sanitizers' ;;
*-cpu) skip_all 'built without CUDA' ;;
esac
if [ "$emulator" ]; then export CUDAEMU_DEVICES=2 CUDAEMU_THREADS=1
elif ! "$program" devices | grep -q '^cuda:1 *[0-9]'; then skip_all 'no two GPUs'; fi
cd "$work" || exit 1
base='[data]
set = ib
limit = 128
[net]
layers = 12, 6-tanh, 4-tanh, 2
[train]
epochs = 40
batch = 64
[measure]
policy = every
every = 20
'
printf '%s[sweep]
net.activation = tanh, relu
bin.edges = 10, 30
train.seed = 1:4
together = 1
' "$base" >study.ini
printf '%s' "$base" >run.ini
# mine COMMAND...: in this process; its GPU may be the emulator's.
mine() { timeout 120 $emulator "$program" "$@" --quiet; }
# of RANKS COMMAND...
of() {
    number=$1
    shift
    ranks "$number" $emulator "$program" "$@" --quiet
}
# same TABLE.. DIR DIR
same() {
    for table in $1; do cmp "$2/$table" "$3/$table" || return 1; done
}
# worked GPUS DIR: the runs of the study were done on all of these.
worked() {
    for gpu in $1; do
        grep -q "\"name\": \"cuda:$gpu\"" "$2"/*/run.json && continue
        echo "no run was on cuda:$gpu"
        return 1
    done
}
# study RANKS DEVICES GPUS: no rank is refused, each of the GPUs has runs.
study() {
    out=of-$1-$(echo "$2" | tr ',:' '--')
    of "$1" sweep study.ini --out "$out" --device "$2" >out 2>&1
    status=$?
    cat out
    [ $status -eq 0 ] && ! grep -q 'gets no runs' out && worked "$3" "$out" &&
        same 'study.csv study_summary.csv study.json' one "$out"
}
holds 'a study on one GPU' mine sweep study.ini --out one --device cuda:0
holds 'two ranks, a GPU each by its name' study 2 cuda:0,cuda:1 '0 1'
holds 'and by the number of the rank' study 2 cuda '0 1'
holds 'three ranks on two GPUs' study 3 cuda:0,cuda:1 '0 1'
holds 'two ranks on one GPU' study 2 cuda:1 1

# One run: the rank that helps measures on a GPU of its own.
holds 'a run on one GPU' mine run run.ini --out run-one --device cuda:0
helped() {
    of "$1" run run.ini --out "run-of-$1" --device cuda --ranks >out 2>&1 ||
        { cat out; return 1; }
    grep -q "\"helpers\": $(($1 - 1))" "run-of-$1/run.json" &&
        ! grep '"lost"' "run-of-$1/run.json" && same 'plane.csv plane_details.csv
            summary.csv training.csv' run-one "run-of-$1"
}
for n in 2 3; do holds "$n ranks measure it" helped $n; done
plan
