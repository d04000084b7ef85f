/*
 * far.h - measuring in another process: what a run sends, and what a helper answers.
 *
 *     run                                   helper
 *     hello: what the run is, its config -> reads the data, compares
 *                                        <- ready, or refused: the line that differs
 *     measure: ticks and their networks  ->
 *                                        <- points, or failed: status and text
 *     end: of this run                   -> gives the data back, waits for a hello
 *     bye                                -> ipl_serve returns
 *
 * A message has a magic number, its kind, length and CRC-32; what is damaged is refused
 * whole. An answer has the session and number of what it answers: what belongs to
 * another session, or was given up, is passed over. Numbers are the host's: a helper
 * of another byte order is refused by the magic number. Floats are those in memory, and
 * points are as in the journal (records.h), so nothing is rounded on the way.
 */
#ifndef IPL_FAR_H
#define IPL_FAR_H

#include "ipl_places.h"
#include "plane/experiment.h"

typedef enum {
    FAR_HELLO = 1, FAR_READY, FAR_REFUSED, FAR_MEASURE, FAR_POINTS, FAR_FAILED, FAR_END,
    FAR_BYE
} far_kind;

/* -- far_message.c ----------------------------------------------------------------*/

typedef struct {
    far_kind kind;
    uint64_t session, number;
    void    *bytes;   /* of the whole message; NULL: there is none. For free()    */
    const char *payload;
    size_t   size;    /* of the payload                                          */
} far_message;

typedef struct {
    const void *at;
    size_t      bytes;
} far_part;

/* Sends the parts as one payload. E_IO, E_MEMORY. */
ipl_status far_send(const ipl_link *link, far_kind kind, uint64_t session,
                    uint64_t number, int parts, const far_part *part);

/* The next message, if one comes in time. E_IO; E_FORMAT: it is damaged. */
ipl_status far_receive(const ipl_link *link, int wait_ms, far_message *out);

/* -- far_run.c: the run's side -----------------------------------------------------*/

typedef struct {
    const ipl_link *link;
    int      layers;    /* of the networks of a tick                             */
    int64_t  floats;    /* of the same                                           */
    uint64_t session, number; /* of what was asked last                          */
    int      ticks;     /* asked for; 0: whether it is ready                     */
    int      greeted;
} ipl_far;

/* Begins: asks whether the helper is ready for the experiment. E_IO. */
ipl_status ipl_far_greet(const ipl_link *link, const ipl_experiment *e, ipl_far *out);

/* Asks for the points of params[ticks][..], host memory. E_IO. */
ipl_status ipl_far_ask(ipl_far *far, int ticks, const int64_t *tick,
                       const float *params);

/* Waits for the answer; *answered 0: none yet. Points go to out[ticks][layers]. As the
 * helper failed, with its text; E_ARGUMENT: it refused; E_IO: it is gone; E_FORMAT: the
 * answer is damaged. */
ipl_status ipl_far_await(ipl_far *far, int wait_ms, int *answered, ipl_layer *out);

/* Tells the helper, as well as it can, that this run needs it no more. */
void ipl_far_end(ipl_far *far);

/* -- For both -----------------------------------------------------------------------*/

/* The configuration by which a helper reads the data of a run: networks of another run
 * come from the run itself, and so do the ticks. */
ipl_config ipl_far_config(const ipl_config *config);

#endif
