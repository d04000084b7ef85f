#!/bin/sh
# test_inherit.sh BUILD - what a process inherits: streams that are closed or full,
# files that are none, small limits, signals. Output is TAP.
set -u
program=$(realpath "$1/infoplane")
. tests/tap.sh
cd "$work" || exit 1

cat >c.ini <<END
[data]
limit = 100
[net]
layers = 12, 4-tanh, 2
[train]
epochs = 5
[measure]
policy = every
END
printf '0,1\n1,0\n1,1\n0,0\n' >t.csv
awk 'BEGIN { for (i = 1; i <= 300; ++i) print sin(i) "," cos(3 * i) "," sin(i * i) }' \
    >rows.csv
"$program" estimate --t rows.csv --estimator renyi --quiet >rows.want
holds 'a run' "$program" run c.ini --out want --quiet --set run.keep=measured

# -- Streams ------------------------------------------------------------------------

# Which of 0, 1 and 2 are closed: results are the same, and only what cannot be printed
# is an error.
for closed in '' 0 1 2 01 02 12 012; do
    (
        case $closed in *0*) exec <&- ;; esac
        case $closed in *1*) exec >&- ;; esac
        case $closed in *2*) exec 2>&- ;; *) exec 2>said ;; esac
        "$program" run c.ini --out run
    ) >out </dev/null
    echo $? >status
    case $closed in *1*) echo 1 ;; *) echo 0 ;; esac >wanted
    holds "closed: $closed: the exit status" cmp status wanted
    holds "closed: $closed: the rows" cmp run/plane.csv want/plane.csv
    [ "$closed" = 1 ] && holds 'it is said' grep -q '^infoplane: standard output: ' said
    rm -rf run
done

for command in --version --help 'run --help' 'run --keys' devices 'resume want' \
    'estimate --t t.csv' 'estimate --t t.csv --json' 'audit c.ini --out audit'; do
    for to in /dev/full closed; do
        # shellcheck disable=SC2086 # several words
        case $to in
        closed) "$program" $command 2>err >&- ;;
        *) "$program" $command 2>err >/dev/full ;;
        esac
        got=$?
        rm -rf audit
        holds "$command, standard output $to" sh -c "
            test $got -eq 1 && test \$(grep -c 'standard output: ' err) -eq 1"
    done
done
holds 'a reader that went away' sh -c "
    { '$program' run --keys 2>err; echo \$? >status; } | head -n 1 >out
    test ! -s err || grep -q 'standard output: ' err"

# -- Files that are none --------------------------------------------------------------

mkfifo fifo fifo.csv
mkdir folder
alarm='timeout 10'
kind() {
    words=$1
    shift
    $alarm "$program" "$@" >out 2>err </dev/null
    got=$?
    grep -v '^infoplane: on cpu' err >err.rest
    holds "$*: $words" sh -c "
        test $got -eq 1 && test \$(wc -l <err.rest) -eq 1 && grep -qF '$words' err"
}
kind 'fifo: a pipe that nobody wrote to' run fifo --out none
kind '/dev/zero: a device' run /dev/zero --out none
kind 'folder: a directory' run folder --out none
kind 'fifo.csv: a pipe' estimate --t fifo.csv
kind 'fifo.csv: a pipe' estimate --t t.csv --y fifo.csv
kind 'fifo.csv: a pipe' estimate --t t.csv --x fifo.csv --estimator ksg
kind 'fifo.csv: a pipe' estimate --t fifo.csv:a
kind '/dev/null: a device' estimate --t /dev/null
kind 'fifo: a pipe' run c.ini --set data.set=mat --set data.path=fifo --out none
cp -r want pipes
for file in run.json plane.csv training.csv; do
    rm pipes/$file
    mkfifo pipes/$file
    kind "pipes/$file: a pipe" plot pipes -o p.svg
    rm pipes/$file
    cp want/$file pipes
