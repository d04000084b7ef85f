#!/bin/sh
# test_cli.sh BUILD - the program from outside: what it prints, writes and returns.
#
# Every wrong use must give one line on stderr that names what is wrong, nothing on
# stdout, and status 2 (usage) or 1 (failed). Output is TAP.
set -u
program=$(realpath "$1/infoplane")
python=/usr/bin/python3
. tests/tap.sh
mounted=
trap '[ -n "$mounted" ] && umount "$mounted"; rm -rf "$work"' EXIT
cd "$work" || exit 1

# works NAME ARGUMENT...: status 0; output stays in `out`.
works() {
    name=$1
    shift
    if "$program" "$@" >out 2>err </dev/null; then ok "$name"
    else not_ok "$name" out err; fi
}

cat >small.ini <<END
[net]
layers = 12, 4-tanh, 3-relu, 2
[train]
epochs = 4
batch = 64
[measure]
policy = every
every = 1
[data]
limit = 256
split = shuffled
END
printf '[train]\nepochs = 4\nepoch = 5\n' >typo.ini
printf '[data]\nset = idx\npath = none\n[net]\nlayers = 784, 10\n' >nowhere.ini
printf '[net]\nlayers = 13, 4-tanh, 2\n' >misfit.ini

$python - <<'END'
import numpy as np, gzip, os
bits = ((np.arange(256)[:, None] >> np.arange(7, -1, -1)) & 1).astype('f4')
np.save('t.npy', bits[:, :3]); np.save('y.npy', (bits[:, 0]).astype('i8'))
np.save('x.npy', bits[:, :2] + 0.01 * np.arange(512).reshape(256, 2).astype('f4'))
np.save('t64.npy', np.asfortranarray(bits[:, :3].astype('f8')))
np.save('short.npy', np.zeros(9, 'i4')); np.save('one.npy', np.zeros((1, 3), 'f4'))
np.save('half.npy', np.where(np.arange(256) == 9, 0.5, 0))
nan = bits[:, :3].copy(); nan[5, 1] = np.nan; np.save('nan.npy', nan)
inf = bits[:, :3].copy(); inf[6, 2] = np.inf; np.save('inf.npy', inf)
np.save('object.npy', np.array([{}, 1], dtype=object), allow_pickle=True)
np.save('empty.npy', np.zeros((0, 3), 'f4'))
open('nothing.npy', 'w')
open('text.npy', 'w').write('hello, world, this is no array\n')
whole = open('t.npy', 'rb').read()
open('cut.npy', 'wb').write(whole[:-5]); open('long.npy', 'wb').write(whole + b'x')
os.mkdir('planes')
for e in (0, 1, 10):
    for l in (1, 2):
        np.save(f'planes/epoch_{e}_layer_{l}.npy', bits[:, :6 - 2 * l])
END

# -- Wrong usage ------------------------------------------------------------------
fails 2 'which command?'
fails 2 "no command 'rum'" rum
fails 2 'which configuration?' run
fails 2 "unexpected argument 'b.ini'" run a.ini b.ini
fails 2 "unknown option '--fast'" run small.ini --fast
fails 2 "unknown option '-fast'" run small.ini -fast
fails 2 '--out: needs a value DIR' run small.ini --out
fails 2 '--out: needs a value DIR' run small.ini --out --quiet
fails 2 "'--quiet=1': takes no value" run small.ini --quiet=1
fails 2 "--threads 'two': expected a whole number from 1" run small.ini --threads two
fails 2 "--threads '0'" run small.ini --threads=0
fails 2 "--device: device 'gpu'" run small.ini --device gpu --out x
fails 2 "'train.epochs': expected section.key=value" run small.ini --set train.epochs
fails 2 "no key 'epoch' in section [train]; is [train] epochs meant?" \
    run small.ini --set train.epoch=3
fails 2 "'3x': expected a whole number" run small.ini --set train.epochs=3x
fails 2 'which run directory?' plot
fails 2 "--what 'pie': expected all, plane, epochs, snr, pool" plot x --what pie
fails 2 '--out DIR is missing' dataset ib
fails 2 'which data set?' dataset --out x
fails 2 '--t is missing' estimate --estimator bin
fails 2 "--estimator 'ksh': expected any of bin, kde" \
    estimate --t t.npy --estimator bin,ksh
