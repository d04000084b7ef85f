#!/bin/sh
# test_install.sh - what `make install` puts in place can be built against and run.
build=$1
. tests/tap.sh
place=$work/place
mkdir "$place"
mode=$(basename "$build")
case $mode in *-cuda) cuda=1 ;; *) cuda=0 ;; esac
case $mode in *-nomat-*) mat=0 ;; *) mat=1 ;; esac
flags=
case $mode in
asan-*) flags=-fsanitize=address,undefined ;;
tsan-*) flags=-fsanitize=thread ;;
esac

build_example() {
    export PKG_CONFIG_PATH="$place/lib/pkgconfig"
    # shellcheck disable=SC2046,SC2086 # the answers are words
    cc -std=c11 $flags "tests/example.c" -o "$work/example" \
        $(pkg-config --cflags --libs "$@" infoplane) -lm
}

expect() {
    "$@" >"$work/out" && cat "$work/out" &&
        grep -q '^I(X;T) = 4.000000 bits' "$work/out"
}

# The functions that the installed headers declare, and what the library exports.
declared() {
    for header in "$place"/include/infoplane/*.h; do
        echo "#include \"$header\""
    done | cc -E -P -xc - | grep -oE '\bipl_[a-z0-9_]+ *\([^*]' | sed 's/ *(.*//' |
        sort -u
}
exported() {
    nm -D --defined-only "$place/lib/libinfoplane.so" | sed 's/.* //' | sort -u
}
only_public() {
    declared >"$work/declared"
    exported >"$work/exported"
    test "$(wc -l <"$work/declared")" -gt 50 &&
        diff "$work/declared" "$work/exported"
}

# libmatio and HDF5 are linked, or they are not.
mat_libraries() {
    found=$(ldd "$place/bin/infoplane" "$place/lib/libinfoplane.so" |
        grep -cE 'matio|hdf5')
    if [ $mat -eq 1 ]; then test "$found" -gt 0; else test "$found" -eq 0; fi
}

holds "make install fills a folder" \
    make -s MODE="${mode%%-*}" CUDA=$cuda MAT=$mat PREFIX="$place" install
holds "the private header stays private" test ! -e "$place/include/infoplane/backend.h"
holds "an example builds against the shared library" build_example
holds "the example finds 4 bits" expect env LD_LIBRARY_PATH="$place/lib" "$work/example"
holds "the installed program starts" "$place/bin/infoplane" --version
holds "the shared library exports the functions of its headers, and no others" \
    only_public
if [ $cuda -eq 1 ]; then
    holds "the CUDA backend lies beside the library" \
        test -e "$place/lib/libinfoplane_cuda.so"
fi
if [ -e "$build/libinfoplane_mpi.so" ]; then
    holds "MPI lies beside the library" test -e "$place/lib/libinfoplane_mpi.so"
fi
holds "libmatio and HDF5 are there unless MAT=0 says no" mat_libraries
plan
