#!/bin/sh
# test_golden_numpy.sh - tests/golden*.csv are what the numpy scripts print today.
. tests/tap.sh
# Debian's numpy belongs to Debian's Python, whatever comes first in PATH.
python=/usr/bin/python3
for name in golden golden_near golden_local golden_entropies; do
    property="$name.csv has the values of numpy"
    if $python -c 'import numpy' 2>/dev/null; then
        holds "$property" $python tests/$name.py --check tests/$name.csv
    else
        skip "$property" "no numpy for $python"
    fi
done
plan
