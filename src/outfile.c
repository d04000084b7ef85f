/*
 * outfile.c - writing a file beside its place, then renaming it.
 */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ipl_status ipl_outfile_open(const char *path, ipl_outfile *out)
{
    static const char suffix[] = ".part-XXXXXX";
    const size_t length = strlen(path);
    ipl_outfile made = {.path = malloc(length + 1),
                        .temporary = malloc(length + sizeof suffix)};
    if (!made.path || !made.temporary) {
        ipl_outfile_discard(&made);
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for its name", path);
    }
    memcpy(made.path, path, length + 1);
    memcpy(made.temporary, path, length);
    memcpy(made.temporary + length, suffix, sizeof suffix);

    const int at = mkstemp(made.temporary);
    if (at < 0) {
        const int reason = errno;
        free(made.temporary);
        made.temporary = NULL; /* there is none to remove */
        ipl_outfile_discard(&made);
        return IPL_FAIL(IPL_E_IO, "%s: cannot be written: %s", path, strerror(reason));
    }
    made.file = fdopen(at, "wb");
    if (!made.file) {
        const int reason = errno;
        close(at);
        ipl_outfile_discard(&made);
        return IPL_FAIL(IPL_E_IO, "%s: cannot be written: %s", path, strerror(reason));
    }
    *out = made;
    return IPL_OK;
}

/* mkstemp makes files for their owner alone; give what open() would have given. */
static int widen_permissions(int at)
{
    const mode_t mask = umask(0);
    umask(mask);
    return fchmod(at, 0666 & ~mask);
}

ipl_status ipl_outfile_commit(ipl_outfile *out)
{
    /* stdio keeps only the fact of an earlier failure; errno is the system's reason
     * if the failure was the latest call, which is the case for a full disk. */
    const int before = errno;
    errno = 0;
    int failed = ferror(out->file);
    if (failed) errno = before;
    if (!failed) failed = fflush(out->file) || widen_permissions(fileno(out->file)) ||
                          fsync(fileno(out->file));
    int reason = errno;
    if (fclose(out->file) && !failed) failed = 1, reason = errno;
    out->file = NULL;
    if (!failed && rename(out->temporary, out->path)) failed = 1, reason = errno;
    ipl_status st = IPL_OK;
    if (failed)
        st = IPL_FAIL(IPL_E_IO, "%s: cannot be written: %s", out->path,
                      reason ? strerror(reason) : "an earlier write failed");
    else
        free(out->temporary), out->temporary = NULL;
    ipl_outfile_discard(out);
    return st;
}

void ipl_outfile_discard(ipl_outfile *out)
{
    if (out->file) fclose(out->file);
    if (out->temporary) unlink(out->temporary);
    free(out->temporary);
    free(out->path);
    *out = (ipl_outfile){0};
}