fails 2 'names bin twice' estimate --t t.npy --estimator bin,bin
fails 2 "--bin-width '0': expected a number above 0" \
    estimate --t t.npy --estimator bin --bin-width 0
fails 2 "--noise-var '-1': expected a number above 0" \
    estimate --t t.npy --estimator kde --noise-var -1
fails 2 'exclude each other' \
    estimate --t t.npy --estimator bin --bin-width 1 --bin-count 3
fails 2 '--bin-count exclude each other' \
    estimate --t t.npy --estimator bin --bin-count 3 --range 0,1
fails 2 "--range '1,-1': expected two numbers 'low, high'" \
    estimate --t t.npy --estimator bin --range=1,-1
fails 2 '--bin-width needs --estimator bin' \
    estimate --t t.npy --estimator kde --bin-width 1
fails 2 'needs --estimator kde' estimate --t t.npy --estimator bin --noise-var 1
fails 2 "--units 'digits': expected bits or nats" \
    estimate --t t.npy --estimator bin --units digits
fails 2 '--out DIR is needed' estimate --t planes --estimator bin
fails 2 '--json goes with one file' estimate --t planes --estimator bin --json
fails 2 '--units goes with one file' estimate --t planes --units nats --out x
fails 2 '--out goes with a folder' estimate --t t.npy --estimator bin --out x

# -- Bad input --------------------------------------------------------------------
fails 1 'no.ini: No such file' run no.ini
fails 1 "typo.ini:3: no key 'epoch' in section [train]" run typo.ini
fails 1 'none' run nowhere.ini --out x
fails 1 'start with 13 inputs' run misfit.ini --out x
fails 1 'cuda' run small.ini --device cuda:99 --out x
fails 1 'no.npy' estimate --t no.npy --estimator bin
fails 1 'nothing.npy' estimate --t nothing.npy --estimator bin
fails 1 'text.npy' estimate --t text.npy --estimator bin
fails 1 'cut.npy' estimate --t cut.npy --estimator bin
fails 1 'long.npy' estimate --t long.npy --estimator bin
fails 1 'object.npy' estimate --t object.npy --estimator bin
fails 1 'empty.npy' estimate --t empty.npy --estimator bin
fails 1 'one.npy' estimate --t one.npy --estimator bin
for estimator in bin kde; do
    fails 1 'nan.npy' estimate --t nan.npy --estimator $estimator
    fails 1 'inf.npy' estimate --t inf.npy --estimator $estimator
done
fails 1 'short.npy is 9 x 1: expected a label for each of the 256 rows' \
    estimate --t t.npy --y short.npy --estimator bin
fails 2 '--no-label goes with --y' estimate --t t.npy --no-label -1 --estimator bin
fails 1 'half.npy' estimate --t t.npy --y half.npy --estimator bin
fails 1 'not_here/run.json' plot not_here

# -- A run ------------------------------------------------------------------------
works 'run small.ini' run small.ini
if [ -e /dev/nvidia0 ] || [ -e /proc/driver/nvidia ]; then
    skip 'no word of CUDA where there is no GPU' 'there is one'
else
    holds 'no word of CUDA where there is no GPU' sh -c \
        "! grep -iE 'cuda|gpu|nvidia' err out && '$program' devices >auto.txt &&
         grep -q '^auto is cpu:[a-z0-9]*\$' auto.txt && ! grep -iE 'cuda|gpu' auto.txt"
fi
holds 'the run directory has its files' test -s runs/small/config.ini -a \
    -s runs/small/plane.csv -a -s runs/small/plane_details.csv -a \
    -s runs/small/training.csv -a -s runs/small/compression.csv -a \
    -s runs/small/summary.csv -a \
    -s runs/small/run.json -a -s runs/small/plane.svg
holds 'nothing else is left in it' test "$(ls runs/small | wc -l)" -eq 8
fails 1 'runs/small exists already' run small.ini
works '--set, --threads=N, --device cpu' run small.ini --set train.epochs=3 \
    --set=train.replicas=2 --threads=1 --device cpu --out two
