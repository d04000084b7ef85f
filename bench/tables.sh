#!/usr/bin/env bash
# tables.sh - the tables of the CPU in bench/README.md, with another revision beside.
#
#   bench/tables.sh BUILD REVISION
#
# Builds that revision (against.sh), runs the benchmarks of BUILD with it in turns, and
# prints their tables, which also replace what stands between the marks of the same name
# in bench/README.md. JAX=PYTHON: a Python that has JAX. ONLY="kde bin": these alone.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
against=$(sh bench/against.sh "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=/usr/bin/python3
jax=${JAX:-$python}

kde() { "$build/bench/bench_kde" --json "$work/json" "$@"; }
title() {
    echo "infoplane $(git rev-parse --short HEAD), old: ${against##*/}"
}

table_kde() {
    title
    kde --peer "old=$against/peer_infoplane" real families large
}
table_widths() {
    title
    kde widths
}
table_peers() {
    local more=()
    title
    if "$jax" -c 'import jax' 2>/dev/null; then
        more=(--peer "jax=$jax bench/peer_jax.py")
    else
        echo "# JAX is left out: $jax cannot import it"
    fi
    kde --only '*-tanh e[24]*' --peer "numpy=$python bench/peer_numpy.py" \
        "${more[@]}" real
}
table_bin() {
    title
    "$build/bench/bench_bin" --peer "numpy=$python bench/peer_bin.py" \
        --peer "old=$against/peer_infoplane"
}
table_runs() {
    title
    bench/runs.sh "new=$build/infoplane" "old=$against/infoplane"
}
table_accuracy() {
    title
    "$build/bench/accuracy_kde" | grep -v '^ok' || true
}

for name in ${ONLY:-kde widths peers bin runs accuracy}; do
    echo "== $name"
    { echo; "table_$name" | sed -u 's/^\(.\)/    \1/'; echo; } | tee "$work/table"
    sed -i -e "/$name: begin/r $work/table" \
        -e "/$name: begin/,/$name: end/{/$name: /!d}" bench/README.md
done
