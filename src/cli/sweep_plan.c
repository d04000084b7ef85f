/*
 * sweep_plan.c - what a study will take, before it begins.
 *
 * Some of its runs are trained for half a second each, in a folder that goes
 * afterwards: from that, epochs and measured ticks have a time. Others are taken to be
 * as fast for their work as the one of about the same work.
 */
#include "cli/sweep_plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/scratch.h"

enum { SAMPLES = 8 };
static const double SAMPLE_S = 0.5;

typedef struct {
    int64_t run;
    int     is_done;
    ipl_study_work work;
} planned;

typedef struct {
    const ipl_study         *study;
    const ipl_study_options *options;
    ipl_device *one, *all;   /* of the CPU with one thread and with all           */
    int         side_by_side;
    planned    *run;         /* by cost                                             */
    int64_t     runs;
    double      speed[SAMPLES]; /* seconds of a core, or a GPU, by cost             */
    double      at[SAMPLES];    /* costs of these runs                              */
    int         samples;
    double      beside;         /* seconds of a run that are no work                */
} planning;

static int by_cost(const void *a, const void *b)
{
    const planned *l = a, *r = b;
    if (l->work.cost != r->work.cost) return l->work.cost < r->work.cost ? -1 : 1;
    return l->run < r->run ? -1 : 1;
}

/* -- Sums -------------------------------------------------------------------------*/

typedef struct {
    int64_t trained, measured_only, networks, ticks, kept_bytes;
    int64_t done, train_left, networks_left; /* in the study's folder              */
    int     is_guess;
} sums;

static int is_done(const planning *p, int64_t run)
{
    char path[4300];
    ipl_run_info info;
    snprintf(path, sizeof path, "%s/%s", p->options->dir,
             ipl_study_run_at(p->study, run)->name);
    return ipl_run_about(path, &info) == IPL_OK && info.done;
}

static ipl_status sum_up(planning *p, sums *out)
{
    *out = (sums){0};
    for (int64_t r = 0; r < p->runs; ++r) {
        const ipl_study_run *run = ipl_study_run_at(p->study, r);
        planned *at = p->run + r;
        at->run = r;
        const ipl_status st =
            ipl_study_work_of(p->study, r, p->options->dir, &at->work);
        if (st != IPL_OK) return st;
        at->is_done = is_done(p, r);
        out->done += at->is_done;
        if (run->kept_by < 0) ++out->trained, out->networks += run->seeds;
        else ++out->measured_only;
        if (run->kept_by < 0 && !at->is_done)
            ++out->train_left, out->networks_left += run->seeds;
        out->ticks += at->work.ticks * run->seeds;
        out->is_guess |= at->work.is_guess;
        out->kept_bytes += at->work.kept_bytes;
    }
    qsort(p->run, (size_t)p->runs, sizeof *p->run, by_cost);
    return IPL_OK;
}

/* -- Time -------------------------------------------------------------------------*/

/* Trains so many epochs, of which the first and the last network are measured. */
static ipl_status try_epochs(ipl_device *dev, const ipl_config *config, int64_t epochs,
                             ipl_progress *at)
{
    char folder[SCRATCH_PATH], dir[SCRATCH_PATH + 8];
    ipl_config tried = *config;
    tried.epochs = epochs;
    tried.tick = IPL_TICK_EPOCH;
    tried.policy = IPL_POLICY_EVERY;
    tried.every = epochs;
    tried.keep = IPL_KEEP_NONE;
    tried.networks[0] = tried.pool_windows[0] = 0;
    ipl_status st = cli_scratch_make(folder);
    if (st != IPL_OK) return st;
    snprintf(dir, sizeof dir, "%s/run", folder);
    st = ipl_run(dev, &tried, dir, NULL, NULL, at);
    cli_scratch_remove(folder);
    return st;
}

/* Seconds that a run takes on one core or GPU, and beside training and measuring, of
 * data and files. */
static ipl_status time_run(const planning *p, const planned *run, double *seconds,
                           double *beside)
{
    ipl_config config;
    ipl_progress at = {0};
    ipl_device *dev = run->work.is_large ? p->all : p->one;
    int64_t epochs = 1;
    ipl_status st = ipl_study_config(p->study, run->run, p->options->dir, &config);
    if (st == IPL_OK) st = try_epochs(dev, &config, epochs, &at);
    if (st == IPL_OK && at.train_s < SAMPLE_S && config.epochs > 1) {
        const double more = SAMPLE_S / fmax(at.train_s, 1e-4);
        epochs = (int64_t)fmin((double)config.epochs, ceil(more));
        st = try_epochs(dev, &config, epochs, &at);
    }
    if (st != IPL_OK) return st;
    const double epoch_s = at.train_s / (double)epochs;
    const double tick_s = at.measured ? at.measure_s / (double)at.measured : 0.0;
    const int trains = ipl_study_run_at(p->study, run->run)->kept_by < 0;
    *seconds = (trains ? epoch_s * (double)config.epochs : 0.0) +
               tick_s * (double)run->work.ticks;
    if (run->work.is_large) *seconds *= p->side_by_side;
    *beside = fmax(0.0, at.wall_s - at.train_s - at.measure_s);
    return IPL_OK;
}

