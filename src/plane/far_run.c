/*
 * far_run.c - a run's side of a helper: networks go, points come.
 */
#include <stdlib.h>
#include <string.h>

#include "plane/far.h"
#include "plane/identity.h"
#include "plane/records.h"

ipl_config ipl_far_config(const ipl_config *config)
{
    ipl_config out = *config;
    out.networks[0] = 0;
    out.keep = IPL_KEEP_NONE;
    if (out.policy == IPL_POLICY_KEPT) out.policy = IPL_POLICY_EVERY;
    return out;
}

/* What the run is, ended by a zero byte, then its configuration. */
static ipl_status send_hello(ipl_far *f, const ipl_experiment *e)
{
    char model[IPL_MODEL_TEXT], *text;
    ipl_buffer what = {0};
    size_t bytes;
    const ipl_config config = ipl_far_config(&e->config);
    IPL_TRY(ipl_config_text(&config, &text, &bytes));
    ipl_experiment_describe(e, ipl_places_model(e->dev, model), NULL, &config, &what);
    const far_part part[] = {{what.at, what.used + 1}, {text, bytes}};
    const ipl_status st =
        what.at ? far_send(f->link, FAR_HELLO, f->session, 0, 2, part)
                : IPL_FAIL(IPL_E_MEMORY, "the description of a run");
    free(what.at);
    free(text);
    return st;
}

ipl_status ipl_far_greet(const ipl_link *link, const ipl_experiment *e, ipl_far *out)
{
    ipl_identity drawn;
    *out = (ipl_far){.link = link, .layers = e->replicas * e->shape.layers,
                     .floats = e->replicas * e->parameters};
    IPL_TRY(ipl_identity_draw(&drawn));
    out->session = drawn.number[0];
    out->greeted = 1;
    return send_hello(out, e);
}

ipl_status ipl_far_ask(ipl_far *f, int ticks, const int64_t *tick, const float *params)
{
    const int64_t count = ticks;
    const far_part part[] = {
        {&count, sizeof count}, {tick, (size_t)ticks * sizeof *tick},
        {params, (size_t)(ticks * f->floats) * sizeof *params}};
    f->ticks = ticks;
    return far_send(f->link, FAR_MEASURE, f->session, ++f->number, 3, part);
}

/* Of each tick its record's length and the record. */
static ipl_status take_points(const ipl_far *f, const far_message *m, ipl_layer *out)
{
    const char *at = m->payload;
    size_t left = m->size;
    for (int k = 0; k < f->ticks; ++k) {
        uint64_t bytes;
        if (left < sizeof bytes)
            return IPL_FAIL(IPL_E_FORMAT, "an answer with %d ticks: expected %d", k,
                            f->ticks);
        memcpy(&bytes, at, sizeof bytes);
        at += sizeof bytes, left -= sizeof bytes;
        if (bytes > left)
            return IPL_FAIL(IPL_E_FORMAT, "an answer is cut off in tick %d of %d",
                            k + 1, f->ticks);
        IPL_TRY(ipl_records_read_points(at, (size_t)bytes, f->layers,
                                        out + (int64_t)k * f->layers));
        at += bytes, left -= (size_t)bytes;
    }
    if (left)
        return IPL_FAIL(IPL_E_FORMAT, "an answer has %zu bytes too many", left);
    return IPL_OK;
}

static ipl_status take_answer(const ipl_far *f, const far_message *m, ipl_layer *out)
{
    int32_t code;
    const int size = m->size < 400 ? (int)m->size : 400;
    switch (m->kind) {
    case FAR_READY:
        if (!f->ticks) return IPL_OK;
        break;
    case FAR_REFUSED: return IPL_FAIL(IPL_E_ARGUMENT, "%.*s", size, m->payload);
    case FAR_POINTS:
        if (f->ticks) return take_points(f, m, out);
        break;
    case FAR_FAILED:
        if (m->size < sizeof code) break;
        memcpy(&code, m->payload, sizeof code);
        if (code <= IPL_OK || code > IPL_E_STOPPED) break;
        return IPL_FAIL((ipl_status)code, "%.*s", size - (int)sizeof code,
                        m->payload + sizeof code);
    case FAR_HELLO:
    case FAR_MEASURE:
    case FAR_END:
    case FAR_BYE: break;
    }
    return IPL_FAIL(IPL_E_FORMAT, "an answer of kind %d to what was not asked",
                    m->kind);
}

ipl_status ipl_far_await(ipl_far *f, int wait_ms, int *answered, ipl_layer *out)
{
    far_message m;
    *answered = 0;
    IPL_TRY(far_receive(f->link, wait_ms, &m));
    if (!m.bytes) return IPL_OK;
    ipl_status st = IPL_OK;
    if (m.session == f->session && m.number == f->number) {
        *answered = 1;
        st = take_answer(f, &m, out);
    }
    free(m.bytes);
    return st;
}

void ipl_far_end(ipl_far *f)
{
    if (f->greeted) far_send(f->link, FAR_END, f->session, 0, 0, NULL);
}

ipl_status ipl_serve_end(const ipl_link *helper)
{
    IPL_REQUIRE(helper && helper->send, "a link is NULL");
    return far_send(helper, FAR_BYE, 0, 0, 0, NULL);
}