done
holds 'a pipe given on purpose' sh -c "
    cat c.ini | '$program' run /dev/stdin --out piped --quiet &&
    cmp piped/plane.csv want/plane.csv"

# -- Limits ---------------------------------------------------------------------------

# The right rows or one line, and an end.
limited() {
    name=$1
    rm -rf run
    (
        eval "$name"
        exec $alarm "$program" run c.ini --out run --quiet
    ) >out 2>err </dev/null
    got=$?
    case $got in
    0) holds "$name: the rows" cmp run/plane.csv want/plane.csv ;;
    124) not_ok "$name: has no end" err ;;
    *)
        holds "$name: one line" test "$(wc -l <err)" -eq 1
        grep -q 'resume run goes on' err || return
        holds "$name: goes on" "$program" resume run --quiet
        holds "$name: to the rows" cmp run/plane.csv want/plane.csv
        ;;
    esac
}
for n in 5 8 10; do limited "ulimit -n $n"; done
for blocks in 2 4; do limited "ulimit -f $blocks"; done
case $1 in
*asan* | *tsan*) skip 'small address spaces' 'sanitizers need terabytes' ;;
*-cuda) skip 'small address spaces' 'the libraries of CUDA alone are larger' ;;
*)
    for mib in 20 60 100 200 300 600; do
        limited "ulimit -v $((mib * 1024))"
        (
            ulimit -v $((mib * 1024))
            exec $alarm "$program" --version
        ) >out 2>err
        got=$?
        holds "--version in $mib MiB" sh -c "
            test $got -eq 0 || { test $got -ne 124 && test \$(wc -l <err) -eq 1; }"
        (
            ulimit -v $((mib * 1024))
            exec $alarm "$program" estimate --t rows.csv --estimator renyi --quiet
        ) >out 2>err
        got=$?
        holds "estimate in $mib MiB" sh -c "
            if [ $got -eq 0 ]; then cmp out rows.want
            else test $got -ne 124 && test \$(wc -l <err) -eq 1; fi"
    done
    # The advice is followed.
    limited 'ulimit -v 307200'
    threads=$(sed -n 's/.*use \(--threads [0-9]*\)$/\1/p' err)
    if [ -n "$threads" ]; then
        # shellcheck disable=SC2086 # two words
        holds "$threads" sh -c "ulimit -v 307200
            '$program' run c.ini --out advised --quiet $threads"
        holds 'has the rows' cmp advised/plane.csv want/plane.csv
    fi
    ;;
esac

# -- Signals --------------------------------------------------------------------------

# stopped SIGNAL: of a run that would take minutes, which then goes on. These tests may
# have been started by nohup.
stopped() {
    rm -rf run
    env --default-signal=HUP "$program" run c.ini --out run --quiet \
        --set train.epochs=1000000 --set measure.policy=log \
        --set measure.log_dense=1 2>err &
    pid=$!
    until [ -s run/training.csv ]; do sleep 0.05; done
    sleep 0.2
    kill -s "$1" $pid
    wait $pid
    echo $? >status
}
for signal in HUP TERM; do
    stopped $signal
    holds "SIG$signal: exit status 1" grep -qx 1 status
    holds 'says how to go on' grep -q 'infoplane resume run goes on' err
    holds 'the training is saved' test -s run/state.bin
done
rm -rf run
(
    trap '' HUP
    exec "$program" run c.ini --out run --quiet --set train.epochs=2000
) &
pid=$!
until [ -s run/training.csv ]; do sleep 0.02; done
kill -s HUP $pid
holds 'under nohup the run goes on' wait $pid

# -- What estimate left is no run ------------------------------------------------------

"$program" export want --tick all --out npy
holds 'estimates of a folder' "$program" estimate --t npy --out made --quiet
kind 'made: no config.ini: results of infoplane estimate' resume made
kind 'made: no config.ini: results of infoplane estimate' measure made --out again
kind 'made: no config.ini: results of infoplane estimate' export made --out again
kind 'made: no config.ini: results of infoplane estimate' audit made --out again
plan
