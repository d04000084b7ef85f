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
# More ranks than cores, none bound to one.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none

# ranks N COMMAND...: ends after a minute at the latest.
ranks() {
    number=$1
    shift
    timeout -k 5 60 mpirun -n "$number" "$@" </dev/null
}
