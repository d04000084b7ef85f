#!/bin/sh
# papers.sh - runs the published set-ups with several seeds and compares the planes
# with tests/papers.csv (papers.awk says how). Prints TAP; takes minutes.
#
#   tests/papers.sh ./infoplane
program=$1
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
status=0

# setup NAME CONFIG REPLICAS EPOCHS [OPTION..]: one run, measured at the epochs of the
# table.
setup() {
    name=$1 config=$2 replicas=$3 epochs=$4 last=${4##*,}
    shift 4
    "$program" run "configs/$config" --out "$place/$name" --device cpu --quiet \
        --set train.replicas="$replicas" --set train.epochs="$last" \
        --set measure.estimators=bin --set measure.policy=list \
        --set measure.list="$epochs" "$@" ||
        { echo "not ok 1 - $name: the run failed"; return 1; }
    awk -v setup="$name" -f tests/papers.awk tests/papers.csv "$place/$name/plane.csv" |
        tee "$place/log"
    grep -q '^1\.\.[1-9]' "$place/log" && ! grep -q '^not ok' "$place/log"
}

setup 2017-tanh ib-tanh.ini 5 0,100,400,1000,2000,4000,8000 || status=1
# The table's tanh planes have the 2017 bins in both set-ups: a softmax output of
# exactly 1 has a bin of its own there, which makes 0.3 bits.
setup 2018-tanh ib-tanh-2018.ini 5 0,50,400,8000 --set bin.form=edges || status=1
setup 2018-relu ib-relu.ini 4 0,100,8000 || status=1
exit $status
