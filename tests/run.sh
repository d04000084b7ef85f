#!/bin/sh
# run.sh - runs the test programs and counts their TAP lines.
#
#   tests/run.sh BUILD                 every test of BUILD, on this machine's devices
#   tests/run.sh BUILD EMU [CHECK..]   the device tests of BUILD on cuda:0 under the
#                                      emulator EMU, once for each CHECK: "plain" or
#                                      its settings, as in CUDAEMU_RACE=1
#
# Prints the failures with their context, a line for each program, and at the end
# "N passed, N failed, N skipped". Exit status 0 when at least one test ran and none
# failed. IPL_TEST_ONLY=kde,mi keeps to those programs.
set -u
# Asking for too much memory is one of the tests: NULL, as without the sanitizer.
export ASAN_OPTIONS="allocator_may_return_null=1:${ASAN_OPTIONS:-}"
build=$1
emulator=${2:-}
[ $# -ge 2 ] && shift 2 || shift 1
passed=0 failed=0 skipped=0
log=$(mktemp) || exit 1
trap 'rm -f "$log" "$log".*' EXIT

# run_one LABEL COMMAND...: one program; its counts are added to the totals.
run_one() {
    label=$1
    shift
    begin=$(date +%s)
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    # cmocka writes a skipped test as "not ok N # SKIP"; scripts write "ok N # SKIP".
    skip=$(grep -ciE '^(not )?ok .*# skip' "$log")
    ok=$(grep -iv '# skip' "$log" | grep -c '^ok ')
    bad=$(grep -iv '# skip' "$log" | grep -c '^not ok ')
    # A program that died before it could say so has failed once more.
    if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    echo "$label: $ok passed, $bad failed, $skip skipped ($(($(date +%s) - begin)) s)"
    grep '^# SKIP' "$log" | sort -u | head -4
    if [ "$bad" -gt 0 ]; then
        grep -v '^ok ' "$log" | tail -40
        echo "$label: exit status $status"
    fi
}

# wanted NAME: whether IPL_TEST_ONLY lets this program run.
wanted() {
    case ",${IPL_TEST_ONLY:-$1}," in *",$1,"*) return 0 ;; *) return 1 ;; esac
}

if [ -z "$emulator" ]; then
    for source in tests/test_*.c tests/test_*.sh; do
        [ -e "$source" ] || continue
        name=$(basename "$source")
        name=${name%.*} name=${name#test_}
        wanted "$name" || continue
        case $source in
        *.c) run_one "test_$name" "$build/tests/test_$name" ;;
        *.sh) run_one "test_$name" sh "$source" "$build" ;;
        esac
    done
else
    export IPL_TEST_DEVICES=cuda:0 IPL_TEST_NEED=cuda
    # The programs with a table that runs on each device end in ", 1)".
    programs=
    for source in $(grep -lE '^CHECK_MAIN\(.*, 1\)' tests/test_*.c); do
        name=$(basename "$source" .c)
        name=${name#test_}
        # Runs whose tables and notes are the host's work have nothing to add there.
        case $name in row_sets | doubts) continue ;; esac
        if wanted "$name"; then programs="$programs $name"; fi
    done
    # Of several checks those on one thread run side by side, a program at a time, each
    # as a run of its own.
    alone=$# aside=
    for check in "$@"; do
        case $check in
        *THREADS=1*)
            if [ "$alone" -gt 1 ]; then
                aside="$aside $check"
                continue
            fi
            ;;
        esac
        settings=$(echo "$check" | tr '+' ' ')
        [ "$check" = plain ] && settings=
        for name in $programs; do
            two=
            [ "$name" = places ] && two=CUDAEMU_DEVICES=2
            # shellcheck disable=SC2086 # several settings are several words
            run_one "test_$name cuda emulated $check" \
                env $settings $two "$emulator" "$build/tests/test_$name"
        done
    done
    for check in $aside; do
        for name in $programs; do echo "$check $name"; done
    done | xargs -r -L 1 -P "$(nproc)" sh -c 'IPL_TEST_SIDE=1 IPL_TEST_ONLY=$4 \
        sh tests/run.sh "$1" "$2" "$3" >"$0.$3.$4" 2>&1' "$log" "$build" "$emulator" &
    # What a lost device does to the program has nothing to do with the checks, nor have
    # ranks.
    for name in lost gpus_mpi; do
        if [ -z "${IPL_TEST_SIDE:-}" ] && wanted $name; then
            run_one "test_$name cuda emulated" sh tests/test_$name.sh "$build" \
                "$emulator"
        fi
    done
    wait
    counts='$s/^([0-9]*) passed, ([0-9]*) failed, ([0-9]*) skipped$/p=\1 f=\2 s=\3/p'
    for check in $aside; do
        for name in $programs; do
            one=$log.$check.$name
            [ -e "$one" ] || echo "test_$name $check: was not run" >"$one"
            sed '$d' "$one"
            # The last line of a run that died is no count: that is one more failure.
            eval "$(sed -nE "$counts" "$one" | grep . || echo 'p=0 f=1 s=0')"
            passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        done
    done
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
