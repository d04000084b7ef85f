#!/bin/sh
# test_lost.sh BUILD [EMU] - what the program does when its GPU fails or is lost.
#
# Runs, estimates and benchmarks in which one call of CUDA or cuBLAS fails, and after it
# all of them where the fault takes the context (tests/fault_cuda.c), at calls spread
# over the whole work. Each must end with status 1 and one line that carries the call
# or the kernel and the library's text. What a run measured before is in plane.csv, and
# resuming gives the bytes of a run that nothing happened to. On cuda:0, or under the
# emulator EMU; skipped where there is neither. Output is TAP.
set -u
build=$(realpath "$1")
program=$build/infoplane
library=$build/tests/fault.so
emulator=${2:+$(realpath "$2")}
config=$(realpath configs/ib-tanh.ini)
unset IPL_LOG IPL_DEBUG_SYNC
. tests/tap.sh
cd "$work" || exit 1

skip_all() {
    if [ "${IPL_TEST_NEED:-}" = cuda ] && [ -z "$emulator" ]; then
        not_ok "lost devices: $1"
    else
        skip 'lost devices' "$1"
    fi
    plan
    exit 0
}

case $build in
*asan* | *tsan*) skip_all 'a sanitizer wants to be preloaded itself' ;;
*-cpu) skip_all 'built without CUDA' ;;
esac
if [ -z "$emulator" ] && ! "$program" devices | grep -q '^cuda:0 *[0-9]'; then
    skip_all 'no GPU'
fi

# with FAULT COMMAND...: under the emulator's libraries, if any, and before them ours.
with() {
    fault=$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands it
    IPL_TEST_FAULT=$fault timeout 120 $emulator sh -c \
        'LD_PRELOAD=$0${LD_PRELOAD:+:$LD_PRELOAD} exec "$@"' "$library" "$@" </dev/null
}

# The picture is no matter here, and takes as long as the run.
mkdir bin
cat >bin/gnuplot <<'END_GNUPLOT'
#!/bin/sh
echo '</svg>' >"$(sed -n "s/^set output '\(.*\)'\$/\1/p" "$2")"
END_GNUPLOT
chmod +x bin/gnuplot
PATH=$work/bin:$PATH
export PATH

# start FAULT NET DIR: a small run; one wide layer has cuBLAS and graphs take part.
start() {
    case $2 in
    wide) layers='12, 70-tanh, 4-tanh, 2' ;;
    *) layers='12, 10-tanh, 4-tanh, 2' ;;
    esac
    with "$1" "$program" run "$config" --out "$3" --device "${devices:-cuda}" --quiet \
        --set "net.layers=$layers" --set train.epochs=6 --set train.batch=128 \
        --set data.limit=256 --set measure.subset=64 --set measure.policy=every \
        --set measure.every=1
}
rows_a_tick=9 # 3 layers by bin, kde-upper, kde-lower

