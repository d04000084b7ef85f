#!/bin/sh
# test_golden_numpy.sh - tests/golden.csv is what the numpy script prints today.
echo 1..1
# Debian's numpy belongs to Debian's Python, whatever comes first in PATH.
python=/usr/bin/python3
if ! $python -c 'import numpy' 2>/dev/null; then
    echo "ok 1 # SKIP no numpy for $python"
elif difference=$($python tests/golden.py --check tests/golden.csv 2>&1); then
    echo "ok 1 - golden values are those of numpy"
else
    echo "not ok 1 - golden values are those of numpy"
    echo "$difference" | sed 's/^/# /'
    exit 1
fi
