/*
 * report.c - errors, notes and progress, all on stderr.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

int cli_log_level(void)
{
    const char *text = getenv("IPL_LOG");
    return text && *text >= '0' && *text <= '3' && !text[1] ? *text - '0' : 1;
}

const char *cli_error_text(void)
{
    return cli_log_level() < 2 ? ipl_last_error_text() : ipl_last_error();
}

int cli_open_device(const cli_command *command, const char *name, int64_t threads,
                    int quiet, ipl_device **out)
{
    const ipl_device_options options = {.threads = (int)threads};
    const ipl_status st = ipl_device_open(name, &options, out);
    if (st == IPL_E_ARGUMENT)
        return cli_misused(command, "--device: %s", cli_error_text());
    if (st != IPL_OK) return cli_failed();
    const ipl_device_info *about = ipl_device_about(*out);
    if (about->note[0] && !quiet && cli_log_level() >= 1)
        cli_say("on %s: %s", about->name, about->note);
    return CLI_GO_ON;
}

void cli_close_devices(cli_devices_open *open)
{
    while (open->on.devices) ipl_device_close(open->device[--open->on.devices]);
}

int cli_open_devices(const cli_command *command, const char *names, int64_t threads,
                     int quiet, cli_devices_open *out)
{
    char name[64];
    *out = (cli_devices_open){.on = {.device = out->device}};
    for (const char *at = names;; ++at) {
        const size_t length = strcspn(at, ",");
        if (out->on.devices == CLI_DEVICES_MAX)
            return cli_misused(command, "--device '%s': more than %d devices", names,
                               CLI_DEVICES_MAX);
        if (length >= sizeof name || (!length && strchr(names, ',')))
            return cli_misused(command, "--device '%s': expected names of devices with "
                               "a comma between them", names);
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        const int status = cli_open_device(command, name, threads, quiet,
                                           &out->device[out->on.devices]);
        if (status != CLI_GO_ON) return status;
        ++out->on.devices;
        at += length;
        if (!*at) break;
    }
    if (ipl_places_check(&out->on) == IPL_OK) return CLI_GO_ON;
    return cli_misused(command, "--device: %s", cli_error_text());
}

const char *cli_duration(double seconds, char *text, size_t size)
{
    const long long s = seconds > 0 ? (long long)(seconds + 0.5) : 0;
    if (s < 60) snprintf(text, size, "%lld s", s);
    else if (s < 3600) snprintf(text, size, "%lld:%02lld", s / 60, s % 60);
    else snprintf(text, size, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    return text;
}

const char *cli_bytes(int64_t bytes, char text[16])
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    int k = 0;
    for (; value >= 1024.0 && k < 4; ++k) value /= 1024.0;
    snprintf(text, 16, value < 100.0 && k ? "%.1f %s" : "%.0f %s", value, unit[k]);
    return text;
}

const char *cli_memory(const ipl_device_info *device, const ipl_memory *m, char *text,
                       size_t size)
{
    char all[16], has[16], data[16], train[16], measure[16], keep[16];
    const int trains = m->training_bytes > 0; /* else it is not the run's first */
    int used = snprintf(text, size, "takes %s of %s: data %s, %s%s%smeasuring %s",
                        cli_bytes(m->total_bytes, all), cli_bytes(m->free_bytes, has),
                        cli_bytes(m->data_bytes, data), trains ? "training " : "",
                        trains ? cli_bytes(m->training_bytes, train) : "",
                        trains ? ", " : "", cli_bytes(m->measuring_bytes, measure));
    if (m->block_rows && used < (int)size)
        used += snprintf(text + used, size - (size_t)used,
                         " (a layer at a time, in blocks of %lld rows)",
                         (long long)m->block_rows);
    else if (!m->nets && used < (int)size)
        used += snprintf(text + used, size - (size_t)used, " (a layer at a time)");
    if (!device->is_host && trains && used < (int)size)
        snprintf(text + used, size - (size_t)used, "; then snapshots, up to %s",
                 cli_bytes(m->snapshot_bytes, keep));
    return text;
}

void cli_print_notes(const char *notes)
{
    for (const char *at = notes, *end; (end = strchr(at, '\n')); at = end + 1)
        cli_print(stderr, "data: %.*s\n", (int)(end - at), at);
}

static volatile sig_atomic_t asked_to_stop;

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
enum { STOPPING = sizeof stopping / sizeof *stopping };

/* The next one finds the default again, and ends the process. */
static void ask_to_stop(int number)
{
    asked_to_stop = 1;
    signal(number, SIG_DFL);
}

/* What was to be ignored, as by nohup, still is. */
static void answer(void (*handler)(int))
{
    struct sigaction now;
    for (int k = 0; k < STOPPING; ++k)
        if (!sigaction(stopping[k], NULL, &now) && now.sa_handler != SIG_IGN)
            signal(stopping[k], handler);
}

