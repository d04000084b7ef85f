#!/bin/sh
# curves.sh PROGRAM - planes measured at every tick, for tests/test_recorded.c.
#
# Prints, for each curve, a line "curve,NAME,ticks,channels,h_x_bits,h_y_bits" and a
# line for each tick from 0 on: I(X;T) and I(T;Y) by turns, in bits, of each layer that
# is kept, by bin and by kde-upper. Each curve is a seed of one of these runs:
#
#   tanh     configs/ib-tanh.ini: rises at once, then compresses slowly
#   sigmoid  the same data: a plateau, a transition, and a second plateau
#   fashion  a small network on some images: smooth, all of it still rising
#
# Rows, ticks and layers are few, so that the file stays small.
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# record NAME LAYERS CONFIG SETTING...: a run, and its curves.
record() {
    name=$1 layers=$2 config=$3
    shift 3
    for setting in "$@"; do
        set -- "$@" --set "$setting"
        shift
    done
    "$program" run "$config" --out "$work/$name" --quiet "$@" --set measure.subset=256 \
        --set measure.policy=every --set measure.every=1
    number='\([0-9.e+-]*\)'
    ceilings=$(tr -d ' \n' <"$work/$name/run.json" |
        sed 's/.*"ceilings":{"i_xt_bits":'"$number"',"i_ty_bits":'"$number"'}.*/\1,\2/')
    awk -F, -v name="$name" -v layers=",$layers," -v ceilings="$ceilings" '
        NR > 1 && $4 != "kde-lower" && index(layers, "," $3 ",") {
            if (!($1 in ticks)) seed[++seeds] = $1
            if (last[$1] != $2 || !ticks[$1]) {
                last[$1] = $2
                ++ticks[$1]
                text[$1] = text[$1] (ticks[$1] > 1 ? "\n" : "")
            } else text[$1] = text[$1] ","
            text[$1] = text[$1] short($5) "," short($6)
            values[$1] += 2
        }
        function short(value, out) {
            out = sprintf("%.6f", value)
            sub(/\.?0+$/, "", out)
            return out == "-0" ? 0 : out
        }
        END {
            for (s = 1; s <= seeds; ++s)
                printf "curve,%s-%s,%d,%d,%s\n%s\n", name, seed[s], ticks[seed[s]],
                    values[seed[s]] / ticks[seed[s]], ceilings, text[seed[s]]
        }' "$work/$name/plane.csv"
}

record tanh 4,6 configs/ib-tanh.ini train.epochs=1000 train.replicas=2
record sigmoid 3,4 configs/ib-tanh.ini train.epochs=1000 train.learning_rate=1e-3 \
    "net.layers=12, 10-sigmoid, 7-sigmoid, 5-sigmoid, 2"
record fashion 2,3 configs/fashion-tanh.ini train.epochs=100 train.replicas=2 \
    data.parts=test data.limit=2000 "net.layers=784, 32-tanh, 16-tanh, 10"
