/*
 * ipl_places.h - where a run is worked on: several devices, and helpers elsewhere.
 *
 *     ipl_device *two[2];                              (cuda:0 and cuda:1)
 *     const ipl_places on = {.devices = 2, .device = two};
 *     ipl_run_on(&on, &config, "runs/first", NULL, NULL, NULL);
 *
 * The first device trains and measures, as in ipl_run; all others measure too. So do
 * helpers: processes, on this machine or on others, that call ipl_serve. Networks are
 * sent to them as weights, and points come back. The results are those of one device,
 * bit for bit: all devices are of one kind and model.
 */
#ifndef IPL_PLACES_H
#define IPL_PLACES_H

#include "ipl_plane.h"
#include "ipl_team.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* A way to one other process and back. Messages arrive whole, and in the order of
 * sending. Only one thread at a time uses a link; different ones are used at once. No
 * call waits for ever, not even for a process that is stopped. */
typedef struct {
    /* E_IO: the other side is gone, or takes nothing any more. */
    ipl_status (*send)(void *user, const void *bytes, size_t size);
    /* The next message, waiting wait_ms at most: *bytes is the caller's to free; NULL:
     * none came. E_IO: there will be none. */
    ipl_status (*receive)(void *user, int wait_ms, void **bytes, size_t *size);
    void *user;
} ipl_link;

typedef struct {
    int                devices; /* 1 or more                                    */
    ipl_device *const *device;  /* [devices]                                    */
    int                helpers; /* 0 or more                                    */
    const ipl_link    *helper;  /* [helpers]: a process at the other end serves  */
} ipl_places;

/* Whether a run may be worked on there. E_ARGUMENT: devices of two kinds or models, or
 * a GPU twice. (The CPU may be opened more than once.) */
ipl_status ipl_places_check(const ipl_places *on);

enum { IPL_MODEL_TEXT = 320 };

/* What the bits of a device depend on, in words: a processor's instruction set or a
 * GPU's model, and libraries. Devices with the same text give the same bits. Returns
 * `text`. */
const char *ipl_places_model(const ipl_device *dev, char text[IPL_MODEL_TEXT]);

/*
 * As ipl_run and ipl_resume, which are the case of one device. Resuming may be on any
 * number of devices, the first of them that of the run, with any helpers.
 *
 * A further device that fails, and a helper that is gone, silent, or sends what is
 * damaged, costs its ticks only: others measure them, and the run goes on. A helper of
 * another version, on another kind of device or with other data is left out. Each of
 * these is a line of ipl_progress.lost and of "lost" in run.json. E_MEMORY: a further
 * device is too small. Pools are measured on the first device.
 */
ipl_status ipl_run_on(const ipl_places *on, const ipl_config *config, const char *dir,
                      ipl_progress_call progress, void *user, ipl_progress *out);
ipl_status ipl_resume_on(const ipl_places *on, const char *dir,
                         ipl_progress_call progress, void *user, ipl_progress *out);

/* As ipl_memory_plan, of a device that is not the run's first. */
ipl_status ipl_memory_plan_further(ipl_device *dev, const ipl_config *config,
                                   ipl_memory *out);

/*
 * Helps the run at the other end of the link, and those after it, until it says that it
 * needs no help any more (ipl_serve_end), or stop(user), which is asked several times a
 * second and may be NULL, is not 0. The run sends its configuration; the data are read
 * here, from the same paths, and compared by a checksum before anything is measured.
 *
 * IPL_OK: no more help is needed. E_STOPPED. E_IO: the run is gone. E_FORMAT: a message
 * is damaged, or of another version. E_DEVICE: the device is lost. What else fails is
 * answered, and the next request awaited.
 */
ipl_status ipl_serve(ipl_device *dev, const ipl_link *link, int (*stop)(void *user),
                     void *user);

/* At the run's end of a link: the helper's ipl_serve returns. */
ipl_status ipl_serve_end(const ipl_link *helper);

/* Links of rank 0 to all other ranks, which serve; of another rank, to rank 0. One
 * block, the caller's to free, before the team is closed. From then on a thread tells
 * the other side that this rank is there; one that is not heard for half a minute (rank
 * 0: a minute) is gone. E_MEMORY. */
ipl_status ipl_team_links(ipl_team *team, ipl_link **out, int *count);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
