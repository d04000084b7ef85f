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

plan() { echo "1..$count"; }
