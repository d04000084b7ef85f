#!/bin/sh
# against.sh - another revision of this program, as a peer of the benchmarks.
#
#   bench/against.sh REVISION
#
# Lays that revision's files out under build/against/, builds its library and program
# for the CPU, and bench/peer_infoplane.c of this tree in it; prints the folder, which
# then has `infoplane` and `peer_infoplane`. What is there already stays: a revision is
# built once.
set -eu
cd "$(dirname "$0")/.."
id=$(git rev-parse --short --verify "$1^{commit}")
tree=build/against/$id
mkdir -p "$tree/bench"
[ -f "$tree/Makefile" ] || git archive "$id" | tar -x -C "$tree"
cp bench/peer_infoplane.c "$tree/bench/"
make -s -j"$(nproc 2>/dev/null || echo 1)" -C "$tree" CUDA=0 MODE=release \
    REVISION="$id" infoplane build/release-cpu/bench/peer_infoplane >&2
ln -sfn build/release-cpu/bench/peer_infoplane "$tree/peer_infoplane"
echo "$tree"
