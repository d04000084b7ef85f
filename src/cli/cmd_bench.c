/*
 * cmd_bench.c - infoplane bench: how fast this machine's devices are.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench_cases.h"
#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_bench = {
    "bench",
    "[ESTIMATOR|train|measure|runs] [--device NAME] [--threads N] [--seconds S]\n"
    "       [--json]",
    "Time the estimators and the training on this machine's devices",
    "Without a word it times all: each estimator (infoplane estimate --help has their\n"
    "names) on single layers, with its standard options and, where it compares\n"
    "values, inputs as wide as the layer, whose own entropy is known after the first\n"
    "call; training steps by number of replicas (train); and the measuring of\n"
    "networks that it trains as the presets say (measure): each layer, then a whole\n"
    "snapshot. Fashion-MNIST comes from Debian's package dataset-fashion-mnist.\n"
    "Whole runs, in minutes, come when they are asked for (runs): ib-tanh alone and\n"
    "with 50 replicas, and 60,000 images measured at each epoch, drawn here where\n"
    "that package is missing; a GPU beside the seconds that were predicted for an\n"
    "H100 and the CPU of the same machine, by the time of an epoch.\n"
    "Each device first measures its own ceilings (copy, multiply-add, exponential);\n"
    "share_of_ceiling is the median's part of the one that applies. Every result is\n"
    "compared with plain float64 loops before it is timed. CSV, or JSON a line:\n\n"
    "  infoplane bench kde --device cpu --threads 1\n",
    run};

/* What is timed: each estimator, then these. */
static const struct {
    const char *name;
    ipl_status (*run)(bench_context *context);
    int is_long; /* 1: only when it is asked for */
} others[] = {{"train", bench_train, 0}, {"measure", bench_measure, 0},
              {"runs", bench_runs, 1}};
enum { OTHERS = sizeof others / sizeof *others };

typedef struct {
    const ipl_device_info *about;
    int json, emulated;
} bench_output;

static void print_ceiling(const bench_output *out, const char *what, double rate)
{
    if (out->json)
        printf("{\"device\":\"%s\",\"what\":\"ceiling-%s\",\"rate\":%.6g,"
               "\"emulated\":%s}\n", out->about->name, what, rate,
               out->emulated ? "true" : "false");
    else
        printf("# %s: %s %.4g\n", out->about->name, what, rate);
}

static void print_row(void *user, const bench_row *row)
{
    const bench_output *out = user;
    const char *form =
        out->json
            ? "{\"device\":\"%s\",\"what\":\"%s\",\"network\":\"%s\",\"n\":%lld,\"d\":"
              "%lld,\"repeats\":%d,\"best_ms\":%.6g,\"median_ms\":%.6g,"
              "\"processor_ms\":%.6g,\"gflop_per_s\":%.6g,"
              "\"gb_per_s\":%.6g,\"ceiling\":\"%s\",\"share_of_ceiling\":%.4g,"
              "\"emulated\":%s}\n"
            : "%s,%s,\"%s\",%lld,%lld,%d,%.6g,%.6g,%.6g,%.6g,%.6g,%s,%.4g%s\n";
    const char *mark = out->json ? (out->emulated ? "true" : "false")
                                 : (out->emulated ? ",emulated" : ",measured");
    printf(form, out->about->name, row->what, row->shape, (long long)row->n,
           (long long)row->d, row->repeats, row->best_ms, row->median_ms,
           row->processor_ms, row->gflop_per_s, row->gb_per_s, row->ceiling,
           row->share_of_ceiling, mark);
    fflush(stdout); /* a long job: each line as soon as it is known */
}

/* A number, or nothing where it is not known; in JSON null. */
static const char *known_number(const bench_output *out, double value, char text[32])
{
    snprintf(text, 32, isnan(value) ? (out->json ? "null" : "") : "%.4g", value);
    return text;
}

static const char run_header[] =
    "device,run,replicas,epochs,epochs_measured,wall_s,train_s,measure_s,epoch_ms,"
    "predicted_h100_s,cpu_epoch_ms,cpu_epoch_ms_over_epoch_ms,mark\n";