holds '--set counts' grep -q '^epochs = 3$' two/config.ini
works 'a resolved config runs as it is' run two/config.ini --out again --quiet
holds '--quiet prints nothing' test ! -s out -a ! -s err
holds 'and gives the same points' cmp two/plane.csv again/plane.csv
works 'several devices' run two/config.ini --out both --device cpu,cpu
holds 'have the points of one' cmp two/plane.csv both/plane.csv
holds 'and are told' grep -q '^measuring on cpu:.*, too$' err
holds 'run.json has them' $python -c '
import json
run = json.load(open("both/run.json"))
further, = run["further_devices"]
assert further["name"] == run["device"]["name"] and further["memory"]["data_bytes"] > 0
assert len(run["utilisation"]["measure"]) == 2 and "lost" not in run'
fails 2 "expected names of devices with a comma" run small.ini --device cpu,,cpu --out x
fails 2 "device 'cpud'" run small.ini --device cpu,cpud --out x
if ! "$program" devices | sed -n 2p | grep -q '^cpu:portable'; then
    fails 2 'of one kind and model' run small.ini --device cpu,cpu:portable --out x
fi
holds 'nothing of them is left' test ! -e x
holds 'without a terminal progress has plain lines' \
    sh -c "IPL_LOG=3 '$program' run small.ini --out lines 2>lines.txt &&
           grep -q '^epoch 4 of 4, 5 measured' lines.txt &&
           ! grep -q '$(printf '\033')' lines.txt"

# -- Pictures ---------------------------------------------------------------------
for what in all plane epochs snr; do
    works "plot --what $what" plot two -o "$what.svg" --what $what
    holds "$what.svg is XML with its axes" $python -c "
import sys, xml.etree.ElementTree as e
text = ' '.join(e.parse('$what.svg').getroot().itertext())
sys.exit(not all(w in text for w in ('T', 'epoch', 'mean of 2 seeds')))"
done
fails 1 'two has no pool.csv: run it with pool.windows set' plot two --what pool
cp -r two pooled
printf '%s\n' 'seed,window,first_tick,last_tick,k,layer,estimator,i_xt_bits,i_ty_bits,'\
'h_t_bits,h_t_given_x_bits,ceiling_bits,flags,control' \
    1,1,0,1,1,1,bin,6,0.5,,,8,,none 2,1,0,1,1,1,bin,7,0.5,,,8,,none \
    1,1,0,1,2,1,bin,5,0.5,,,8,,none 2,1,0,1,2,1,bin,4,,,,8,,none \
    1,2,2,3,1,1,bin,6,0.5,,,8,,none 1,2,2,3,1,1,bin,6,0.5,,,8,,walk >pooled/pool.csv
for what in pool pooled-plane; do
    works "plot --what $what" plot pooled --what $what
    holds "$what.svg is XML with its axes" $python -c "
import xml.etree.ElementTree as e
text = ' '.join(e.parse('pooled/$what.svg').getroot().itertext())
assert all(w in text for w in ('mean of 2 seeds', 'epochs 0 to 1', 'pooled', 'bits'))"
    holds "--help names $what" sh -c "'$program' plot --help | grep -q '^$what  '"
done
works 'plot -o FILE.png' plot two -o two.png
holds 'two.png is a PNG' $python -c "
d = open('two.png', 'rb').read()
assert d[:8] == b'\\x89PNG\\r\\n\\x1a\\n' and d[-8:-4] == b'IEND'"
fails 2 'ends in .svg, .png, .pdf or .gif' plot two -o two.jpg
works 'plot -o FILE.pdf' plot two -o two.pdf
works 'plot -o FILE.gif' plot two -o two.gif
holds 'they are what their names say, the movie with a frame an epoch' $python -c "
pdf, gif = open('two.pdf', 'rb').read(), open('two.gif', 'rb').read()
assert pdf[:5] == b'%PDF-' and b'%%EOF' in pdf[-8:]
assert gif[:6] == b'GIF89a' and gif[-1:] == b';'
assert gif.count(b'\\x21\\xf9\\x04') == 4"
fails 2 'a .gif is a movie of the plane' plot two -o x.gif --what epochs
works 'plot --what epochs' plot two --what epochs
holds 'has a name of its own' sh -c 'test -s two/epochs.svg && rm two/epochs.svg'
works 'two runs' plot two again -o both.svg
holds 'stand side by side with their names' grep -q '>again<' both.svg
works 'two runs, overlaid' plot two again -o over.svg --overlay --estimator bin \
    --width-cm 12 --name first,second
