#!/bin/sh
# test_golden_numpy.sh - tests/golden.csv is what the numpy script prints today.
. tests/tap.sh
# Debian's numpy belongs to Debian's Python, whatever comes first in PATH.
python=/usr/bin/python3
property='golden values are those of numpy'
if $python -c 'import numpy' 2>/dev/null; then
    holds "$property" $python tests/golden.py --check tests/golden.csv
else
    skip "$property" "no numpy for $python"
fi
plan