static void print_run(void *user, const bench_run_row *row)
{
    const bench_output *out = user;
    char predicted[32], cpu[32], faster[32];
    const char *form =
        out->json
            ? "{\"device\":\"%s\",\"run\":\"%s\",\"replicas\":%d,\"epochs\":%lld,"
              "\"epochs_measured\":%lld,\"wall_s\":%.6g,\"train_s\":%.6g,"
              "\"measure_s\":%.6g,\"epoch_ms\":%.6g,\"predicted_h100_s\":%s,"
              "\"cpu_epoch_ms\":%s,\"cpu_epoch_ms_over_epoch_ms\":%s,"
              "\"emulated\":%s}\n"
            : "%s,%s,%d,%lld,%lld,%.6g,%.6g,%.6g,%.6g,%s,%s,%s,%s\n";
    const char *mark = out->json ? (out->emulated ? "true" : "false")
                                 : (out->emulated ? "emulated" : "measured");
    printf(form, out->about->name, row->name, row->replicas, (long long)row->epochs,
           (long long)row->measured, row->wall_s, row->train_s, row->measure_s,
           row->epoch_ms, known_number(out, row->predicted_s, predicted),
           known_number(out, row->cpu_epoch_ms, cpu),
           known_number(out, row->cpu_epoch_ms / row->epoch_ms, faster), mark);
    fflush(stdout);
}

static ipl_status bench_device(ipl_device *dev, const char *what, double seconds,
                               int json, double *cpu_epoch_ms)
{
    bench_output out = {ipl_device_about(dev), json, 0};
    out.emulated = strstr(out.about->description, "emulation") != NULL;
    bench_context context = {.dev = dev, .seconds = seconds, .small = out.emulated,
                             .report = print_row, .report_run = print_run,
                             .cpu_epoch_ms = cpu_epoch_ms, .user = &out};
    IPL_TRY(ipl_device_ceilings(dev, &context.ceilings));
    if (!json)
        printf("# %s: %s, %d threads%s\n", out.about->name, out.about->description,
               out.about->threads,
               out.emulated ? "; EMULATED: times mean nothing" : "");
    print_ceiling(&out, "copy_gb_per_s", context.ceilings.copy_gb_per_s);
    print_ceiling(&out, "fma_gflop_per_s", context.ceilings.fma_gflop_per_s);
    print_ceiling(&out, "exp2_g_per_s", context.ceilings.exp2_g_per_s);
    if (!json && what && !strcmp(what, "runs")) printf("%s", run_header);
    else if (!json)
        printf("device,what,network,n,d,repeats,best_ms,median_ms,processor_ms,"
               "gflop_per_s,gb_per_s,ceiling,share_of_ceiling,mark\n");
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        if (!what || !strcmp(what, ipl_mi_family_name(k)))
            IPL_TRY(bench_family(&context, (ipl_mi_estimator)k));
    for (int o = 0; o < OTHERS; ++o)
        if (what ? !strcmp(what, others[o].name) : !others[o].is_long)
            IPL_TRY(others[o].run(&context));
    return IPL_OK;
}

static int known(const char *what)
{
    for (int o = 0; what && o < OTHERS; ++o)
        if (!strcmp(what, others[o].name)) return 1;
    return !what || ipl_mi_family_named(what) >= 0;
}

static int unknown(const char *what)
{
    char names[160] = "";
    for (int k = 0; ipl_mi_family_name(k); ++k)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s, ",
                 ipl_mi_family_name(k));
    return cli_misused(&cli_bench, "'%s': expected %strain, measure or runs", what,
                       names);
}

static int run(int argc, char **argv)
{
    const char *device = NULL, *plain[1] = {NULL};
    int64_t threads = 0;
    double seconds = 0.5, cpu_epoch_ms[BENCH_RUNS] = {NAN, NAN, NAN};
    int json = 0, count = 0;
    const cli_option options[] = {
        {"--device", "NAME", "only that one; default the CPU and each GPU", CLI_TEXT,
         &device, 0, 0, 0},
        {"--threads", "N", "of the CPU, default all that the process may use",
         CLI_WHOLE, &threads, 1, 4096, 0},
        {"--seconds", "S", "least time spent on a row, default 0.5", CLI_REAL, &seconds,
         0, 3600, 1},
        {"--json", NULL, "one object a line", CLI_SWITCH, &json, 0, 0, 0},
    };
    const int status = cli_parse(&cli_bench, options, sizeof options / sizeof *options,
                                 argc, argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    const char *what = count ? plain[0] : NULL;
    if (!known(what)) return unknown(what);

    for (int d = -1; d < (device ? 0 : ipl_device_count()); ++d) {
        char name[32];
        ipl_device *dev = NULL;
        if (d < 0) snprintf(name, sizeof name, "%s", device ? device : "cpu");
        else if (ipl_device_name(d, name, sizeof name) != IPL_OK) return cli_failed();
        if (d >= 0 && !strncmp(name, "cpu", 3)) continue; /* "cpu" was its best code */
        const int opened = cli_open_device(&cli_bench, name, threads, 1, &dev);
        if (opened != CLI_GO_ON) return opened;
        const ipl_status st = bench_device(dev, what, seconds, json, cpu_epoch_ms);
        ipl_device_close(dev);
        if (st != IPL_OK) return cli_failed();
    }
    return CLI_DONE;
}
