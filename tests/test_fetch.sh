#!/bin/sh
# test_fetch.sh - the script that fetches MNIST takes only what is right. TAP.
#
# The files are small ones with checksums of their own; the network is not used.
set -u
script=data/fetch_mnist.sh
. tests/tap.sh

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
holds "files of a folder are fetched" fetch "$work/out"
holds "they have the mirror's content" cmp "$work/out/a.gz" "$work/mirror/a.gz"
holds "nothing else is left behind" names "a.gz b.gz"
holds "right files pass --check" fetch --check "$work/out"

from=$work/nowhere
holds "right files are not fetched again" fetch "$work/out"

gzip -1 -c "$work/a" >"$work/out/a.gz"
holds "another packing of the same content is right" fetch --check "$work/out"

echo damage >>"$work/out/b.gz"
holds "a damaged file fails --check" refuses --check "$work/out"
holds "a source that is missing is a failure" refuses "$work/out"
from=$work/mirror
holds "a damaged file is fetched again" fetch "$work/out"
holds "and is right then" cmp "$work/out/b.gz" "$work/mirror/b.gz"

rm -r "$work/out"
gzip -c "$work/a" >"$work/bad/b.gz" # right packing, wrong content
cp "$work/mirror/a.gz" "$work/bad"
from=$work/bad
holds "wrong content is refused" refuses "$work/out"
holds "and does not get the file's name" names "a.gz"

head -c 5000 "$work/mirror/a.gz" >"$work/bad/a.gz"
rm -r "$work/out"
holds "content that is cut off is refused" refuses "$work/out"
holds "and leaves no file" names "*"

if command -v curl >/dev/null; then
    from=file://$work/mirror
    head -c 5000 "$work/mirror/a.gz" >"$work/out/a.gz.part"
    holds "an interrupted download is taken up again" fetch "$work/out"
    holds "and gives the whole file" cmp "$work/out/a.gz" "$work/mirror/a.gz"
    rm "$work/out/a.gz"
    cp "$work/mirror/a.gz" "$work/out/a.gz.part"
    holds "a download that lacks only its name is taken" fetch "$work/out"
    holds "without a rest" names "a.gz b.gz"
else
    skip "an interrupted download is taken up again" "no curl"
fi

usage() { sh "$script" "$@" >/dev/null 2>&1; [ $? -eq 2 ]; }
holds "unknown options are refused" usage --form x
holds "an option without a value is refused" usage --from
holds "checksums that cannot be read are refused" usage --sums "$work/none"
# The four names and the lengths of SHA-256.
lists() { [ "$(grep -cE '^[0-9a-f]{64}  (train|t10k)-(images-idx3|labels-idx1)-ubyte$' \
    data/mnist.sha256)" -eq 4 ]; }
holds "the checksums of MNIST name its four files" lists

plan
