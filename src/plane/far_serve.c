/*
 * far_serve.c - a helper: measures the networks that runs elsewhere send.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plane/far.h"
#include "plane/records.h"
#include "plane/site.h"

enum { POLL_MS = 200 };

typedef struct {
    ipl_device     *dev;
    const ipl_link *link;
    uint64_t        session;
    int             opened; /* 1: it may measure                                 */
    ipl_experiment  e;      /* loaded; its rows are the site's                   */
    ipl_site        site;
    ipl_lane        lane;
    ipl_layer      *layer;  /* [memory.ticks][replicas][layers]                  */
} helper;

static void give_back(helper *h)
{
    ipl_lane_close(&h->lane);
    ipl_site_close(&h->site);
    ipl_experiment_close(&h->e);
    free(h->layer);
    h->layer = NULL;
    h->opened = 0;
}

/* -- Hello ------------------------------------------------------------------------*/

static ipl_status differs(const char *its, size_t its_size, const char *own,
                          size_t own_size)
{
    const int its_line = ipl_describe_line(its, its_size);
    const int own_line = ipl_describe_line(own, own_size);
    if (own_line > 5 && !strncmp(own, "data ", 5))
        return IPL_FAIL(IPL_E_ARGUMENT, "the helper's data are not the run's: expected "
                        "checksum %.*s, and it is %.*s: give it the run's files",
                        its_line > 5 ? its_line - 5 : 0, its + 5, own_line - 5,
                        own + 5);
    return IPL_FAIL(IPL_E_ARGUMENT, "the run has '%.*s', and the helper '%.*s'",
                    its_line, its, own_line, own);
}

/* The run's lines against those of the data that were read here. */
static ipl_status compare(const helper *h, const char *its, size_t its_size)
{
    char model[IPL_MODEL_TEXT];
    ipl_buffer text = {0};
    ipl_experiment_describe(&h->e, ipl_places_model(h->dev, model), NULL, &h->e.config,
                            &text);
    if (!text.at) return IPL_FAIL(IPL_E_MEMORY, "the description of a run");
    const char *own = text.at;
    size_t own_size = text.used;
    ipl_status st = IPL_OK;
    if (ipl_describe_differ(&its, &its_size, &own, &own_size))
        st = differs(its, its_size, own, own_size);
    free(text.at);
    return st;
}

/* What can be compared before the data are read. */
static ipl_status compare_version(const char *its, size_t its_size)
{
    char own[128];
    const int line = ipl_describe_line(its, its_size);
    const int length = snprintf(own, sizeof own, "version %s", ipl_version());
    if (line == length && !memcmp(its, own, (size_t)line)) return IPL_OK;
    return IPL_FAIL(IPL_E_ARGUMENT, "the run has '%.*s', and the helper '%s'", line,
                    its, own);
}

static ipl_status open_run(helper *h, const far_message *m)
{
    ipl_config config;
    const char *end = memchr(m->payload, 0, m->size);
    if (!end || end + 1 == m->payload + m->size)
        return IPL_FAIL(IPL_E_FORMAT, "a hello without a configuration");
    const size_t what = (size_t)(end - m->payload), bytes = m->size - what - 1;
    IPL_TRY(compare_version(m->payload, what));
    IPL_TRY(ipl_config_parse("the run's configuration", end + 1, bytes, &config));
    IPL_TRY(ipl_experiment_load(&config, &h->e));
    IPL_TRY(compare(h, m->payload, what));
    IPL_TRY(ipl_site_open(&h->e, h->dev, &h->site));
    ipl_experiment_drop_rows(&h->e);
    IPL_TRY(ipl_lane_open(&h->site, &h->e, 0, &h->lane));
    const size_t layers = (size_t)h->site.memory.ticks * (size_t)h->e.replicas *
                          (size_t)h->e.shape.layers;
    h->layer = malloc(layers * sizeof *h->layer);
    if (!h->layer) return IPL_FAIL(IPL_E_MEMORY, "%zu layers to measure", layers);
    h->opened = 1;
    return IPL_OK;
}

static ipl_status hello(helper *h, const far_message *m)
{
    give_back(h);
    h->session = m->session;
    const ipl_status st = open_run(h, m);
    if (st == IPL_OK) return far_send(h->link, FAR_READY, m->session, 0, 0, NULL);
    const char *why = ipl_last_error_text();
    const far_part part = {why, strlen(why)};
    const ipl_status sent = far_send(h->link, FAR_REFUSED, m->session, 0, 1, &part);
    give_back(h);
    return sent;
}

/* -- Measuring --------------------------------------------------------------------*/

