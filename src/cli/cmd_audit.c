/*
 * cmd_audit.c - infoplane audit: where a network loses information on its input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/audit_words.h"
#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_audit = {
    "audit",
    "DIR|CONFIG [options], or --x X.npy --weights W1.npy,.. --activations A1,..",
    "Find where a network loses information on its input, and why",
    "A layer with fixed weights loses information on X if and only if it maps two\n"
    "inputs of the data to one value. For each layer: which inputs meet, in double\n"
    "and in the device's float32, and by which stage:\n\n"
    "  rank        the product x W + b is equal already: W joins them\n"
    "  activation  the activation function joins them, in double\n"
    "  rounding    they differ in double; saturation: float32 is at an end of the\n"
    "              function's range, such as -1 and 1, where they differ\n\n"
    "H(X|T) follows exactly. Then rank and condition of W, units that are dead (0 on\n"
    "all inputs), constant, or saturated (at an end of the range on half of them),\n"
    "and how much of I(X;T) is left with 1 to 23 bits of mantissa and in bins from\n"
    "the layer's range to the last bit. DIR is a run that kept its networks; a CONFIG\n"
    "has the untrained one, tick 0; NPY files hold a network of any framework, W as\n"
    "inputs x units, and with --t its own activations instead of this device's.\n\n"
    "Writes audit.csv, audit_sweep.csv, audit.json and audit.svg, replacing those of\n"
    "an audit before, and says it in words.\n\n"
    "  infoplane audit configs/ib-tanh.ini --out audits/ib-tanh\n"
    "  infoplane audit runs/ib-tanh --tick 1000\n"
    "  infoplane audit --x X.npy --weights W1.npy,W2.npy --biases b1.npy,b2.npy \\\n"
    "      --activations tanh,softmax --t T1.npy,T2.npy\n",
    run};

typedef struct {
    const char *from; /* DIR or CONFIG; NULL: files                              */
    const char *x, *weights, *biases, *activations, *t, *out, *device;
    int64_t     tick, seed, threads;
    int         json, quiet;
    cli_list   *sets;
} request;

/* -- Lists of files ---------------------------------------------------------------*/

/* "a,b": cut at the commas, in the argument itself. Returns how many there are, -1 if
 * one is empty or they are too many. */
static int cut(const char *list, const char *out[IPL_NET_LAYERS_MAX])
{
    int count = 0;
    for (char *at = (char *)list; at; ++count) {
        char *comma = strchr(at, ',');
        if (comma) *comma = 0;
        if (!*at || count == IPL_NET_LAYERS_MAX) return -1;
        out[count] = at;
        at = comma ? comma + 1 : NULL;
    }
    return count;
}

static int cut_option(const char *option, const char *list, int wanted,
                      const char *out[IPL_NET_LAYERS_MAX], int *count)
{
    *count = cut(list, out);
    if (*count < 0)
        return cli_misused(&cli_audit, "%s: expected 1 to %d entries, with commas "
                           "between them", option, IPL_NET_LAYERS_MAX);
    if (wanted && *count != wanted)
        return cli_misused(&cli_audit, "%s has %d entries: expected %d, as --weights "
                           "has", option, *count, wanted);
    return CLI_GO_ON;
}

static int act_named(const char *name, ipl_act *out)
{
    for (int a = 0; a < IPL_ACT_COUNT; ++a)
        if (!strcmp(ipl_act_name((ipl_act)a), name)) {
            *out = (ipl_act)a;
            return CLI_GO_ON;
        }
    return cli_misused(&cli_audit, "--activations: '%s': expected linear, tanh, relu, "
                       "leaky-relu, sigmoid, elu, softplus or softmax", name);
}

static int read_files(const request *q, ipl_audit_files *f)
{
    const char *act[IPL_NET_LAYERS_MAX];
    int count;
    *f = (ipl_audit_files){.x = q->x};
    if (!q->weights) return cli_misused(&cli_audit, "--weights is missing");
    if (!q->activations) return cli_misused(&cli_audit, "--activations is missing");
    int status = cut_option("--weights", q->weights, 0, f->weights, &f->layers);
    if (status == CLI_GO_ON)
        status = cut_option("--activations", q->activations, f->layers, act, &count);
    for (int l = 0; status == CLI_GO_ON && l < f->layers; ++l)
        status = act_named(act[l], &f->act[l]);
    if (status == CLI_GO_ON && q->biases)
        status = cut_option("--biases", q->biases, f->layers, f->biases, &count);
    if (status == CLI_GO_ON && q->t)
        status = cut_option("--t", q->t, f->layers, f->t, &count);
    return status;
}

/* -- The audit --------------------------------------------------------------------*/

static int is_folder(const char *path)
{
    struct stat about;
    return !stat(path, &about) && S_ISDIR(about.st_mode);
}

