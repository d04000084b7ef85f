#!/usr/bin/env bash
# faults.sh - work in which the n-th allocation, read, write, sync, rename, open or
# thread fails, for each n there is.
#
#   tests/faults.sh BUILD [SAMPLE] [WORK..]   each SAMPLE-th n, default all; of all work
#
# Each fault comes twice: once, and with all later ones of its kind (tests/fault.c). It
# ends the program with status 1 and one line on stderr; or the program can do without,
# and has made all that it makes in peace. A run directory is then resumed, or begun
# anew where the run never was, and has each file of an unbroken run, byte for byte, and
# each key of its run.json. Two workers; the last line counts.
set -u
build=$(realpath "$1")
sample=${2:-1}
shift $(($# < 2 ? $# : 2))
# In memory where it can be: a disk's syncs take their time.
[ -w /dev/shm ] && TMPDIR=/dev/shm
work=$(TMPDIR=${TMPDIR:-/tmp} mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
# Of its own: a program of another revision does not go on with a run.
cp "$build/infoplane" "$build/tests/fault.so" . || exit 1
program=$work/infoplane library=$work/fault.so
case $build in
*asan*) # which does not come first here, and sees what fault.c opens
    echo leak:dl_open_worker_begin >suppressed
    export ASAN_OPTIONS=verify_asan_link_order=0:allocator_may_return_null=1
    export LSAN_OPTIONS=suppressions=$work/suppressed:print_suppressions=0
    ;;
esac
unset IPL_LOG
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TMPDIR=$work PATH=$work/bin:$PATH

mkdir bin
cat >bin/gnuplot <<'END_GNUPLOT'
#!/bin/sh
echo '</svg>' >/dev/fd/3
END_GNUPLOT
chmod +x bin/gnuplot
cat >tiny.ini <<'END_INI'
[data]
limit = 60
[net]
layers = 12, 3-tanh, 2
[train]
epochs = 3
batch = 30
[measure]
estimators = bin, kde, ksg
subset = 30
policy = every
every = 1
[run]
keep = measured
checkpoint_s = 0
END_INI
sed 's/^limit.*/limit = 200/' tiny.ini >whole.ini
{
    sed '/^keep/d; s/kde, ksg/kde/' tiny.ini
    printf '[sweep]\nnet.activation = tanh, relu\nbin.edges = 5, 9\ntrain.seed = 1:2\n'
} >study.ini
printf '[data]\nset = mat\npath = x.mat\nmat_x = x\n[net]\nlayers = 3, 2\n' >mat.ini
/usr/bin/python3 - <<'END_PYTHON' || exit 1
import numpy as np, os, struct, zlib
r = np.random.default_rng(1)
x = r.random((24, 3)).astype(np.float32)
np.save("x.npy", x)
np.save("y.npy", r.integers(0, 2, 24).astype(np.int32))
np.savez_compressed("x.npz", a=x, b=x[:, :2])
np.savetxt("x.csv", x, delimiter=",", fmt="%.6g")
os.mkdir("layers")
for e in range(2):
    for l in range(1, 3):
        np.save(f"layers/epoch_{e}_layer_{l}.npy", x[:, :l] + e)

def tagged(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

def variable(name, a):
    shape = struct.pack("<ii", *a.shape)
    packed = zlib.compress(tagged(14, tagged(6, struct.pack("<II", 6, 0))
                                  + tagged(5, shape) + tagged(1, name)
                                  + tagged(9, a.astype("<f8").tobytes("F"))))
    return struct.pack("<II", 15, len(packed)) + packed

head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4d49)
y = np.arange(24).reshape(24, 1) % 2
open("x.mat", "wb").write(head + variable(b"x", x) + variable(b"y", y))
END_PYTHON

# command_of WORK: what makes `r`, a run directory, or `out`, or `text`, in this folder.
command_of() {
    local run=(run "$work/tiny.ini" --device cpu --out r --quiet)
    local estimate=(estimate --device cpu --quiet --y "$work/y.npy" --t "$work")
    case $1 in
    run) command=("${run[@]}") ;;
    lanes) command=("${run[@]}" --set train.replicas=3 --set run.lanes=2
        --set run.snapshot_mib=0 --set measure.estimators=bin
        --set measure.policy=delta-exact --set measure.delta=0.1
        --set measure.rows=train,all) ;;
    pools) command=("${run[@]}" --set measure.estimators=bin --set pool.windows=0:1) ;;
    resume) command=(resume r --quiet) ;;
    sweep) command=(sweep "$work/study.ini" --device cpu --threads 1 --out r --quiet) ;;
    measure) command=(measure ../run/r --out r --quiet) ;;
    export) command=(export ../run/r --tick all --out out --quiet) ;;
    audit) command=(audit ../run/r --out out --quiet) ;;
    plot) command=(plot ../run/r -o out.svg) ;;
    causes) command=(plot ../audit/out --what audit -o out.svg) ;;
    dataset) command=(dataset "$work/whole.ini" --out out) ;;
    mat) command=(dataset "$work/mat.ini" --out out) ;;
    npy) command=("${estimate[@]}/x.npy" --estimator bin,kde,ksg,renyi) ;;
    npz) command=("${estimate[@]}/x.npz" --error jackknife --json) ;;
    csv) command=("${estimate[@]}/x.csv" --bin-quantiles 3) ;;
    folder) command=("${estimate[@]}/layers" --out r) ;;
    esac
}
all=(run audit resume lanes pools sweep measure export plot causes dataset npy npz csv
    folder)
