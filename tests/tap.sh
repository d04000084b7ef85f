# tap.sh - lines of TAP for the tests that are scripts: `. tests/tap.sh`.
#
# $work is an empty folder, which goes when the script ends.
# shellcheck shell=sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0

ok() { count=$((count + 1)); echo "ok $count - $1"; }
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }

# not_ok NAME FILE...: with what the files say.
not_ok() {
    count=$((count + 1))
    echo "not ok $count - $1"
    shift
    sed 's/^/#   /' "$@" 2>/dev/null | head -20
}

# holds NAME COMMAND...: the command's status decides; its output is told if it fails.
holds() {
    name=$1
    shift
    if "$@" >"$work/.held" 2>&1; then ok "$name"; else not_ok "$name" "$work/.held"; fi
}

# fails STATUS WORDS ARGUMENT...: $program has this status, one line on stderr with the
# words, and no output.
fails() {
    status=$1 words=$2
    shift 2
    "$program" "$@" >out 2>err </dev/null
    got=$?
    grep -v '^infoplane: on cpu' err >err.rest
    if [ $got -eq "$status" ] && [ ! -s out ] && [ "$(wc -l <err.rest)" -eq 1 ] &&
        grep -qF -- "$words" err.rest; then
        ok "status $status, '$words'"
    else
        echo "# got status $got, wanted $status"
        not_ok "infoplane $* must say '$words'" out err
    fi
}

plan() { echo "1..$count"; }
