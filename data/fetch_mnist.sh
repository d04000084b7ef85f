#!/bin/sh
# fetch_mnist.sh - fetches the four files of MNIST and checks them.
#
#   data/fetch_mnist.sh [--from SOURCE] [--sums FILE] [--check] [FOLDER]
#
#   FOLDER   where the .gz files go                         (data/mnist)
#   --from   a URL or a folder that holds the .gz files     (a public mirror)
#   --sums   SHA-256 of each file's UNPACKED content        (data/mnist.sha256)
#   --check  only says whether the files of FOLDER are right
#
# Checksums are of the content, as mirrors pack the same files differently. A file gets
# its name once its content is right, so what lies in FOLDER under its own name can be
# used; what was interrupted is taken up again. Needs curl or wget, gzip, sha256sum.
# Exit status: 0 all files are right, 1 one is not, 2 wrong usage.
set -u

here=$(dirname "$0")
source='https://ossci-datasets.s3.amazonaws.com/mnist'
sums=$here/mnist.sha256
folder=$here/mnist
check=no

usage() {
    echo "fetch_mnist.sh: $1" >&2
    sed -n 's/^#   \(data.*\)/usage: \1/p' "$0" >&2
    exit 2
}

folders=0
while [ $# -gt 0 ]; do
    case $1 in
    --from | --sums)
        [ $# -ge 2 ] || usage "$1 needs a value"
        [ "$1" = --from ] && source=$2 || sums=$2
        shift ;;
    --check) check=yes ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) usage "unknown option $1" ;;
    *) folder=$1 folders=$((folders + 1)) ;;
    esac
    shift
done
[ $folders -le 1 ] || usage "more than one folder"
[ -r "$sums" ] || usage "$sums: cannot be read"
for tool in gzip sha256sum; do
    command -v $tool >/dev/null || { echo "fetch_mnist.sh: needs $tool" >&2; exit 1; }
done

# right FILE SUM: whether FILE unpacks to content with this checksum.
right() {
    [ -f "$1" ] || return 1
    found=$(gzip -dc <"$1" 2>/dev/null | sha256sum)
    [ "${found%% *}" = "$2" ] && gzip -t <"$1" 2>/dev/null
}

# get NAME PART: appends what is missing of NAME to PART.
get() {
    case $source in
    *://*)
        if command -v curl >/dev/null; then
            curl -fL --retry 3 -sS -C - -o "$2" "$source/$1"
        elif command -v wget >/dev/null; then
            wget -q -c -t 3 -O "$2" "$source/$1"
        else
            echo "fetch_mnist.sh: needs curl or wget" >&2
            return 1
        fi ;;
    *) cp -f "$source/$1" "$2" ;;
    esac
}

# fetch NAME SUM: makes FOLDER/NAME right, or says why not.
fetch() {
    if right "$folder/$1" "$2"; then
        echo "$folder/$1: right"
        return 0
    elif [ $check = yes ]; then
        [ -f "$folder/$1" ] && why='wrong content' || why='missing'
        echo "$folder/$1: $why" >&2
        return 1
    fi
    part=$folder/$1.part
    right "$part" "$2" || {
        echo "$folder/$1: from $source"
        get "$1" "$part" || {
            echo "$folder/$1: could not be fetched; run again to go on" >&2
            return 1
        }
    }
    if right "$part" "$2"; then
        mv -f "$part" "$folder/$1" && echo "$folder/$1: right"
        return
    fi
    rm -f "$part" # else the next run would add to what is wrong
    echo "$folder/$1: wrong content came from $source: expected SHA-256 $2" >&2
    return 1
}

[ $check = yes ] || mkdir -p "$folder" || exit 1
failed=0
while read -r sum name; do
    [ -n "$name" ] || continue
    fetch "$name.gz" "$sum" </dev/null || failed=$((failed + 1))
done <"$sums"
[ $failed -eq 0 ]