case $build in *-nomat-*) ;; *) all+=(mat) ;; esac

# do_work WORK FAULT: leaves `text` and `err`. Its status is that of the program.
do_work() {
    command_of "$1"
    [ "$1" = resume ] && cp -r ../half r
    timeout 20 env IPL_TEST_FAULT="$2" LD_PRELOAD="$library" "$program" \
        "${command[@]}" >text 2>err </dev/null
}

keys_of() { grep -o '^ *"[a-z_0-9]*":' "$1"; }

# is_whole WORK: this folder has what the same work made in peace.
is_whole() {
    diff -r -x run.json -x err -x said "../$1" . || return
    [ ! -e r/run.json ] || diff <(keys_of "../$1/r/run.json") <(keys_of r/run.json)
}

# is_one_line FAULT: `err` is one line, in words that fit, or one for each picture where
# the results are there.
is_one_line() {
    local line lines=0 words=.
    case $1 in malloc* | json*) words='[Mm]emory|[Bb]ytes' ;; esac
    while read -r line; do
        [[ $line == 'infoplane: '* && $line =~ $words ]] || return
        [[ $line == *': results are in r'*', but there is no picture '* ]] ||
            lines=$((lines + 1))
    done <err
    [ -s err ] && [ $lines -le 1 ]
}

# are_lines: of a study, in which a run that fails is a line of its own.
are_lines() { [ -s err ] && ! grep -qv '^infoplane: ' err; }

# one WORK FAULT: prints what is wrong, nothing if all is well.
one() {
    rm -rf r out*
    do_work "$1" "$2"
    local status=$?
    if [ $status -eq 0 ] && [ ! -s err ]; then
        # What a run no longer needs may stay behind when it cannot be removed.
        case $2 in rename*) rm -f r/{,*/}{lock,points.log,state.bin} ;; esac
        is_whole "$1" && echo "$1 $2" >>../without
        return
    fi
    if [ $status -ne 1 ] ||
        ! { [ "$1" = sweep ] && are_lines || is_one_line "$2"; }; then
        echo "status $status"
        cat err
        return
    fi
    case $1 in run | lanes | pools | resume | measure | sweep) ;; *) return ;; esac
    if [ -e r/config.ini ]; then command=(resume r --quiet); fi
    if ! env IPL_TEST_FAULT=none:1 LD_PRELOAD="$library" "$program" \
        "${command[@]}" >text 2>again </dev/null; then
        echo "after '$(cat err)':"
        cat again
    fi
    rm -f again
    is_whole "$1"
}

# walk NUMBER: this worker's share of the cases. What the work makes in peace is made in
# the same folder, of which a run may tell.
walk() {
    local passed=0 failed=0 which fault
    mkdir -p "$work/$1/at" && cd "$work/$1/at" || exit 1
    for which in "${all[@]}"; do
        [ -e ../half ] || [ "$which" != resume ] || half
        IPL_TEST_FAULT_LOG=../log.$which do_work "$which" none:1 ||
            { echo "not ok - $which"; cat err; return 1; }
        mkdir "../$which" && rm -f err && mv ./* "../$which"
    done
    cases "$1" >../cases
    while read -r which fault; do
        one "$which" "$fault" >said 2>&1
        if [ -s said ]; then
            failed=$((failed + 1))
            echo "not ok - $which, $fault"
            sed 's/^/#   /' said | head -5
        else passed=$((passed + 1)); fi
        rm -f said
    done <../cases
    echo "$passed $failed" >../counts
}

# half: a run that a write ended in its middle.
half() {
    local writes
    writes=$(sed -n 's/^write //p' ../log.run)
    do_work run "write:$((writes / 2))"
    mv r ../half && rm ./*
}

# cases NUMBER: of each kind of call this worker's n, as "WORK FAULT". Jansson
# takes its memory in the same few ways thousands of times: each n once, in the run.
cases() {
    local which kind calls n step at=0
    for which in "${wanted[@]}"; do
        while read -r kind calls; do
            step=$sample
            [ "$kind" != json ] || [ "$which" = run ] || step=$((sample * 9))
            for ((n = 1 + at++ % step; n <= calls; n += step)); do
                [ $((n / step % 2)) = "$1" ] || continue
                echo "$which $kind:$n"
                echo "$which $kind:$n:0:lost"
            done
        done <"../log.$which"
    done
}

wanted=("$@")
[ $# -gt 0 ] || wanted=("${all[@]}")
begin=$SECONDS
walk 0 & walk 1 & wait
cat 0/log.* | awk '{ all[$1] += $2 }
                   END { for (kind in all) print "# " kind ": " all[kind] " calls" }'
sed 's/.* \(.*\):.*/\1/; s/:.*//' ?/without | sort | uniq -c |
    awk '{ print "# " $2 ": " $1 " faults that it can do without" }'
echo "# $((SECONDS - begin)) s"
cat ?/counts | awk '{ p += $1; f += $2 }
                    END { print p " passed, " f " failed, 0 skipped"; exit f || !p }'
