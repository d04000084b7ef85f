#!/bin/sh
# test_golden_numpy.sh - the golden values are what the numpy scripts print today.
. tests/tap.sh
# Debian's numpy belongs to Debian's Python, whatever comes first in PATH.
python=/usr/bin/python3
for values in golden golden_near; do
    property="$values.csv is what numpy computes"
    if $python -c 'import numpy' 2>/dev/null; then
        holds "$property" $python tests/$values.py --check tests/$values.csv
    else
        skip "$property" "no numpy for $python"
    fi
done
plan
