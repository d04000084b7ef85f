#!/bin/sh
# check_layers.sh - folders use each other forward only, through public headers:
#
#     cli, python -> study -> plot, plane -> config -> net, mi, data -> device
#     -> cpu | kernels
#
# A private header is included by its own folder, or lies in src/ itself. Prints each
# include that breaks this, as FILE:LINE: what it includes, and fails. Lines longer than
# 88 columns fail too, and so do calls whose failure is easily lost: src/buffer.h,
# src/json.h and src/folder.h make them.
cd "$(dirname "$0")/.." || exit 2
grep -nE '^ *#include ("|<ipl_)' src/*.[ch] src/*/*.[ch] kernels/*.cu kernels/*.cuh |
    awk -F: '
BEGIN {
    split("cpu 0 kernels 0 device 1 net 2 mi 2 data 2 config 3 plot 4 plane 4 " \
          "study 5 cli 6", w, " ")
    for (k = 1; k in w; k += 2) level[w[k]] = w[k + 1]
    split("status device option device team device bench device mi_family mi " \
          "audit plane places plane", o, " ")
    for (k = 1; k in o; k += 2) owner[o[k]] = o[k + 1] # of ipl_status.h, ..
}
{
    parts = split($1, path, "/")
    from = path[1] == "kernels" ? "kernels" : parts == 2 ? "device" : path[2]
    match($3, /["<][^">]*[">]/)
    header = substr($3, RSTART + 1, RLENGTH - 2)
    slash = index(header, "/")
    if (slash)
        ok = substr(header, 1, slash - 1) == from && header !~ /\.\./ &&
             from != "kernels"
    else if (header ~ /^ipl_/) {
        name = substr(header, 5, length(header) - 6)
        to = name in owner ? owner[name] : name
        # The table of a backend names what a net and an estimator ask of it.
        asked = to == "device" || to == "net" || to == "mi"
        ok = to == from || level[to] < level[from] || name == "status" ||
             asked && ($1 == "src/backend.h" || from == "cpu" || from == "kernels")
    } else if (from == "kernels") ok = header ~ /\.cuh$/ || header ~ /^[a-z_]+\.h$/
    else ok = from != "cli"
    ok = ok || $1 == "src/plane/version.c" && header ~ /^ipl_/ # sizes of all types
    ok = ok || $1 ~ /^src\/[a-z_]*\.c$/ && header ~ /^ipl_(device|option|team)\.h$/
    if (!ok) { printf "%s:%s: %s\n", $1, $2, header; bad = 1 }
}
END { exit bad }' || exit 1
if LC_ALL=C.UTF-8 grep -nE '^.{89,}' src/*.[ch] src/*/*.[ch] include/*.h kernels/*.cu* \
    tests/*.[ch] tests/*.sh bench/*.[ch] bench/*.sh; then
    echo "lines of more than 88 columns"
    exit 1
fi
makers='src/(json|folder|cpu/waiting|cli/estimate_print)\.c'
if grep -nE '\<(open_memstream|json_object_set|json_object_set_new|json_array_append|'\
'json_array_append_new|json_loadf?|json_load_file|json_loadb|json_dumps|readdir)\(' \
    $(ls src/*.c src/*/*.c | grep -vxE "$makers"); then
    echo "use src/buffer.h, src/json.h or src/folder.h: they lose no failure"
    exit 1
fi
echo "layers: every include points forward"
