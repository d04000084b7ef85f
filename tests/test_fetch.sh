#!/bin/sh
# test_fetch.sh - the script that fetches MNIST takes only what is right. TAP.
#
# The files are small ones with checksums of their own; the network is not used.
set -u
script=data/fetch_mnist.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0 failed=0

# check PROPERTY COMMAND..: one line of TAP.
check() {
    property=$1
    shift
    count=$((count + 1))
    if "$@" >"$work/log" 2>&1; then
        echo "ok $count - $property"
    else
        failed=$((failed + 1))
        echo "not ok $count - $property"
        sed 's/^/# /' "$work/log"
    fi
}

fetch() { sh "$script" --from "$from" --sums "$work/sums" "$@"; }
refuses() { ! fetch "$@"; }
names() { [ "$(cd "$work/out" && echo *)" = "$1" ]; }

mkdir "$work/mirror" "$work/bad"
for name in a b; do
    seq 1 20000 | sed "s/^/$name/" >"$work/$name"
    gzip -c "$work/$name" >"$work/mirror/$name.gz"
    (cd "$work" && sha256sum $name) >>"$work/sums"
done

from=$work/mirror
check "files of a folder are fetched" fetch "$work/out"
check "they have the mirror's content" cmp "$work/out/a.gz" "$work/mirror/a.gz"
check "nothing else is left behind" names "a.gz b.gz"
check "right files pass --check" fetch --check "$work/out"

from=$work/nowhere
check "right files are not fetched again" fetch "$work/out"

gzip -1 -c "$work/a" >"$work/out/a.gz"
check "another packing of the same content is right" fetch --check "$work/out"

echo damage >>"$work/out/b.gz"
check "a damaged file fails --check" refuses --check "$work/out"
check "a source that is missing is a failure" refuses "$work/out"
from=$work/mirror
check "a damaged file is fetched again" fetch "$work/out"
check "and is right then" cmp "$work/out/b.gz" "$work/mirror/b.gz"

rm -r "$work/out"
gzip -c "$work/a" >"$work/bad/b.gz" # right packing, wrong content
cp "$work/mirror/a.gz" "$work/bad"
from=$work/bad
check "wrong content is refused" refuses "$work/out"
check "and does not get the file's name" names "a.gz"

head -c 5000 "$work/mirror/a.gz" >"$work/bad/a.gz"
rm -r "$work/out"
check "content that is cut off is refused" refuses "$work/out"
check "and leaves no file" names "*"

if command -v curl >/dev/null; then
    from=file://$work/mirror
    head -c 5000 "$work/mirror/a.gz" >"$work/out/a.gz.part"
    check "an interrupted download is taken up again" fetch "$work/out"
    check "and gives the whole file" cmp "$work/out/a.gz" "$work/mirror/a.gz"
    rm "$work/out/a.gz"
    cp "$work/mirror/a.gz" "$work/out/a.gz.part"
    check "a download that lacks only its name is taken" fetch "$work/out"
    check "without a rest" names "a.gz b.gz"
else
    echo "# SKIP no curl: URLs are not tested"
fi

usage() { sh "$script" "$@" >/dev/null 2>&1; [ $? -eq 2 ]; }
check "unknown options are refused" usage --form x
check "an option without a value is refused" usage --from
check "checksums that cannot be read are refused" usage --sums "$work/none"
# The four names and the lengths of SHA-256.
lists() { [ "$(grep -cE '^[0-9a-f]{64}  (train|t10k)-(images-idx3|labels-idx1)-ubyte$' \
    data/mnist.sha256)" -eq 4 ]; }
check "the checksums of MNIST name its four files" lists

echo "1..$count"
[ $failed -eq 0 ]
