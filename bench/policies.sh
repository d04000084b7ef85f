#!/usr/bin/env bash
# policies.sh - what each policy measures of a training, and what that costs.
#
#   bench/policies.sh PROGRAM [ib-tanh EPOCHS] [fashion-tanh EPOCHS]
#
# Runs each preset once a policy and prints a Markdown table: ticks measured, wall time
# of the whole run, time of training and of measuring (side by side), and the largest
# gap D that the policy leaves between consecutive points: max over layers, estimators
# and X, Y of |I_a - I_b| / H, from plane.csv. The table replaces what stands between
# the two marks in bench/README.md, where they are. DELTA=0.02 is the delta policies'.
set -euo pipefail
program=$(realpath "$1")
ib_epochs=${2:-10000} fashion_epochs=${3:-60}
delta=${DELTA:-0.02}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# row PRESET NAME ARGUMENTS...: one run and its line of the table.
row() {
    local preset=$1 name=$2 dir=$work/$1-$2
    shift 2
    "$program" run "configs/$preset.ini" "$@" --set measure.delta="$delta" \
        --out "$dir" --quiet
    /usr/bin/python3 - "$dir" "$name" <<'PYTHON'
import csv, json, sys
about = json.load(open(sys.argv[1] + "/run.json"))
ceiling = about["ceilings"]
points = {}
for r in csv.DictReader(open(sys.argv[1] + "/plane.csv")):
    points.setdefault(int(r["epoch"]), []).append(
        (float(r["i_xt_bits"]) / ceiling["i_xt_bits"],
         float(r["i_ty_bits"]) / ceiling["i_ty_bits"]))
ticks = sorted(points)
gaps = [(max(max(abs(p[0] - q[0]), abs(p[1] - q[1]))
             for p, q in zip(points[a], points[b])), b - a)
        for a, b in zip(ticks, ticks[1:])]
far = max((g for g, step in gaps if step > 1), default=0.0)
s = about["seconds"]
print(f"| {sys.argv[2]} | {len(ticks)} | {s['wall']:.1f} | {s['train']:.1f} "
      f"| {s['measure']:.1f} | {max(g for g, _ in gaps):.3f} | {far:.3f} "
      f"| {100 * about['utilisation']['cores']:.0f} % |")
PYTHON
}

# table PRESET EPOCHS ARGUMENTS...
table() {
    local preset=$1 epochs=$2
    shift 2
    echo
    echo "$preset, $epochs epochs${*:+, }$*:"
    echo
    echo "| policy | ticks measured | wall s | training s | measuring s |" \
         "largest gap | over skipped ticks | cores busy |"
    echo "|---|---|---|---|---|---|---|---|"
    local settings=()
    for one in "$@"; do settings+=(--set "$one"); done
    settings+=(--set train.epochs="$epochs")
    row "$preset" 'every tick' "${settings[@]}" --set measure.policy=every \
        --set measure.every=1
    row "$preset" 'every 10' "${settings[@]}" --set measure.policy=every \
        --set measure.every=10
    row "$preset" 'log' "${settings[@]}" --set measure.policy=log
    row "$preset" 'delta-approx' "${settings[@]}" --set measure.policy=delta-approx \
        --set measure.halve=yes
    row "$preset" 'delta-exact' "${settings[@]}" --set measure.policy=delta-exact
}

{
    "$program" run configs/ib-tanh.ini --set train.epochs=1 --out "$work/first" --quiet
    /usr/bin/python3 - "$work/first/run.json" "$delta" <<'PYTHON'
import json, sys
about = json.load(open(sys.argv[1]))
device = about["device"]
print(f"On {device['name']} ({device['description']}, {device['threads']} threads), "
      f"delta = {sys.argv[2]} scaled, infoplane {about['infoplane']}.\n"
      "Gaps are in units of H(X) and H(Y).")
PYTHON
    table ib-tanh "$ib_epochs" ${IB_SETTINGS:-}
    table fashion-tanh "$fashion_epochs" ${FASHION_SETTINGS:-}
} | tee "$work/table"

if grep -qs 'policies: begin' bench/README.md; then
    sed -i -e "/policies: begin/r $work/table" \
        -e '/policies: begin/,/policies: end/{/policies:/!d}' bench/README.md
fi
