# report.awk - what ptxas said of each kernel, as a table; run by `make kernels-report`.
#
# Reads the demangled logs of -Xptxas -v. One row a kernel: registers on each
# architecture, the largest static shared memory, stack frame and spilled bytes over
# all of them. Ends with status 1 when a kernel spills, or
# when there is none.

/Compiling entry function/ {
    name = $0
    sub(/^[^']*'/, "", name)
    arch = name
    sub(/' for 'sm_.*/, "", name)
    sub(/.*' for 'sm_/, "", arch)
    sub(/'.*/, "", arch)
    kernel = short(name)
    if (!(kernel in seen)) {
        seen[kernel] = ++kernels
        order[kernels] = kernel
    }
    if (!(arch in column)) {
        column[arch] = ++archs
        archive[archs] = arch + 0
    }
}

/bytes stack frame/ {
    if ($1 > stack[kernel]) stack[kernel] = $1
    spilled = $5 + $9
    if (spilled > spill[kernel]) spill[kernel] = spilled
}

/Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/)
    registers[kernel, arch + 0] = substr($0, RSTART + 5, RLENGTH - 5)
    if (match($0, /[0-9]+ bytes smem/)) {
        bytes = substr($0, RSTART, RLENGTH) + 0
        if (bytes > shared[kernel]) shared[kernel] = bytes
    }
}

END {
    for (i = 2; i <= archs; ++i) # by architecture, few enough to insert
        for (j = i; j > 1 && archive[j - 1] > archive[j]; --j) {
            keep = archive[j]
            archive[j] = archive[j - 1]
            archive[j - 1] = keep
        }
    printf "%-36s registers on", "kernel"
    for (a = 1; a <= archs; ++a) printf " %6s", "sm_" archive[a]
    printf " %8s %6s %6s\n", "shared", "stack", "spills"
    for (k = 1; k <= kernels; ++k) {
        kernel = order[k]
        printf "%-49s", kernel
        for (a = 1; a <= archs; ++a) printf " %6s", registers[kernel, archive[a]]
        printf " %8d %6d %6d\n", shared[kernel], stack[kernel], spill[kernel]
        if (spill[kernel] > 0) ++spills
    }
    printf "%d kernels, %d with spills\n", kernels, spills
    exit !kernels || spills > 0
}

# "void kde_small<3, true>(float const*, ...)" is kde_small<3, true>; a kernel of CUB
# goes by its bare name.
function short(full)
{
    if (full ~ /cub::/ && match(full, /[A-Za-z]+Kernel</))
        return "cub " substr(full, RSTART, RLENGTH - 1)
    sub(/^void /, "", full)
    sub(/\(.*/, "", full)
    return full
}