void cli_listen(void)
{
    asked_to_stop = 0;
    answer(ask_to_stop);
}

int cli_asked_to_stop(void) { return asked_to_stop; }

void cli_listen_no_more(void) { answer(SIG_DFL); }

cli_progress cli_progress_start(const char *tick, const ipl_places *on, int quiet)
{
    cli_listen();
    return (cli_progress){.quiet = quiet, .tick = tick, .bar = isatty(STDERR_FILENO),
                          .on = on};
}

/* Training and measuring have their own pace; where the policy cannot say what it will
 * measure, the past is taken for the future. Negative: cannot tell yet. */
static double left_s(const ipl_progress *now)
{
    const double pooled = (double)(now->pooled - now->pool_known);
    if (pooled > 0) return now->pool_s / pooled * (double)(now->to_pool - now->pooled);
    if (now->to_pool) return -1.0; /* it comes last, and takes what it takes */
    const double ticks = (double)(now->last - now->tick);
    const double trained = (double)(now->tick - now->from);
    const double measured = (double)(now->measured - now->known);
    if (now->planned < 0) return trained > 0 ? now->wall_s * ticks / trained : -1.0;
    if ((ticks > 0 && trained <= 0) || measured <= 0) return -1.0;
    const double training = ticks > 0 ? now->train_s / trained * ticks : 0.0;
    const int workers = now->workers ? now->workers : 1; /* measure_s: of all */
    const double measuring =
        now->measure_s / workers / measured * (double)(now->planned - now->measured);
    return training > measuring ? training : measuring; /* side by side */
}

static void print_line(const cli_progress *p, const ipl_progress *now)
{
    enum { BAR = 24 };
    char spent[32], left[32], ahead_text[48] = "", what[96];
    const double ahead = left_s(now);
    if (ahead >= 0)
        snprintf(ahead_text, sizeof ahead_text, ", %s left",
                 cli_duration(ahead, left, sizeof left));
    cli_duration(now->wall_s, spent, sizeof spent);
    if (p->bar) {
        const int64_t done = now->pooled ? now->pooled : now->tick;
        const int64_t all = now->pooled ? now->to_pool : now->last;
        const int full = all ? (int)(BAR * done / all) : BAR;
        fprintf(stderr, "\r\033[K[%.*s%*s] ", full, "########################",
                BAR - full, "");
    }
    if (now->pooled)
        snprintf(what, sizeof what, "pooled layer %lld of %lld", (long long)now->pooled,
                 (long long)now->to_pool);
    else
        snprintf(what, sizeof what, "%s %lld of %lld, %lld measured", p->tick,
                 (long long)now->tick, (long long)now->last, (long long)now->measured);
    fprintf(stderr, "%s, %s%s%s", what, spent, ahead_text, p->bar ? "" : "\n");
    fflush(stderr);
}

static void print_places(const ipl_places *on, const ipl_memory *memory)
{
    char takes[256];
    const ipl_device_info *about = ipl_device_about(on->device[0]);
    fprintf(stderr, "on %s, %s: %s\n", about->name, about->description,
            cli_memory(about, memory, takes, sizeof takes));
    for (int d = 1; d < on->devices; ++d) {
        about = ipl_device_about(on->device[d]);
        fprintf(stderr, "measuring on %s, %s, too\n", about->name, about->description);
    }
}

/* An error, which is told even where nothing else is. */
static void print_lost(cli_progress *p, const char *lost)
{
    if (p->bar && p->shown_s > 0) fprintf(stderr, "\r\033[K");
    for (const char *at = lost + p->lost, *end; (end = strchr(at, '\n')); at = end + 1)
        cli_say("%.*s", (int)(end - at), at);
    p->lost = strlen(lost);
}

int cli_progress_show(void *progress, const ipl_progress *now)
{
    cli_progress *p = progress;
    const int each = cli_log_level() >= 3 && now->measured > p->measured;
    if (now->notes && !p->noted && !p->quiet) {
        cli_print_notes(now->notes);
        p->noted = 1;
    }
    if (p->on && now->memory && !p->quiet) print_places(p->on, now->memory);
    if (!p->quiet) p->on = NULL; /* once */
    if (now->lost && strlen(now->lost) > p->lost) print_lost(p, now->lost);
    if (p->quiet || asked_to_stop ||
        (!each && now->wall_s - p->shown_s < (p->bar ? 0.1 : 10.0)))
        return asked_to_stop;
    p->shown_s = now->wall_s;
    p->measured = now->measured;
    print_line(p, now);
    if (each && p->bar) fputc('\n', stderr);
    return 0;
}

void cli_progress_end(cli_progress *p)
{
    if (p->bar && p->shown_s > 0) fprintf(stderr, "\r\033[K");
    p->shown_s = 0;
    cli_listen_no_more();
}
