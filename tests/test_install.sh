#!/bin/sh
# test_install.sh - what `make install` puts in place can be built against and run.
build=$1
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
mode=$(basename "$build")
case $mode in *-cuda) cuda=1 ;; *) cuda=0 ;; esac
case $mode in *-nomat-*) mat=0 ;; *) mat=1 ;; esac
flags=
case $mode in asan-*) flags=-fsanitize=address,undefined ;; tsan-*) flags=-fsanitize=thread ;; esac

# check NUMBER NAME COMMAND...: one TAP line; the output of a failure follows it.
check() {
    number=$1 name=$2
    shift 2
    if "$@" >"$place/log" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/# /' "$place/log"
    fi
}

build_example() {
    export PKG_CONFIG_PATH="$place/lib/pkgconfig"
    # shellcheck disable=SC2046,SC2086 # the answers are words
    cc -std=c11 $flags "tests/example.c" -o "$place/example" \
        $(pkg-config --cflags --libs "$@" infoplane) -lm
}

expect() {
    "$@" >"$place/out" && cat "$place/out" && grep -q '^I(X;T) = 4.000000 bits' "$place/out"
}

# The functions that the installed headers declare, and what the library exports.
declared() {
    for header in "$place"/include/infoplane/*.h; do
        echo "#include \"$header\""
    done | cc -E -P -xc - | grep -oE '\bipl_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u
}
exported() {
    nm -D --defined-only "$place/lib/libinfoplane.so" | sed 's/.* //' | sort -u
}
only_public() {
    declared >"$place/declared"
    exported >"$place/exported"
    test "$(wc -l <"$place/declared")" -gt 50 &&
        diff "$place/declared" "$place/exported"
}

# libmatio and HDF5 are linked, or they are not.
mat_libraries() {
    found=$(ldd "$place/bin/infoplane" "$place/lib/libinfoplane.so" | grep -cE 'matio|hdf5')
    if [ $mat -eq 1 ]; then test "$found" -gt 0; else test "$found" -eq 0; fi
}

echo 1..7
check 1 "make install fills a folder" \
    make -s MODE="${mode%%-*}" CUDA=$cuda MAT=$mat PREFIX="$place" install
check 2 "the private header stays private" test ! -e "$place/include/infoplane/backend.h"
check 3 "an example builds against the shared library" build_example
check 4 "the example finds 4 bits" expect env LD_LIBRARY_PATH="$place/lib" "$place/example"
check 5 "the installed program starts" "$place/bin/infoplane" --version
check 6 "the shared library exports the functions of its headers, and no others" \
    only_public
check 7 "libmatio and HDF5 are there unless MAT=0 says no" mat_libraries
