#!/usr/bin/env bash
# crash.sh - runs that are killed again and again, and their bytes.
#
#   tests/crash.sh PROGRAM [KILLS]    default: 100 kills for each of the two presets
#
# Each preset is run once in peace; then runs of the same configuration are killed
# with SIGKILL after a random time and resumed, in one to three workers, until they come
# to their end, which has to give the same tables and kept networks, byte for byte. The
# last line counts. Exit status 0 when all were equal.
set -u
program=$(realpath "$1")
kills_wanted=${2:-100}
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
RANDOM=${IPL_TEST_SEED:-1}
runs=0 kills=0 bad=0

# one_session DIR DELAY_MS ARGUMENTS...: starts or resumes, and kills after the delay.
# Returns 0 when the run came to its end before that.
one_session() {
    local dir=$1 delay=$2
    shift 2
    if [ -e "$dir/config.ini" ]; then
        "$program" resume "$dir" --quiet >>"$work/log" 2>&1 &
    else
        "$program" run "$@" --set run.lanes=$((1 + RANDOM % 3)) --out "$dir" --quiet \
            >>"$work/log" 2>&1 &
    fi
    local pid=$!
    sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
    if kill -9 $pid 2>/dev/null; then
        wait $pid 2>/dev/null
        local status=$?
        [ $status -eq 137 ] && return 1
        return $status
    fi
    wait $pid
}

# crash NAME ARGUMENTS...: runs of one configuration until enough were killed.
crash() {
    local name=$1 killed=0 longest begin
    shift
    begin=$(date +%s%N)
    "$program" run "$@" --out "$work/$name" --quiet || { echo "$name: $*"; exit 1; }
    longest=$((($(date +%s%N) - begin) / 1000000))
    while [ $killed -lt "$kills_wanted" ]; do
        local dir=$work/$name-again attempts=0
        rm -rf "$dir"
        : >"$work/log"
        # Each session gets a random share of a whole run's time, so that kills fall
        # everywhere; after many in one run it is let go to its end.
        while :; do
            local delay=$((RANDOM * longest * 4 / 5 / 32768 + 1))
            if [ $attempts -ge 25 ] && [ -e "$dir/config.ini" ]; then
                "$program" resume "$dir" --quiet >>"$work/log" 2>&1
            elif [ $attempts -ge 25 ]; then # none came so far
                "$program" run "$@" --out "$dir" --quiet >>"$work/log" 2>&1
            else
                one_session "$dir" $delay "$@"
            fi
            local status=$?
            [ $status -eq 0 ] && break
            if [ $status -ne 1 ] || [ $attempts -ge 25 ] || [ -s "$work/log" ]; then
                echo "$name: exit status $status"
                cat "$work/log"
                bad=$((bad + 1))
                return
            fi
            attempts=$((attempts + 1)) killed=$((killed + 1)) kills=$((kills + 1))
        done
        runs=$((runs + 1))
        for file in plane.csv plane_details.csv training.csv compression.csv \
            summary.csv pool.csv networks.bin; do
            [ -e "$work/$name/$file" ] || continue
            if ! cmp "$work/$name/$file" "$dir/$file"; then bad=$((bad + 1)); fi
        done
        if ls "$dir" | grep -vxF -e "$(ls "$work/$name")" >"$work/left"; then
            echo "$name: left behind: $(ls "$dir")"
            bad=$((bad + 1))
        fi
    done
    echo "$name: $killed kills, run of $longest ms"
}

crash ib-tanh configs/ib-tanh.ini --set train.epochs=150 --set measure.subset=512 \
    --set measure.policy=delta-exact --set measure.delta=0.05 --set run.checkpoint_s=0 \
    --set run.keep=measured --set pool.windows=0:4,60:64,last:3 \
    --set measure.estimators=bin
crash fashion-tanh configs/fashion-tanh.ini --set data.parts=test \
    --set data.limit=2000 --set "net.layers=784, 64-tanh, 20-tanh, 10" \
    --set train.epochs=12 --set measure.subset=200 --set measure.policy=delta-exact \
    --set measure.delta=0.02 --set run.checkpoint_s=0 --set run.snapshot_mib=1
echo "$kills kills in $runs runs, $bad differences"
[ $bad -eq 0 ] && [ $kills -ge $((2 * kills_wanted)) ]
