#!/bin/sh
# test_plugin.sh BUILD - a program without CUDA, and what lies beside it under the name
# of the CUDA backend: nothing, a backend whose GPU does not open (tests/fake_cuda.c),
# one of other sources, one whose libraries are missing, a file that is no library. The
# CPU is taken each time, and who asks for the GPU is told why. Output is TAP.
build=$(realpath "$1")
fake=$build/tests/fake_cuda/libinfoplane_cuda.so
config=$(realpath configs/ib-tanh.ini)
. tests/tap.sh
case $build in
*-cuda)
    skip 'a CUDA backend beside the program' 'it is a part of this one'
    plan
    exit 0
    ;;
esac
cd "$work" || exit 1
mkdir bin lib
cp "$build/infoplane" bin/
program=$work/bin/infoplane
object=lib/libinfoplane_cuda.so
# A sanitizer calls dlopen itself, which then does not know the program's RUNPATH.
case $build in
*asan* | *tsan*) export LD_LIBRARY_PATH="$work/lib" ;;
esac

# says WORDS: who asks for a GPU; who leaves the choice to the program gets the CPU.
says() {
    fails 1 "infoplane: device 'cuda:0': $1" run "$config" --device cuda:0 --out no
    holds "and auto is the CPU" sh -c "'$program' devices >out && cat out &&
        grep -q '^auto is cpu:$2' out"
}

says 'built without CUDA'

cp "$fake" $object
says 'it is 100 % asleep' '.* it is 100 % asleep'
holds "a GPU that does not open is listed with its reason" \
    grep -q '^cuda:0 .* it is 100 % asleep' out

LC_ALL=C sed 's/interface [0-9.]* /interface 9.9.9 /' "$fake" >$object
holds "the copy has another interface" sh -c "! cmp -s '$fake' $object"
says 'libinfoplane_cuda.so was built with other sources than this library'

cc -shared -o libmissing.so -xc /dev/null
cc -shared -o $object -Wl,--no-as-needed -xc /dev/null -L. -lmissing
rm libmissing.so
says "CUDA cannot be loaded (LD_LIBRARY_PATH may name its folder): libmissing.so"
echo 'no library' >$object
says "CUDA cannot be loaded"
plan