# of DIR KEY: a number of its run.json.
of() { sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p" "$1/run.json"; }

# one_line NAME STATUS WORDS: of what stands in `err`, from a command with that status.
one_line() {
    sed -i '/^cudaemu: /d' err # the emulator's own
    if [ "$2" -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q '^infoplane: ' err &&
        grep -qE -- "$3" err; then
        return 0
    fi
    echo "# status $2, expected 1 and one line with '$3'"
    not_ok "$1" err
    return 1
}

for net in wide tiny; do
    if ! IPL_TEST_FAULT_LOG=$work/$net.calls start none:0:0 $net $net >out 2>err; then
        not_ok "the unbroken $net run" out err
        plan
        exit 1
    fi
done
# Which of the two a <<<>>> calls depends on the toolkit.
launch=$(sed -n 's/^\(_*cudaLaunchKernel\) .*/\1/p' wide.calls)
measured_before=0 failed=0

# breaks NET NAME SHARE ERROR[:lost] WORDS: the fault at this share (percent) of the
# calls of NAME that the unbroken run made. How many there are depends on which epochs
# are measured together, so a late one may come too late; and memory that was missing
# for several epochs may be there for one. Results have to be right all the same.
breaks() {
    calls=$(sed -n "s/^$2 //p" "$1.calls")
    at=$((1 + (${calls:-0} - 1) * $3 / 100))
    name="$1 run, $2 number $at of ${calls:-0} fails ($4)"
    rm -rf broken
    start "$2:$at:$4" "$1" broken >out 2>err
    status=$?
    if { [ "$3" -gt 50 ] || [ "$4" = 2 ]; } && [ $status -eq 0 ] && [ ! -s err ]; then
        name="$name: the run goes on"
    elif ! one_line "$name" $status "$5"; then
        return
    elif [ ! -e broken ]; then
        failed=$((failed + 1))
        ok "$name: before the run began"
        return
    else
        known=$(of broken ticks_measured)
        rows=$(($(wc -l <broken/plane.csv) - 1))
        # Lanes are not even: what one had measured may come after what another lost.
        if [ $rows -ne $((known * rows_a_tick)) ] ||
            grep -qvxFf "$1/plane.csv" broken/plane.csv; then
            echo "# $known ticks are measured, plane.csv has $rows rows"
            not_ok "$name: what was measured before is kept" err broken/plane.csv
            return
        fi
        failed=$((failed + 1))
        measured_before=$((measured_before + known))
        if ! with none:0:0 "$program" resume broken --quiet >out 2>err ||
            [ "$(of broken ticks_of_earlier_sessions)" -ne "$known" ]; then
            not_ok "$name: and the run can be resumed" out err
            return
        fi
        name="$name: $known of 7 epochs kept, resumed"
    fi
    if cmp "$1/plane.csv" broken/plane.csv >err 2>&1 &&
        cmp "$1/training.csv" broken/training.csv >>err 2>&1 &&
        cmp "$1/compression.csv" broken/compression.csv >>err 2>&1; then
        ok "$name"
    else
        not_ok "$name: results differ" err
    fi
}

# -- Runs: opening, upload, training, snapshots, measuring, the end -----------------
launched='launch failure.*kernel.*new process|lost, go on in a new process.*kernel'
illegal='(illegal memory access.*new process|new process: .*illegal memory access)'
for share in 0 20 40 60 80 100; do
    breaks wide "$launch" $share 719:lost "$launched"
done
breaks tiny "$launch" 50 719:lost "$launched"
breaks tiny "$launch" 75 701 'kernel'
# In the middle of an epoch's kernels: what training did then is no state to go on from.
for share in 9 10 11 12; do breaks wide "$launch" $share 701 'kernel'; done
for share in 0 35 70 100; do
    breaks wide cudaStreamSynchronize $share 700:lost "$illegal"
done
breaks tiny cudaStreamSynchronize 60 700:lost "$illegal"
breaks wide cudaMemcpyAsync 0 700:lost "cudaMemcpyAsync.*$illegal"
breaks wide cudaMemcpyAsync 80 700:lost "$illegal"
breaks wide cudaSetDevice 50 719:lost "$launched"
breaks wide cudaGraphLaunch 50 719:lost "$launched"
breaks wide cudaEventSynchronize 0 719:lost "$launched"
for share in 0 40 70 100; do
    breaks wide cudaMalloc $share 2 \
        '[0-9]+ bytes for .*: cuda:0 has [0-9]+ of [0-9]+ free'
done
breaks wide cudaMallocHost 100 2 'cudaMallocHost: out of memory'
breaks wide cudaGraphInstantiate 0 2 'cudaGraphInstantiate: out of memory'
breaks wide cublasCreate_v2 50 1 'cublasCreate: .*NOT_INITIALIZED'
breaks wide cublasSgemm_v2 30 13 'cublasSgemm: .*EXECUTION_FAILED'
breaks wide cublasSgemm_v2 80 700:lost "cublasSgemm: .*EXECUTION_FAILED|$illegal"
breaks wide cublasSgemmStridedBatched 10 14 \
    'cublasSgemmStridedBatched: .*INTERNAL_ERROR'
breaks wide cublasSgemmStridedBatched 90 719:lost "EXECUTION_FAILED|$launched"
name="$failed runs failed, before them $measured_before epochs were measured"
if [ $failed -ge 15 ] && [ $measured_before -gt 0 ]; then ok "$name"
else not_ok "$name: too few to tell"; fi

# -- A second GPU: what it had is measured by the first, and the run goes on ----------
# loses NAME SHARE ERROR[:lost]: the fault is at this share of the second one's calls.
loses() {
    calls=$(sed -n "s/^$1 //p" two.calls)
    at=$((1 + (${calls:-0} - 1) * $2 / 100))
    name="cuda:1 of two, $1 number $at of ${calls:-0} fails ($3)"
    rm -rf broken
    start "$1:$at:$3" wide broken >out 2>err
    status=$?
    sed -i '/^cudaemu: /d' err
    if [ $status -eq 1 ] && [ ! -e broken ]; then
        one_line "$name" 1 'cuda:1|launch failure' && ok "$name: before the run began"
    elif [ $status -ne 0 ] || [ "$(wc -l <err)" -gt 1 ] ||
        grep -qv '^infoplane: cuda:1: .*; the others go on$' err; then
        echo "# status $status, expected 0 and one line at most"
        not_ok "$name: the run goes on" err
    elif ! cmp wide/plane.csv broken/plane.csv >out 2>&1 ||
        ! cmp wide/training.csv broken/training.csv >>out 2>&1; then
        not_ok "$name: results differ" out
    else
        goes_on=$((goes_on + $(wc -l <err)))
        ok "$name: the run goes on, $(wc -l <err) line"
    fi
}
if [ -n "$emulator" ]; then
    export CUDAEMU_DEVICES=2 IPL_TEST_FAULT_DEVICE=1
    devices=cuda:0,cuda:1 goes_on=0
    if IPL_TEST_FAULT_LOG=$work/two.calls start none:0:0 wide two >out 2>err &&
        cmp wide/plane.csv two/plane.csv >>out 2>&1; then
        ok 'two GPUs have the results of one'
    else
        not_ok 'two GPUs have the results of one' out err
    fi
    for share in 0 30 60 90; do loses "$launch" $share 719:lost; done
    for share in 50 95; do loses cudaStreamSynchronize $share 700:lost; done
    loses cublasSgemm_v2 50 13
    if [ $goes_on -gt 0 ]; then ok "$goes_on runs have lost their second GPU"
    else not_ok 'no run has lost its second GPU'; fi
    unset CUDAEMU_DEVICES IPL_TEST_FAULT_DEVICE devices
fi

# -- Other commands -----------------------------------------------------------------
printf '[data]\nlimit = 200\n' >small.ini
"$program" dataset small.ini --out set >out 2>err || not_ok 'dataset' out err

# fails FAULT WORDS ARGUMENT...: one line, and estimates print nothing.
fails() {
    fault=$1 words=$2
    shift 2
    with "$fault" "$program" "$@" --device cuda >out 2>err
    status=$?
    one_line "infoplane $1, $fault" $status "$words" || return
    if [ "$1" = estimate ] && [ -s out ]; then not_ok "infoplane $1, $fault" out
    else ok "infoplane $1, $fault: one line"; fi
}
for estimator in bin kde; do
    set -- estimate --t set/X.npy --y set/y.npy --estimator $estimator
    fails "$launch:1:719:lost" "$launched" "$@"
    fails "$launch:3:719:lost" "$launched" "$@"
    fails cudaStreamSynchronize:4:700:lost "$illegal" "$@"
    fails cudaMalloc:4:2 '[0-9]+ bytes for ' "$@"
done
fails "$launch:5:719:lost" "$launched" bench bin --seconds 0.001
fails "$launch:60:700:lost" "$illegal" bench bin --seconds 0.001
fails cudaMalloc:9:2 'bytes|out of memory' bench bin --seconds 0.001
if [ -n "$emulator" ]; then # as small as it comes
    with none:0:0 "$program" bench runs --device cuda --seconds 0.001 --json >rows 2>err
    holds 'whole runs are timed, beside what was predicted' \
        test "$(grep -c '"predicted_h100_s":[0-9.]*,"cpu_epoch_ms":null' rows)" = 2
fi

# -- A GPU that is too small --------------------------------------------------------
if [ -n "$emulator" ]; then
    export CUDAEMU_MEM_MB=66
    fails none:0:0 \
        'the run takes [0-9]{7,} bytes of cuda:0, which has [0-9]{7,} for it' \
        run "$config" --quiet --set train.replicas=500 --set "net.layers=12, 70-tanh, 2"
    # 48 MB where 45 MB may be used: the layer has to come in blocks of rows.
    CUDAEMU_MEM_MB=78
    /usr/bin/python3 -c 'import numpy as np; r = np.random.default_rng(1)
np.save("wide.npy", np.tanh(r.integers(-2, 3, (3000, 4000)).astype(np.float32)))'
    "$program" estimate --t wide.npy --estimator bin --json --device cpu >want 2>err
    # shellcheck disable=SC2086 # the emulator is a word or none
    $emulator "$program" estimate --t wide.npy --estimator bin --json --device cuda \
        >out 2>err
    if [ -s want ] && cmp -s want out; then ok 'a layer larger than the GPU'
    else not_ok 'a layer larger than the GPU' want out err; fi
    # One that just fits, one that does not, one that is small: each has all of the GPU.
    mkdir epochs
    cp wide.npy epochs/epoch_0_layer_2.npy
    /usr/bin/python3 -c 'import numpy as np
t = np.load("wide.npy")
np.save("epochs/epoch_0_layer_1.npy", t[:, :3600].copy())
np.save("epochs/epoch_0_layer_3.npy", t[:, :3].copy())'
    for device in cpu cuda; do
        # shellcheck disable=SC2086
        $emulator "$program" estimate --t epochs --estimator bin --device $device \
            --out folder-$device --quiet >out 2>err ||
            not_ok "a folder on $device" out err
    done
    if cmp folder-cpu/plane_details.csv folder-cuda/plane_details.csv >out 2>&1 &&
        cmp folder-cpu/plane.csv folder-cuda/plane.csv >out 2>&1
    then ok 'a folder with a layer larger than the GPU'
    else not_ok 'a folder with a layer larger than the GPU' out; fi
fi
plan
