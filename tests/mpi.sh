# mpi.sh - mpirun for the tests that are scripts: `. tests/mpi.sh` after tests/tap.sh.
#
# Sets $no_mpi to the reason where it cannot be tested, else empty.
# shellcheck shell=sh disable=SC2154 # build: of who sources this
no_mpi=
command -v mpirun >/dev/null || no_mpi='there is no mpirun'
[ -e "$build/libinfoplane_mpi.so" ] || no_mpi='built without MPI'
case $build in
*tsan*) no_mpi='MPI itself is not made for the thread sanitizer' ;;
# A sanitizer calls dlopen itself, which then does not know the program's RUNPATH; and
# what MPI never frees is not ours.
*asan*) export LD_LIBRARY_PATH="$build" ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS" ;;
esac
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# More ranks than cores, none bound to one: Open MPI 4, and 5.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_rmaps_default_mapping_policy=slot:oversubscribe
export PRTE_MCA_hwloc_default_binding_policy=none
# $goes_on: what lets the others go on without a rank that died. $knows: 1 if MPI then
# tells them of it; else they notice that it is silent.
goes_on=--enable-recovery knows=0
case $(mpirun --version 2>/dev/null) in
*'(Open MPI) 5'*) goes_on='--with-ft ulfm' knows=1 ;;
esac

# rank_of N NAME=VALUE: prints the process of this rank, of those with the variable.
rank_of() {
    for environ in $(grep -lzx "$2" /proc/[0-9]*/environ 2>/dev/null); do
        tr '\0' '\n' 2>/dev/null <"$environ" |
            grep -qxE "(OMPI_COMM_WORLD|PMI)_RANK=$1" || continue
        environ=${environ%/environ}
        echo "${environ#/proc/}"
        return
    done
    return 1
}

# ranks N COMMAND...: ends after a minute at the latest.
ranks() {
    number=$1
    shift
    timeout -k 5 60 mpirun -n "$number" "$@" </dev/null
}

# Two hosts, ipl-a-PID and ipl-b-PID: network namespaces with a cable between them.
# hosts_up fails where this machine does not let us, and where mpirun has no options of
# Open MPI's.
hosts_up() {
    mpirun --version 2>/dev/null | grep -q 'Open MPI' || return 1
    a=ipl-a-$$ b=ipl-b-$$
    ip netns add "$a" 2>/dev/null && ip netns add "$b" &&
        ip link add cable netns "$a" type veth peer name cable netns "$b" &&
        ip -n "$a" addr add 10.77.0.1/24 dev cable &&
        ip -n "$b" addr add 10.77.0.2/24 dev cable || return 1
    for host in "$a" "$b"; do
        ip -n "$host" link set cable up && ip -n "$host" link set lo up || return 1
    done
    # What mpirun calls instead of ssh: HOST COMMAND..
    cat >"$work/agent" <<END
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
host=$a
[ "\$1" = 10.77.0.1 ] || host=$b
shift
exec ip netns exec \$host unshare --uts sh -c "hostname \$host; \$*"
END
    chmod +x "$work/agent"
}
hosts_down() {
    ip netns del "ipl-a-$$"
    ip netns del "ipl-b-$$"
} 2>/dev/null

# hosts_run N COMMAND...: N ranks, two of them on the first host.
hosts_run() {
    number=$1
    shift
    ip netns exec "$a" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$a" \
        timeout -k 5 60 mpirun --mca plm_rsh_agent "$work/agent" \
        --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
        --mca btl tcp,vader,self -H 10.77.0.1:2,10.77.0.2:9 -n "$number" "$@" </dev/null
}