/* Which of the three ways; what belongs to another one is a wrong use. */
static int check_request(request *q)
{
    const int folder = q->from && is_folder(q->from);
    const char *const files[] = {q->x, q->weights, q->biases, q->activations, q->t};
    static const char *const name[] = {"--x", "--weights", "--biases", "--activations",
                                       "--t"};
    if (!q->from && !q->x)
        return cli_misused(&cli_audit, "which run, configuration, or --x X.npy?");
    for (int k = 0; q->from && k < 5; ++k)
        if (files[k])
            return cli_misused(&cli_audit, "%s goes with files alone, without '%s'",
                               name[k], q->from);
    if (!q->from && (q->seed >= 0 || q->sets->count))
        return cli_misused(&cli_audit, "%s goes with a run or a configuration",
                           q->seed >= 0 ? "--seed" : "--set");
    if (q->tick >= 0 && !folder && !(q->from && q->tick == 0))
        return cli_misused(&cli_audit, "--tick goes with a run directory: there is the "
                           "one network alone");
    if (folder && q->sets->count)
        return cli_misused(&cli_audit, "--set goes with a configuration, and '%s' is a "
                           "run", q->from);
    if (!q->out) q->out = folder ? q->from : "audit";
    return CLI_GO_ON;
}

static int audit_on(ipl_device *dev, const request *q, const ipl_config *config,
                    const ipl_audit_files *files, ipl_audit_report *report)
{
    const ipl_status st =
        config  ? ipl_audit_config(dev, config, q->seed, q->out, report)
        : files ? ipl_audit_npy(dev, files, q->out, report)
                : ipl_audit_run(dev, q->from, q->tick, q->seed, q->out, report);
    return st == IPL_OK ? CLI_GO_ON : cli_failed();
}

static int print_json(const ipl_audit_report *report)
{
    for (int l = 1; l <= report->layers; ++l) {
        char *text;
        if (ipl_audit_json(report, l, &text) != IPL_OK) return cli_failed();
        puts(text);
        free(text);
    }
    return CLI_GO_ON;
}

static int draw(const request *q)
{
    char file[4200];
    snprintf(file, sizeof file, "%s/audit.svg", q->out);
    if (ipl_plot(q->out, IPL_PLOT_AUDIT, file) != IPL_OK) return cli_failed();
    if (!q->quiet && !q->json) cli_print(stdout, "picture: %s\n", file);
    return CLI_DONE;
}

static int audit(request *q)
{
    static ipl_config config;
    static ipl_audit_files files;
    static ipl_audit_report report;
    ipl_device *dev = NULL;
    int status = check_request(q);
    if (status != CLI_GO_ON) return status;
    const int folder = q->from && is_folder(q->from);
    if (!q->from) status = read_files(q, &files);
    else if (!folder) status = cli_read_config(&cli_audit, q->from, q->sets, &config);
    if (status == CLI_GO_ON)
        status = cli_open_device(&cli_audit, q->device, q->threads,
                                 q->quiet || q->json, &dev);
    if (status == CLI_GO_ON)
        status = audit_on(dev, q, q->from && !folder ? &config : NULL,
                          q->from ? NULL : &files, &report);
    ipl_device_close(dev);
    if (status != CLI_GO_ON) return status;
    if (report.note[0] && !q->quiet)
        cli_say("%s", report.note);
    if (q->json) status = print_json(&report);
    else if (!q->quiet) audit_words(&report);
    return status == CLI_GO_ON ? draw(q) : status;
}

static int run(int argc, char **argv)
{
    static cli_list sets;
    const char *plain[1];
    int count;
    request q = {.device = "auto", .tick = IPL_AUDIT_LAST_TICK,
                 .seed = IPL_AUDIT_FIRST_SEED, .quiet = cli_log_level() == 0,
                 .sets = &sets};
    const cli_option options[] = {
        {"--tick", "T", "of a run: a kept tick; default the last one", CLI_WHOLE,
         &q.tick, 0, 9e15, 0},
        {"--seed", "S", "of a replica; default the first one's", CLI_WHOLE, &q.seed, 0,
         9e15, 0},
        {"--set", "SECTION.KEY=VALUE", "over a configuration; may be repeated",
         CLI_LIST, &sets, 0, 0, 0},
        {"--x", "X.npy", "inputs, n x d", CLI_TEXT, &q.x, 0, 0, 0},
        {"--weights", "W1.npy,..", "of each layer, inputs x units", CLI_TEXT,
         &q.weights, 0, 0, 0},
        {"--biases", "b1.npy,..", "of each layer; default 0", CLI_TEXT, &q.biases, 0, 0,
         0},
        {"--activations", "A1,..", "of each layer: tanh, relu, softmax, ..", CLI_TEXT,
         &q.activations, 0, 0, 0},
        {"--t", "T1.npy,..", "activations of each layer, in place of the device's",
         CLI_TEXT, &q.t, 0, 0, 0},
        {"--out", "DIR", "where the files go; default the run, else audit", CLI_TEXT,
         &q.out, 0, 0, 0},
        {"--json", NULL, "one object for each layer, in place of the words", CLI_SWITCH,
         &q.json, 0, 0, 0},
        {"--device", "NAME", "auto, cpu, cuda or cuda:N; see infoplane devices",
         CLI_TEXT, &q.device, 0, 0, 0},
        {"--threads", "N", "of the CPU, default all that the process may use",
         CLI_WHOLE, &q.threads, 1, 4096, 0},
        {"--quiet", NULL, "errors only", CLI_SWITCH, &q.quiet, 0, 0, 0},
    };
    const int status = cli_parse(&cli_audit, options, sizeof options / sizeof *options,
                                 argc, argv, 1, plain, &count);
    if (count) q.from = plain[0];
    return status == CLI_GO_ON ? audit(&q) : status;
}