holds 'have the names they were given' grep -q '>second<' over.svg
works 'plot takes its words' plot two -o few.svg --what plane --estimator kde \
    --layers 1 --x-limits 0: --y-limits=:2 --scale linear --font Serif --font-size 9
fails 2 'which picture? -o FILE' plot two again
fails 2 '--only are of a study: two has no study.json' plot two --rows bin.edges
mkdir study
cat >study/study.json <<'END'
{"study": "small.ini", "tick": "epoch", "keys": [{"key": "bin.edges",
 "values": ["10", "30"], "only_measures": true}], "runs": []}
END
{
    echo 'bin.edges,rows,epoch,layer,estimator,quantity,mean,deviation,n'
    for quantity in i_xt_bits i_ty_bits; do
        for edges in 10 30; do
            for rows in train test; do
                echo "$edges,$rows,0,1,bin,$quantity,0.5,0.1,2"
                echo "$edges,$rows,9,1,bin,$quantity,0.6,0.1,2"
            done
        done
    done
} >study/study_summary.csv
works 'a study' plot study
holds 'has its keys in columns' grep -q '>30<' study/plane.svg
works 'a study by its options' plot study --what epochs --rows edges --colour rows \
    --only rows=test --scale linear -o study.png
works 'a study at one value' plot study --rows layer --colour rows -o study.pdf \
    --only edges=10
works 'fixes keys without a place' plot study --cols edges --rows layer \
    --colour estimator -o study.svg
holds 'and says so' grep -q 'only rows = train of train, test is shown' err
fails 2 "--rows 'elu': no key of this study: it has bin.edges, layer, estimator" \
    plot study --rows elu
fails 2 'study is a study, whose picture is --what plane or epochs' plot study --overlay
fails 2 'a study has a picture of its own' plot study two -o x.svg
rm study/study_summary.csv
fails 1 'study_summary.csv is not there: no run of the study is done' plot study
fails 2 "--estimator 'ksg': there are bin, kde-upper" plot two --estimator ksg
fails 2 "--layers '9': there are layers 1 to" plot two --layers 9
fails 2 "--x-limits '3:1': expected two numbers" plot two --what plane --x-limits 3:1
fails 2 "--scale 'cubic': expected log or linear" plot two --scale cubic
fails 2 'narrower than their labels' plot two -o x.svg --width-cm 2
fails 1 "'no_such_folder/x.svg': the folder 'no_such_folder' does not exist: make it" \
    plot two -o no_such_folder/x.svg
holds 'and speaks of no other file' sh -c '! grep -q "x.svg.new" err'
mkdir no_such_folder
works 'made, it takes the picture' plot two -o no_such_folder/x.svg
mkdir folder.svg
fails 1 "picture 'folder.svg' is a folder" plot two -o folder.svg
fails 1 "'small.ini' is no folder" plot two -o small.ini/x.svg
mkdir empty_path
for tool in env sh; do ln -s "$(command -v $tool)" empty_path/; done
holds 'without gnuplot plot says so' sh -c "
    PATH='$work/empty_path' '$program' plot two -o x.svg 2>err.gnuplot
    test \$? -eq 1 && $(command -v grep) -q 'gnuplot is not installed' err.gnuplot"