/* Some ticks of a request, as many as the lane has room for; adds their records. */
static ipl_status measure_some(helper *h, int ticks, const char *from, char **to,
                               size_t *used)
{
    const int layers = h->e.replicas * h->e.shape.layers;
    const size_t bytes = (size_t)(h->e.replicas * h->e.parameters) * sizeof(float);
    for (int k = 0; k < ticks; ++k)
        IPL_TRY(ipl_upload(h->lane.dev, from + (size_t)k * bytes, bytes,
                           ipl_lane_room(&h->lane, k)));
    IPL_TRY(ipl_lane_measure(&h->lane, ticks, h->layer));
    for (int k = 0; k < ticks; ++k) {
        char *record;
        size_t size;
        IPL_TRY(ipl_records_points_text(layers, h->layer + (int64_t)k * layers, &record,
                                        &size));
        const uint64_t length = size;
        char *more = realloc(*to, *used + sizeof length + size);
        if (more) {
            memcpy(more + *used, &length, sizeof length);
            memcpy(more + *used + sizeof length, record, size);
            *to = more;
            *used += sizeof length + size;
        }
        free(record);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of an answer", size);
    }
    return IPL_OK;
}

static ipl_status measure_all(helper *h, const far_message *m, char **to, size_t *used)
{
    const size_t each = (size_t)(h->e.replicas * h->e.parameters) * sizeof(float);
    int64_t ticks = 0;
    if (!h->opened || m->session != h->session)
        return IPL_FAIL(IPL_E_FORMAT, "networks of a run that was not begun here");
    if (m->size >= sizeof ticks) memcpy(&ticks, m->payload, sizeof ticks);
    if (ticks < 1 || ticks > INT16_MAX ||
        m->size != sizeof ticks + (size_t)ticks * (sizeof(int64_t) + each))
        return IPL_FAIL(IPL_E_FORMAT, "a request of %zu bytes for %lld ticks of %zu",
                        m->size, (long long)ticks, each);
    const char *from = m->payload + (size_t)(1 + ticks) * sizeof(int64_t);
    for (int64_t done = 0; done < ticks;) {
        const int64_t left = ticks - done, room = h->site.memory.ticks;
        const int some = (int)(left < room ? left : room);
        IPL_TRY(measure_some(h, some, from + (size_t)done * each, to, used));
        done += some;
    }
    return IPL_OK;
}

static ipl_status measure(helper *h, const far_message *m)
{
    char *text = NULL;
    size_t used = 0;
    const ipl_status st = measure_all(h, m, &text, &used);
    const far_part points = {text, used};
    if (st == IPL_OK) {
        const ipl_status sent =
            far_send(h->link, FAR_POINTS, m->session, m->number, 1, &points);
        free(text);
        return sent;
    }
    free(text);
    const int32_t code = st;
    char why[512];
    snprintf(why, sizeof why, "%s", ipl_last_error_text());
    const far_part failed[] = {{&code, sizeof code}, {why, strlen(why)}};
    IPL_TRY(far_send(h->link, FAR_FAILED, m->session, m->number, 2, failed));
    return st == IPL_E_DEVICE ? IPL_FAIL(st, "%s", why) : IPL_OK; /* no second try */
}

/* -- Serving ----------------------------------------------------------------------*/

static ipl_status answer(helper *h, const far_message *m, int *done)
{
    switch (m->kind) {
    case FAR_HELLO: return hello(h, m);
    case FAR_MEASURE: return measure(h, m);
    case FAR_END:
        if (m->session == h->session) give_back(h);
        return IPL_OK;
    case FAR_BYE: *done = 1; return IPL_OK;
    case FAR_READY:
    case FAR_REFUSED:
    case FAR_POINTS:
    case FAR_FAILED: break;
    }
    return IPL_FAIL(IPL_E_FORMAT, "a message of kind %d, which a helper sends",
                    m->kind);
}

ipl_status ipl_serve(ipl_device *dev, const ipl_link *link, int (*stop)(void *user),
                     void *user)
{
    IPL_REQUIRE(dev && link && link->send && link->receive, "device or link is NULL");
    helper h = {.dev = dev, .link = link};
    ipl_status st = IPL_OK;
    int done = 0;
    while (st == IPL_OK && !done) {
        far_message m;
        if (stop && stop(user)) {
            st = IPL_FAIL(IPL_E_STOPPED, "the helper was stopped");
            break;
        }
        st = far_receive(link, POLL_MS, &m);
        if (st == IPL_OK && m.bytes) st = answer(&h, &m, &done);
        free(m.bytes);
    }
    give_back(&h);
    return st;
}