static ipl_status take_samples(planning *p, int quiet)
{
    p->samples = p->runs < SAMPLES ? (int)p->runs : SAMPLES;
    for (int k = 0; k < p->samples; ++k) {
        const planned *run = p->run + (p->samples == 1 ? 0
                                       : k * (p->runs - 1) / (p->samples - 1));
        double seconds, beside;
        if (!quiet)
            fprintf(stderr, "infoplane: trying %s, %d of %d\n",
                    ipl_study_run_at(p->study, run->run)->name, k + 1, p->samples);
        const ipl_status st = time_run(p, run, &seconds, &beside);
        if (st != IPL_OK) return st;
        p->beside += beside / p->samples;
        p->at[k] = run->work.cost;
        p->speed[k] = seconds / fmax(run->work.cost, 1.0);
    }
    return IPL_OK;
}

static double expected_s(const planning *p)
{
    double sum = 0.0, longest = 0.0;
    for (int64_t r = 0; r < p->runs; ++r) {
        const planned *run = p->run + r;
        int nearest = 0;
        if (run->is_done) continue;
        for (int k = 1; k < p->samples; ++k)
            if (fabs(log(p->at[k] / run->work.cost)) <
                fabs(log(p->at[nearest] / run->work.cost)))
                nearest = k;
        const double seconds = p->speed[nearest] * run->work.cost + p->beside;
        sum += seconds;
        if (!run->work.is_large && seconds > longest) longest = seconds;
    }
    return fmax(sum / p->side_by_side, longest);
}

/* -- Memory -----------------------------------------------------------------------*/

/* Of the run that takes most, among those that were tried and the one of most work. */
static ipl_status largest(const planning *p, ipl_memory *most, const char **name)
{
    *most = (ipl_memory){0};
    for (int k = 0; k < p->samples; ++k) {
        const planned *run = p->run + (p->samples == 1 ? 0
                                       : k * (p->runs - 1) / (p->samples - 1));
        ipl_config config;
        ipl_memory memory;
        ipl_status st = ipl_study_config(p->study, run->run, p->options->dir, &config);
        config.networks[0] = 0; /* which are not there yet */
        if (st == IPL_OK)
            st = ipl_memory_plan(run->work.is_large ? p->all : p->one, &config,
                                 &memory);
        if (st != IPL_OK) return st;
        if (memory.total_bytes <= most->total_bytes) continue;
        *most = memory;
        *name = ipl_study_run_at(p->study, run->run)->name;
    }
    return IPL_OK;
}

/* -- All of it --------------------------------------------------------------------*/

static ipl_status open_devices(planning *p)
{
    const char *name = p->options->device[0];
    const ipl_device_options one = {.threads = 1};
    const ipl_device_options all = {.threads = p->options->threads};
    ipl_status st = ipl_device_open(name, &all, &p->all);
    if (st != IPL_OK) return st;
    const ipl_device_info *about = ipl_device_about(p->all);
    p->side_by_side = about->is_host ? about->threads : p->options->devices;
    return ipl_device_open(name, about->is_host ? &one : &all, &p->one);
}

static void print(const planning *p, const sums *s, const ipl_memory *most,
                  const char *name)
{
    char time[32], bytes[16], kept[16];
    const ipl_device_info *about = ipl_device_about(p->all);
    cli_print(stdout, "%lld products in %lld runs: %lld train %lld networks, %lld "
              "measure networks that others keep\n",
              (long long)ipl_study_products(p->study), (long long)p->runs,
              (long long)s->trained, (long long)s->networks,
              (long long)s->measured_only);
    if (s->done)
        cli_print(stdout, "done in %s: %lld runs; of the others %lld train %lld "
                  "networks, %lld measure\n", p->options->dir, (long long)s->done,
                  (long long)s->train_left, (long long)s->networks_left,
                  (long long)(p->runs - s->done - s->train_left));
    cli_print(stdout, "measured: %lld networks of an epoch or step%s\n",
              (long long)s->ticks, s->is_guess ? ", about: the policy decides by the "
              "values" : "");
    cli_print(stdout, "time: about %s%s on %s, %d side by side, from short trials of "
              "%d runs\n", cli_duration(expected_s(p), time, sizeof time),
              s->done ? " more" : "", about->name,
              p->side_by_side, p->samples);
    cli_print(stdout, "memory: at most %s a run (%s), of %d side by side\n",
              cli_bytes(most->total_bytes, bytes), name, p->side_by_side);
    cli_print(stdout, "kept networks: %s on disk at most, before they are packed\n",
              cli_bytes(s->kept_bytes, kept));
}

int cli_print_plan(const ipl_study *study, const ipl_study_options *options, int quiet)
{
    planning p = {.study = study, .options = options, .runs = ipl_study_runs(study)};
    sums s;
    ipl_memory most;
    const char *name = "";
    p.run = calloc((size_t)p.runs, sizeof *p.run);
    if (!p.run) {
        cli_say("no memory for %lld runs", (long long)p.runs);
        return CLI_FAILED;
    }
    ipl_status st = ipl_study_check(study);
    if (st == IPL_OK) st = sum_up(&p, &s);
    if (st == IPL_OK) st = open_devices(&p);
    if (st == IPL_OK) st = take_samples(&p, quiet);
    if (st == IPL_OK) st = largest(&p, &most, &name);
    if (st == IPL_OK) print(&p, &s, &most, name);
    ipl_device_close(p.one);
    ipl_device_close(p.all);
    free(p.run);
    return st == IPL_OK ? CLI_DONE : cli_failed();
}
