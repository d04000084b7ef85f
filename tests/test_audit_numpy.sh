#!/bin/sh
# test_audit_numpy.sh BUILD - what `infoplane audit` writes and says.
#
# A network whose sums are exact in double and not in float32, with given activations:
# every column of both tables against numpy in float64, pairs counted one by one. Then
# the words, --json, and what is refused. Output is TAP.
set -u
program=$(realpath "$1/infoplane")
. tests/tap.sh
cd "$work" || exit 1
cat >truth.py <<'END'
import csv, itertools, math, sys
import numpy as np

rng = np.random.default_rng(7)
n = 300
x = (rng.permutation(4096)[:280, None] >> np.arange(12) & 1).astype('f4')
x = np.concatenate([x, x[:20]])                     # 20 inputs occur twice
w = [rng.integers(-2**26, 2**26, (12, 4)) / 2**24,
     np.concatenate([rng.integers(-3, 4, (4, 3)), np.zeros((4, 1), int)], 1) / 4,
     np.outer([1, -1, 2, 3], [1, 2])]
w = [a.astype('f4').astype('f8') for a in w]        # sums need more than 24 bits
b = [np.zeros(4), np.array([.25, -2, 0, -1]), np.array([0, 1.])]
f = [lambda z: z, lambda z: np.maximum(z, 0), lambda z: z]
t, low = [], x
for l in range(3):
    low = f[l](low.astype('f8') @ w[l] + b[l]).astype('f4')
    if l == 1:
        low = np.round(low * 4) / np.float32(4)     # rows meet by rounding
    t.append(low)
if len(sys.argv) == 1:
    np.save('X.npy', x)
    for l in range(3):
        np.save(f'W{l+1}.npy', w[l].astype('f4'))
        np.save(f'b{l+1}.npy', b[l].astype('f4'))
        np.save(f'T{l+1}.npy', t[l])
    sys.exit()

def cells(a):
    return np.unique(a + 0.0, axis=0, return_inverse=True)[1].ravel()

def count(cell):
    return len(np.unique(cell))

def entropy(cell):
    share = np.unique(cell, return_counts=True)[1] / n
    return -sum(p * math.log2(p) for p in share)

def same(l, row, key, want, close=0):
    if not abs(float(row[key]) - want) <= close + 1e-8 * abs(want):
        wrong.append(f'layer {l}, {key}: {row[key]}, want {want}')

def rounded(a, bits):
    """To nearest, ties to even: of the mantissa as a whole number."""
    mantissa, exponent = np.frexp(a.astype('f8'))
    return np.ldexp(np.rint(np.ldexp(mantissa, bits + 1)), exponent - bits - 1)

first = np.unique(x, axis=0, return_index=True)[1]
pairs = list(itertools.combinations(sorted(first), 2))
layers, sweep = (list(csv.DictReader(open(sys.argv[1] + name)))
                 for name in ('/audit.csv', '/audit_sweep.csv'))
wrong, d, was_d, was_t = [], x.astype('f8'), cells(x), cells(x)
h_x = entropy(was_d)
for l, row in enumerate(layers, 1):
    z = d @ w[l - 1] + b[l - 1]
    d = f[l - 1](z)
    t_l = t[l - 1]
    cz, cd, ct = cells(z), cells(d), cells(t_l)
    for key, cell in (('before', was_d), ('product', cz), ('activation', cd),
                      ('before_float32', was_t), ('float32', ct)):
        same(l, row, 'rows_' + key, count(cell[first]))
    met = dict.fromkeys('rank_double activation_double rank activation '
                        'rounding'.split(), 0)
    for i, j in pairs:
        cause = 'rank' if cz[i] == cz[j] else 'activation' if cd[i] == cd[j] else ''
        if was_d[i] != was_d[j] and cause:
            met[cause + '_double'] += 1
        if was_t[i] != was_t[j] and ct[i] == ct[j]:
            met[cause or 'rounding'] += 1
    for key in met:
        same(l, row, 'pairs_' + key, met[key])
    print(f'layer {l}: {met}')
    same(l, row, 'i_xt_double_bits', entropy(cd))
    same(l, row, 'i_xt_bits', entropy(ct))
    same(l, row, 'h_x_given_t_double_bits', h_x - entropy(cd), 1e-12)
    same(l, row, 'h_x_given_t_bits', h_x - entropy(ct), 1e-12)
    s = np.linalg.svd(w[l - 1], compute_uv=False)
    same(l, row, 'rank', np.linalg.matrix_rank(w[l - 1]))
    same(l, row, 's_max', s[0])
    if s[-1] > 1e-9:
        same(l, row, 'condition', s[0] / s[-1])
    flat = (t_l == t_l[0]).all(0)
    same(l, row, 'dead_units', (flat & (t_l[0] == 0)).sum())
    same(l, row, 'constant_units', (flat & (t_l[0] != 0)).sum())
    same(l, row, 'saturated_units', 0)
    spread = float(t_l.max()) - float(t_l.min())
    steps = [s for s in sweep if int(s['layer']) == l]
    for k, step in enumerate(steps):
        width = spread / 2.0**(k - 23)
        cell = cells(rounded(t_l, k + 1) if k < 23 else np.floor(t_l / width))
        if step['kind'] != ('mantissa' if k < 23 else 'width'):
            wrong.append(f'layer {l}, step {k}: {step}')
        same(l, step, 'resolution', k + 1 if k < 23 else width)
        same(l, step, 'i_xt_bits', entropy(cell), 1e-12)
        same(l, step, 'cells', count(cell))
    if steps[-1]['i_xt_bits'] != row['i_xt_bits'] or len(steps) < 25:
        wrong.append(f'layer {l}: the last step is {steps[-1]}')
    was_d, was_t = cd, ct
