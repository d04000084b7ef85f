#!/bin/sh
# test_hostile_names.sh BUILD - hostile names of folders and files, and run directories
# by strangers: no command of theirs runs, the terminal gets no control character, and
# JSON stays JSON. Output is TAP.
set -u
program=$(realpath "$1/infoplane")
. tests/tap.sh
cd "$work" || exit 1
unset IPL_LOG
HOME=$work
export HOME

cat >small.ini <<END
[net]
layers = 4, 3-tanh, 2
[train]
epochs = 2
batch = 4
replicas = 2
[measure]
policy = every
every = 1
[data]
set = arrays
[pool]
windows = 0:2
k = 3
END
# quiet_terminal NAME: what the program has said has no control character but ends of
# lines, nor one of C1, as UTF-8 or as a byte.
quiet_terminal() {
    holds "$1: no control characters" sh -c '
        ! LC_ALL=C tr -d "\n" <out | LC_ALL=C grep -qa "[[:cntrl:]]" || exit 1
        ! LC_ALL=C tr -d "\n" <err | LC_ALL=C grep -qa "[[:cntrl:]]" || exit 1
        ! LC_ALL=C grep -qaP "\xc2[\x80-\x9f]|(?<![\x80-\xff])[\x80-\xbf]" out err'
}

# does STATUS ARGUMENT...: that status, and a quiet terminal.
does() {
    status=$1
    what=$(printf %s "$2" | tr -dc "[:lower:]")
    shift
    "$program" "$@" >out 2>err </dev/null
    got=$?
    if [ $got -eq "$status" ]; then ok "status $status: $what"
    else not_ok "status $got, not $status: $what" out err; fi
    quiet_terminal "$what"
}

# -- Names ------------------------------------------------------------------------
bad=$(printf '\033]0;title\007\302\23331m\2332J\177\r\377')
commands=$(printf "it's\n!touch PWNED\n\`touch PWNED\`\$(touch PWNED)\"|{@}^_%%d\\\\")
x=$bad.csv
i=0
while [ $i -lt 16 ]; do
    echo "$((i % 7)),$((i * 5 % 11)),$((i * i % 13)),$((i & 3))" >>"$x"
    [ $((i % 2)) = 1 ] && word='caf\351\n' || word='tea\n'
    # shellcheck disable=SC2059
    printf "$word" >>y.csv
    i=$((i + 1))
done
does 0 run small.ini --out "$bad" --set "data.x=$PWD/$x" --set "data.y=$PWD/y.csv" \
    --set run.keep=all
holds 'run.json has all keys' sh -c '
    grep -q "\"x\": \".*\\\\\\\\x9b2J.*\\\\\\\\xff.csv\"" "$0/run.json" &&
    grep -q "caf\\\\\\\\xe9.* are classes 0, 1" "$0/run.json" &&
    grep -q "\"status\": \"done\"" "$0/run.json"' "$bad"
does 0 resume "$bad"
does 0 plot "$bad" -o "$bad.svg"
does 2 plot "$bad" -o "$bad"
does 0 audit "$bad" --out audited
does 0 export "$bad" --out "$bad.exported" --tick 2
does 0 measure "$bad" --out "$bad.again"
does 0 estimate --t "$x" --y y.csv
does 2 estimate --t "$bad" --y y.csv
/usr/bin/python3 -c '
import numpy
numpy.savez("m.npz", t_AA=numpy.arange(16.0))
text = open("m.npz", "rb").read()
open("m.npz", "wb").write(text.replace(b"t_AA", b"t\x1b\x9b\xff"))'
does 0 estimate --t m.npz --y y.csv
does 0 estimate --t m.npz --y y.csv --json
holds 'JSON names the array' grep -qF 'm.npz:t\u001B\\x9b\\xff"' out
does 1 run "$bad" --out none
does 2 run small.ini --out none --set "$bad"
does 2 run small.ini --out none --set "data.set=$bad"
does 2 "$bad"
does 2 plot "$bad" "--$bad"
does 1 resume "none$bad"

# -- A stranger's run directory ---------------------------------------------------
mkdir stranger
cp "$bad"/*.csv "$bad"/config.ini stranger
cat >rename.py <<'END'
"""Puts hostile words into each text of a run.json or audit.json that plot shows."""
import json, sys
words = "it's'; !touch PWNED;'\n!touch PWNED\n#\x1b]0;title\x07\u009b2J"
about = json.load(open(sys.argv[1]))
if "source" in about:
    about["source"] = words
    for layer in about["layers"]:
        layer["name"] = words
else:
    about["data"]["name"] = words
    about["layers"] = [words] * 2
    about["layer_names"] = [words] * 2
    for estimator in about["estimators"]:
        estimator["description"] = words
    for doubt in about["doubts"]:
        doubt["estimator"] = words[:24]
json.dump(about, open(sys.argv[2], "w"))
END
/usr/bin/python3 rename.py "$bad/run.json" stranger/run.json
sed -i "s/,kde-upper,/,$(printf 'a\033[2J`!touch PWNED`'),/" stranger/*.csv
cp -r stranger "$commands"
holds 'the words are there' grep -q 'PWNED' stranger/run.json stranger/plane.csv
does 0 resume "$commands"
for picture in all pool pooled-plane; do
    for ending in svg png pdf; do
        does 0 plot "$commands" --what $picture -o "$picture.$ending"
    done
done
does 0 plot "$commands" stranger --what plane --overlay -o over.svg
does 0 plot "$commands" --what plane -o movie.gif
/usr/bin/python3 rename.py audited/audit.json audited/audit.json
does 0 plot audited --what audit -o audit.svg
does 2 plot stranger --what plane --estimator "$bad" -o x.svg
does 2 plot stranger --font "$(printf "x'\n!touch PWNED")" -o x.svg
# Commands of other files do not run either.
echo '!touch PWNED' >.gnuplot
does 0 plot stranger -o x.svg
holds 'no command has run' sh -c '! find . -name PWNED | grep .'
holds 'pictures say the words' grep -q "it's" over.svg
holds 'pictures are XML' /usr/bin/python3 -c '
import sys, glob
from xml.parsers import expat
for name in glob.glob("*.svg"):
    expat.ParserCreate().Parse(open(name, "rb").read(), True)
    print(name)'
plan
