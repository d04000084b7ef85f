#!/usr/bin/env bash
# memory.sh - the largest memory (VmHWM) of a long run, as it goes on.
#
#   bench/memory.sh PROGRAM [EPOCHS] [ARGUMENTS of run...]
#
# Prints the epoch that plane.csv has reached and the peak so far, each time that the
# epoch has passed another tenth, and at the end the peak of the snapshots.
set -euo pipefail
program=$(realpath "$1")
epochs=${2:-10000}
shift $(($# < 2 ? $# : 2))
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$program" run configs/ib-tanh.ini --set train.epochs="$epochs" \
    --set measure.policy=every --set measure.every=1 --out "$work/run" --quiet "$@" &
pid=$!
next=0 peak=0
echo "| epochs measured | VmHWM, KiB |"
echo "|---|---|"
while kill -0 $pid 2>/dev/null; do
    sleep 0.1
    now=$(awk '/VmHWM/ { print $2 }' /proc/$pid/status 2>/dev/null || true)
    [ -n "$now" ] && peak=$now || continue
    at=$(tail -n 1 "$work/run/plane.csv" 2>/dev/null | cut -d, -f2 || true)
    case $at in '' | *[!0-9]*) continue ;; esac
    if [ "$at" -ge "$next" ]; then
        echo "| $at | $peak |"
        next=$((at - at % (epochs / 10) + epochs / 10))
    fi
done
wait $pid
echo
echo "snapshots: $(sed -n '/"snapshots"/,/}/p' "$work/run/run.json" | tr -d ' \n{}"')"
