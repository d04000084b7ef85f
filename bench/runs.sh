#!/usr/bin/env bash
# runs.sh - whole runs of one or more builds of the program, in turns.
#
#   bench/runs.sh [--full] NAME=PROGRAM...
#
# For each run the median processor time (user and system, all threads) of three turns,
# the median wall time, and how many times the first program's processor time that is.
# One thread, as several also spend time on waiting; THREADS=2 gives them more. --full
# adds runs of minutes, once each: 50 seeds, and Fashion-MNIST as the preset has it.
# Without Fashion-MNIST's files its runs are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
full=0
[ "${1:-}" = --full ] && full=1 && shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TIMEFORMAT='%R %U %S'
fashion=/usr/share/datasets/fashion-mnist

# median FILE: of the first and of the second column.
median() {
    for column in 1 2; do
        cut -d' ' -f$column "$1" | sort -g | sed -n "$(($(wc -l <"$1") / 2 + 1))p"
    done | paste -sd' '
}

# row TURNS TITLE ARGUMENTS...: the run by each program, in turns.
row() {
    local turns=$1 title=$2 first= name processor wall
    shift 2
    rm -f "$work"/*.times
    for turn in $(seq "$turns"); do
        for program in "${programs[@]}"; do
            rm -rf "$work/run"
            { time "${program#*=}" run "$@" --threads "${THREADS:-1}" \
                --out "$work/run" --quiet >"$work/out" 2>&1
            } 2>"$work/time" || { cat "$work/out" >&2; exit 1; }
            awk '{ print $2 + $3, $1 }' "$work/time" >>"$work/${program%%=*}.times"
        done
    done
    for program in "${programs[@]}"; do
        name=${program%%=*}
        read -r processor wall <<<"$(median "$work/$name.times")"
        first=${first:-$processor}
        printf '%-36s %-10s %12.2f %9.2f %6.2f %5d\n' "$title" "$name" "$processor" \
            "$wall" "$(awk "BEGIN { print $processor / $first }")" "$turns"
    done
}

programs=("$@")
[ $# -gt 0 ] || { echo "runs.sh: which programs? NAME=PROGRAM" >&2; exit 2; }
printf '%-36s %-10s %12s %9s %6s %5s\n' run program 'processor s' 'wall s' x turns
row 3 'ib-tanh, 100 measured epochs' configs/ib-tanh.ini --set train.epochs=99 \
    --set measure.policy=every --set measure.every=1
row 3 'ib-tanh, 177 ticks, 2 seeds' configs/ib-tanh.ini --set train.replicas=2
if [ -e "$fashion" ]; then
    row 1 'fashion-tanh, 1 epoch' configs/fashion-tanh.ini --set train.epochs=1
else
    echo "fashion-tanh is left out: $fashion is not there"
fi
[ $full = 1 ] || exit 0
row 1 'ib-tanh, 177 ticks, 50 seeds' configs/ib-tanh.ini --set train.replicas=50
if [ -e "$fashion" ]; then row 1 'fashion-tanh, 60 epochs' configs/fashion-tanh.ini; fi
