# papers.awk - compares runs of several seeds with the published numbers.
#
#   awk -v setup=2017-tanh -f papers.awk papers.csv RUN/plane.csv
#
# Two means over n and m seeds of the same quantity differ by less than four standard
# errors, sqrt(s^2/n + s'^2/m), plus half a unit of the last printed digit. Where the
# table has no spread, which it leaves out where it is small, ours stands for both and
# 0.015 bits are added for what was left out. Data processing: a later layer cannot know
# more about X than an earlier one, in the mean over seeds. Prints TAP.
BEGIN { FS = ","; reference_seeds = setup == "2018-relu" ? 4 : 5 }
FNR == NR {
    if ($1 != setup) next
    key = $2 "," $3
    order[++keys] = key
    want_xt[key] = $4; sd_xt[key] = $5; want_ty[key] = $6
    next
}
FNR == 1 { next }
$4 == "bin" {
    key = $2 "," $3
    seeds[key]++
    x[key] += $5; xx[key] += $5 * $5
    y[key] += $6; yy[key] += $6 * $6
}
function sd(sum, squares, n) {
    return n > 1 && squares > sum * sum / n ? sqrt((squares - sum * sum / n) / (n - 1)) : 0
}
function report(ok, text) { printf "%sok %d - %s %s\n", ok ? "" : "not ", ++tests, setup, text }
function compare(key, what, got, own, want, spread, n,    other, allowed) {
    other = spread == "" ? own : spread
    allowed = 4 * sqrt(own * own / n + other * other / reference_seeds) + 0.006
    if (spread == "") allowed += 0.015
    report(got - want <= allowed && want - got <= allowed,
           sprintf("epoch,layer %s %s: %.3f, published %s, allowed %.3f", key, what, got,
                   want, allowed))
}
END {
    for (k = 1; k <= keys; ++k) {
        key = order[k]
        n = seeds[key]
        if (!n) { report(0, "epoch,layer " key ": not in the run"); continue }
        compare(key, "I(X;T) bits", x[key] / n, sd(x[key], xx[key], n), want_xt[key],
                sd_xt[key], n)
        if (want_ty[key] != "")
            compare(key, "I(T;Y) bits", y[key] / n, sd(y[key], yy[key], n), want_ty[key],
                    "", n)
        split(key, at, ",")
        before = at[1] "," (at[2] - 1)
        if (before in seeds)
            report(x[key] / n <= x[before] / seeds[before] + 1e-9,
                   "epoch,layer " key ": I(X;T) is not above the layer before")
    }
    printf "1..%d\n", tests
}