cp -r two torn
rows=$(wc -l <torn/plane.csv)
echo '1,2,3,bin,4' >>torn/plane.csv
fails 1 "torn/plane.csv:$((rows + 1)): expected seed,epoch,layer" plot torn -o x.svg
rm torn/plane.csv
fails 1 'torn/plane.csv: No such file' plot torn -o x.svg
# A gnuplot that outlives the program draws where nobody looks.
mkdir killed_path
cat >killed_path/gnuplot <<'END'
#!/bin/sh
kill -9 $PPID
echo late >"$(sed -n "s/^set output '\(.*\)'$/\1/p" "$2")" && touch drawn
END
chmod +x killed_path/gnuplot
cp -r two killed
rm killed/plane.svg
files='compression.csv config.ini plane.csv plane_details.csv run.json summary.csv'
files="$files training.csv"
mkdir temporary
holds 'a run killed while it is drawn keeps its results, and nothing else' sh -c "
    PATH='$work/killed_path':\$PATH TMPDIR='$work/temporary' \
        '$program' resume killed --quiet
    test \$? -eq 137 || exit 1
    for k in 1 2 3 4 5 6 7 8 9 10; do test -e drawn || sleep 0.1; done
    test -e drawn && test \"\$(echo \$(ls killed))\" = '$files'"
holds 'the folder of temporary files has none of it' test -z "$(ls -A temporary)"
touch killed/plane.svg.new # as one killed while it puts the picture in place
works 'resuming it draws' resume killed
holds 'the whole picture' cmp killed/plane.svg two/plane.svg
touch killed/plane.svg.new
works 'resuming it again' resume killed
holds 'leaves what belongs there' sh -c "
    rm killed/plane.svg && test \"\$(echo \$(ls killed))\" = '$files'"
holds 'failed plots leave nothing' sh -c '! ls x.svg* two.jpg* 2>/dev/null'

# -- Estimates --------------------------------------------------------------------
works 'estimate --json' estimate --t t.npy --y y.npy --estimator bin,kde \
    --bin-width 0.5 --noise-var 1e-4 --json
holds 'one valid object a line, with the agreed keys first, and exact bits' $python -c '
import json
rows = [json.loads(l) for l in open("out")]
keys = ["n", "d", "i_xt", "i_ty", "h_t", "units"]
assert [(r["estimator"], r.get("bound")) for r in rows] == [
    ("bin", None), ("kde-upper", "upper"), ("kde-lower", "lower")]
for r in rows:
    first = ["estimator", "bound"] if "bound" in r else ["estimator"]
    assert list(r)[:len(first) + 6] == first + keys and r["n"] == 256
    assert r["d"] == 3 and r["units"] == "bits"
    assert abs(r["i_xt"] - 3) < 1e-6 and abs(r["i_ty"] - 1) < 1e-6, r
assert rows[0]["cells"] == 8 and rows[0]["h_t"] == 3'
works 'estimate --units nats, float64 in Fortran order' estimate --t t64.npy \
    --estimator bin --units nats --json
holds 'nats are bits times log 2, and no labels give null' $python -c '
import json, math
r = json.loads(open("out").read())
assert r["i_xt"] == float("%.9g" % (3 * math.log(2))) and r["i_ty"] is None
assert r["units"] == "nats"'
works 'estimate as a table' estimate --t t.npy --y y.npy --estimator=bin --bin-count=2
holds 'the table has the numbers' grep -q '^bin  *3.000000  *1.000000  *3.000000' out
works 'estimate tells what lies outside' estimate --t t.npy --estimator bin \
    --bin-edges 3 --range=-1,0.5 --json
holds 'outside is flagged with its share' grep -q \
    '"outside_share":0.5,"flags":\["outside"\]' out
works 'estimate with inputs' estimate --t t.npy --x x.npy --estimator mixed,kde --json
holds 'says nothing of inputs, and names each point that is no bound' $python -c '
import json
assert not [l for l in open("err")
            if "infoplane: on " not in l and not l.startswith(("mixed: ", "kde-"))]
rows = [json.loads(l) for l in open("out")]
assert [(r["estimator"], r.get("bound")) for r in rows] == [
    ("mixed", None), ("kde-upper", "upper"), ("kde-lower", "lower")]
assert "bound" not in rows[0] and rows[0]["i_xt"] is not None
assert "se_x" not in rows[0] and "refused" not in rows[0]'
works 'estimate without inputs' estimate --t t.npy --estimator mixed,kde
holds 'says in one line what is missing' grep -qx \
    'infoplane: I(X;T) of mixed needs the inputs: --x X.npy' err