print('\n'.join(wrong))
sys.exit(len(wrong) > 0)
END
/usr/bin/python3 truth.py || exit 1
/usr/bin/python3 -c "
import numpy as np
np.save('W64.npy', np.random.default_rng(1).normal(size=(12, 3)))"
printf '[net]\nlayers = 12, 3-tanh, 2\n[data]\nlimit = 200\n' >c.ini

# audit ARGUMENT...: of the network of truth.py.
audit() {
    "$program" audit --x X.npy --weights W1.npy,W2.npy,W3.npy \
        --activations linear,relu,linear --biases b1.npy,b2.npy,b3.npy "$@"
}

audit --t T1.npy,T2.npy,T3.npy --out a/b >words 2>err
holds 'an audit of NPY files says nothing but its words' test $? -eq 0 -a ! -s err
holds 'both tables are what numpy counts' /usr/bin/python3 truth.py a/b
holds 'the first layer in words' grep -q \
    '^layer 1, 4-linear: injective on the 280 inputs in double and in float32\. ' words
holds 'the second one says how many meet, and why' sh -c "tr -s ' \n' ' ' <words |
    grep -qE 'layer 2, 4-relu: [0-9]+ pairs of inputs meet in double \(activation\)' &&
    tr -s ' \n' ' ' <words |
    grep -qE 'meet in float32 \(activation [0-9]+, rounding [0-9]+\)'"
holds 'the third one is of rank 1 of 2' grep -q 'W 4 x 2 has rank 1 of 2' words
holds 'no line is longer than 88' sh -c "! grep -qE '^.{89}' words"
holds 'the picture is there' test -s a/b/audit.svg
audit --quiet --out a/b >out 2>err
holds '--quiet is quiet' test $? -eq 0 -a ! -s out -a ! -s err
audit --json --out a/b >out 2>err
holds '--json has the objects of audit.json' /usr/bin/python3 -c "
import json
rows = [json.loads(line) for line in open('out')]
assert rows == json.load(open('a/b/audit.json'))['layers'] and len(rows) == 3, rows"
"$program" audit --x X.npy --weights W64.npy --activations tanh --out c >out 2>err
holds 'rounded weights are told' grep -q \
    '^infoplane: W64.npy: 36 of 36 values were rounded to float32$' err

holds 'an audit of a configuration' "$program" audit c.ini --set train.seed=4
holds 'goes to audit/' test -s audit/audit.csv -a -s audit/audit_sweep.csv
holds 'is of tick 0 and its seed' sh -c \
    "grep -q '\"seed\": 4,' audit/audit.json && grep -q '\"tick\": 0,' audit/audit.json"
holds 'and can be drawn again' sh -c \
    "rm audit/audit.svg && '$program' plot audit --what audit &&
    test -s audit/audit.svg"
"$program" run c.ini --set train.epochs=1 --out r --quiet
"$program" run c.ini --set train.epochs=9 --set run.keep=measured --out k --quiet \
    --set measure.policy=list --set measure.list=4
holds 'an audit of a run' "$program" audit k
holds 'goes into its directory, and is of its last tick' sh -c \
    "grep -q '\"tick\": 9,' k/audit.json && test -s k/audit.svg -a -s k/plane.csv"
"$program" audit k --tick 4 --out elsewhere/k >words
holds 'another tick can be asked for' sh -c \
    "grep -q 'network of seed 1, tick 4\$' words && test -s elsewhere/k/audit.csv"

fails 2 'which run, configuration, or --x X.npy?' audit
fails 2 '--weights is missing' audit --x X.npy --activations tanh
fails 2 '--activations is missing' audit --x X.npy --weights W1.npy
fails 2 '--activations has 2 entries: expected 3' audit --x X.npy --weights \
    W1.npy,W2.npy,W3.npy --activations tanh,relu
fails 2 "--activations: 'sin': expected linear" audit --x X.npy --weights W1.npy \
    --activations sin
fails 2 '--weights: expected 1 to 32 entries' audit --x X.npy --weights W1.npy,,W2.npy \
    --activations tanh
fails 2 "--t goes with files alone, without 'c.ini'" audit c.ini --t T1.npy
fails 2 '--tick goes with a run directory' audit c.ini --tick 3
fails 2 '--set goes with a configuration' audit r --set train.seed=1
fails 2 '--seed goes with a run or a configuration' audit --x X.npy --weights W1.npy \
    --activations tanh --seed 1
fails 1 'seed 9: expected 1 to 1' audit c.ini --seed 9
fails 1 'none.ini' audit none.ini
fails 1 'run.keep=measured' audit r
fails 1 'tick 1' audit k --tick 1
fails 1 'seed 7: expected 1 to 1' audit k --seed 7
fails 1 'expected 12 x 4, inputs x units of layer 1' audit --x X.npy --weights W2.npy \
    --activations tanh
fails 1 '/dev/null/x: ' audit c.ini --out /dev/null/x
fails 1 'not the directory of a run' audit a
plan