works 'estimate --quiet without inputs' estimate --t t.npy --estimator mixed --quiet
holds 'says nothing' test ! -s err
works 'estimate of ross without classes' estimate --t t.npy --estimator ross
holds 'says in one line what ross misses' grep -qx \
    'infoplane: I(T;Y) of ross needs the classes: --y Y.npy' err
fails 2 '--x needs --estimator ksg or mixed' estimate --t t.npy --x x.npy \
    --estimator bin,kde
fails 1 'short.npy has 9 rows: expected an input for each of the 256 rows' \
    estimate --t t.npy --x short.npy --estimator mixed
fails 1 'nan.npy: 1 of 768 values are NaN or infinite' \
    estimate --t t.npy --x nan.npy --estimator mixed
fails 2 "--error 'bars': expected none or jackknife" estimate --t t.npy --error bars
fails 2 "--k '3': lnn expects a whole number from 4 to 64" estimate --t t.npy --k 3 \
    --estimator ksg,lnn
fails 2 "--k '0': ksg expects a whole number from 1 to 64" estimate --t t.npy --k 0 \
    --estimator ksg,lnn
fails 2 "--noise-var '0.1,0.10': 0.1 and 0.10 are one value, leave one out" estimate \
    --t t.npy --noise-var 0.1,0.10
fails 2 "--noise-var 'x': expected a number above" estimate --t t.npy --noise-var 1,x
fails 2 "--k '3,': a value is missing at a comma" estimate --t t.npy --k 3, \
    --estimator kl
fails 2 "--bin-edges and --bin-width exclude each other" estimate --t t.npy \
    --bin-edges 3,4 --bin-width 0.1,0.2
fails 2 "--noise-var needs --estimator kde" estimate --t t.npy --estimator bin \
    --noise-var 1,2
works 'estimate --help' estimate --help
holds 'a shared flag is one line, with the defaults of all' grep -qE \
    '^  --k K\[,K\] +ksg, mixed, ms, ross, kl, lnn, lga: .*; default 5 \(lga 20\)$' out
works 'estimate of a folder' estimate --t planes --y y.npy --estimator bin,kde \
    --out folder
holds 'it becomes a run directory with its picture' test -s folder/plane.csv -a \
    -s folder/plane.svg -a -s folder/run.json
holds 'with exact bits' grep -qx '0,10,2,bin,2,1' folder/plane.csv
works 'which can be drawn' plot folder -o folder.png
works 'a folder without labels' estimate --t planes --estimator bin --out unlabelled
holds 'leaves i_ty_bits empty' grep -qx '0,10,2,bin,2,' unlabelled/plane.csv
fails 1 'no plane without labels' plot unlabelled -o x.svg --what plane
fails 1 'no rows in training.csv' plot unlabelled -o x.svg --what snr

# -- Data sets, devices, help -----------------------------------------------------
works 'dataset ib' dataset ib --out ib
holds 'ib is the published set' $python -c '
import numpy as np, zlib
x, y = np.load("ib/X.npy"), np.load("ib/y.npy")
assert x.dtype == np.float32 and y.dtype == np.int32 and x.shape == (4096, 12)
assert zlib.crc32(y.astype("u1").tobytes()) == 0xafdfb145
assert (x[1234] == [int(c) for c in f"{1234:012b}"]).all()'
fails 1 'X.npy exists already' dataset ib --out ib
works 'dataset CONFIG --set' dataset small.ini --set data.limit=10 --out ten
works 'dataset npy' dataset npy --set data.path=ten --out ten_again
holds 'a set written and read is the same' cmp ten/X.npy ten_again/X.npy
works 'devices' devices
cp out devices.txt
holds 'devices lists the CPU' grep -q '^cpu:' devices.txt
holds 'devices says what auto is' grep -q '^auto is ' devices.txt
printf '[data]\nlimit = 300\n' >little.ini
works 'devices with a configuration' devices little.ini --set train.epochs=3
holds 'each device is told with what a run takes' test \
    "$(grep -cE 'the run takes .* of .*: data .*, training .*, measuring ' out)" -eq \
    "$(grep -cE '^cpu:[a-z0-9]+  |^cuda:[0-9]+  ' out)"
holds 'and with what it takes where it only measures' test \
    "$(grep -cE 'measuring beside another one takes .*: data .*, measuring ' out)" -eq \
    "$(grep -cE 'the run takes ' out)"
works 'devices where the run does not fit' devices little.ini --set run.device_mib=1 \
    --set 'net.layers=12, 2000-tanh, 2000-tanh, 2'
holds 'it says the bytes' \
    grep -qE 'the run takes [0-9]{8,} bytes of cpu:.*has 1048576 for' out
fails 2 'needs a configuration' devices \
    --set train.epochs=3
fails 1 ' bytes of cpu:' run little.ini \
    --set run.device_mib=1 --set 'net.layers=12, 2000-tanh, 2000-tanh, 2' --device cpu \
    --out toolarge
holds 'nothing is left behind' test ! -e toolarge
works 'a run in little memory' run little.ini --set run.device_mib=1 \
    --set train.epochs=2 --device cpu --out little
holds 'its first line says what it takes' grep -q \
    '^on cpu:.*: takes .* of 1.0 MiB: data .*, training .*, measuring ' err
works 'the same in plenty' run little.ini --set train.epochs=2 --device cpu --out plenty
holds 'memory changes no result' cmp little/plane.csv plenty/plane.csv
fails 2 "'speed': expected bin, kde, ksg" bench speed
works 'bench train' bench train --device cpu --threads 1 --seconds 0.001 --json
cp out bench.json
holds 'bench prints one object a line' sh -c \
    "test \$(wc -l <bench.json) -eq 10 &&
    ! grep -qv '^{\"device\":\"cpu:.*}\$' bench.json"
holds 'bench compares with what it measured' grep -q '"share_of_ceiling":0\.' bench.json
for command in run resume estimate audit plot dataset bench devices; do
    works "$command --help" $command --help
    holds "$command --help shows how" sh -c \
        "'$program' $command --help | grep -q 'usage: infoplane $command'"
done
works '--help' --help
works '--version' --version
holds '--version has a number' \
    sh -c "'$program' --version | grep -Eq '^infoplane [0-9.]+ '"
works 'run --keys' run --keys
holds 'every key of the manual is there' sh -c "'$program' run --keys >keys &&
    for k in set path split train_fraction layers init optimizer learning_rate batch \
        epochs seed replicas estimators policy tick rows delta form edges range width \
        noise_var; do
        grep -q \"^\$k = \" keys || { echo \$k; exit 1; }; done"
holds 'a closed output is a failure' sh -c "! '$program' run --keys >/dev/full"

# -- Disk full --------------------------------------------------------------------
holds 'a file-size limit in the middle of a run gives one line and whole rows' sh -c "
    ulimit -f 80
    '$program' run small.ini --set train.epochs=500 --out limit --quiet 2>limit.err
    test \$? -eq 1 && test \$(wc -l <limit.err) -eq 1 &&
    grep -q 'what was measured is kept' limit.err &&
    test \$(wc -l <limit/plane.csv) -gt 10 &&
    ! tail -n +2 limit/plane.csv |
        grep -qvE '^1,[0-9]+,[123],(bin|kde-(upp|low)er),[^,]+,[^,]+\$'"
mkdir small_disk
if mount -t tmpfs -o size=96k none small_disk 2>/dev/null; then
    mounted=$work/small_disk
    "$program" run small.ini --set train.epochs=500 --out small_disk/run --quiet 2>err
    status=$?
    if [ $status -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'No space left' err &&
        [ "$(tail -c 1 small_disk/run/plane.csv | wc -l)" -eq 1 ]; then
        ok 'a full tmpfs in the middle of a run gives one line and whole rows'
    else
        echo "# status $status"
        not_ok 'a full tmpfs in the middle of a run gives one line and whole rows' err
    fi
    holds 'what was there can be drawn elsewhere' \
        "$program" plot small_disk/run -o full.svg
else
    skip 'a full tmpfs in the middle of a run' 'mount needs root'
fi

plan
