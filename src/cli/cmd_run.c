/*
 * cmd_run.c - infoplane run: a configuration to a run directory and a picture.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/ranks.h"

static int run(int argc, char **argv);

const cli_command cli_run = {
    "run",
    "CONFIG [--set section.key=value]... [--out DIR] [--device NAME] [--threads N] "
    "[--quiet] "
    "[--ranks]",
    "Train a network, measure its layers as it learns, draw the plane",
    "The run directory gets config.ini (every key, resolved), plane.csv (the points,\n"
    "in bits), plane_details.csv, training.csv, compression.csv (by how much I(X;T)\n"
    "of each layer falls from its largest value), run.json and plane.svg. It must\n"
    "not exist yet. Keys of a configuration: infoplane run --keys. With run.keep the\n"
    "networks stay there too (networks.bin), for infoplane measure, audit and export;\n"
    "with pool.windows also pool.csv, pool.svg and pooled-plane.svg: networks of\n"
    "consecutive epochs as one, as if random (see README); with measure.rows of\n"
    "several sets, as train, test, a run directory for each further set: DIR/test.\n\n"
    "With several devices (--device cuda:0,cuda:1; infoplane devices lists them) the\n"
    "first one trains and all of them measure, with the bytes of one. They must be\n"
    "of one model. One that fails costs no result: the others go on, and say so.\n\n"
    "A run with replicas ends with a table of compression: means and deviations over\n"
    "the seeds in bits, and medians of where I(X;T) is largest and from where on the\n"
    "gradients' signal-to-noise ratio (SNR) is below one.\n\n"
    "Five networks side by side, 2000 epochs, finer bins:\n\n"
    "  infoplane run configs/ib-tanh.ini --set train.replicas=5 \\\n"
    "      --set train.epochs=2000 --set bin.edges=60 --out runs/five\n",
    run};

/* What the words of a key's value mean. */
static const struct {
    const char *section, *key, *word, *means;
} words[] = {
    {"data", "scale", "auto", "unit-all for idx, none for all others"},
    {"data", "scale", "none", "x as it is"},
    {"data", "scale", "unit", "(x - min) / (max - min) of each input"},
    {"data", "scale", "symmetric", "2 unit - 1"},
    {"data", "scale", "standard", "(x - mean) / deviation of each input"},
    {"data", "scale", "unit-all", "the same of all values; bytes of idx: x / 255"},
    {"data", "scale", "symmetric-all", "2 unit-all - 1"},
    {"data", "scale", "standard-all", "(x - mean) / deviation of all values"},
#define IPL_ROW(name, text, formula) {"net", "layers", text, formula},
    IPL_ACT_ROWS(IPL_ROW)
#undef IPL_ROW
#define IPL_ROW(name, text, help) {"net", "init", text, help},
    IPL_INIT_ROWS(IPL_ROW)
#undef IPL_ROW
};

static void print_words(const ipl_config_key *key)
{
    for (size_t w = 0; w < sizeof words / sizeof *words; ++w)
        if (!strcmp(words[w].section, key->section) && !strcmp(words[w].key, key->key))
            printf("      %-22s  %s\n", words[w].word, words[w].means);
}

static int print_keys(void)
{
    ipl_config config;
    const char *section = "";
    ipl_config_defaults(&config);
    printf("Keys of a configuration, each with its default. A file has them one a\n"
           "line, below their section; comments start with ; or #. A number of an\n"
           "estimator may be a list, as noise_var = 1e-3, 1e-2: one training gives a\n"
           "point for each value, named kde-upper@1e-3 and so on.\n");
    for (int k = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key key;
        if (ipl_config_key_at(&config, k, &key) != IPL_OK) return cli_failed();
        if (strcmp(section, key.section)) printf("\n[%s]\n", section = key.section);
        printf("%s = %s\n", key.key, key.fallback);
        if (*key.help) printf("    %s\n", key.help);
        printf("    (%s)\n", key.expected);
        print_words(&key);
    }
    return CLI_DONE;
}

void cli_default_out(const char *config, char *out, size_t size)
{
    const char *slash = strrchr(config, '/'), *name = slash ? slash + 1 : config;
    const char *dot = strrchr(name, '.');
    const int length = dot && dot != name ? (int)(dot - name) : 200;
    snprintf(out, size, "runs/%.*s", length, name);
}

static void print_summary(const char *dir, const char *tick, const ipl_progress *at)
{
    char spent[32], pooled[96] = "";
    if (at->to_pool)
        snprintf(pooled, sizeof pooled, "; then %lld pooled layers, %.1f s",
                 (long long)at->pooled, at->pool_s);
    cli_print(stdout, "%s: %lld of %lld %ss measured in %s (training %.1f s, "
              "measuring %.1f s, side by side%s)\n", dir, (long long)at->measured,
              (long long)at->last + 1, tick,
              cli_duration(at->wall_s, spent, sizeof spent), at->train_s,
              at->measure_s, pooled);
}

/* Draws DIR/NAME. The results are complete without their picture. */
static int draw(const char *dir, ipl_plot_what what, const char *name, int quiet)
{
    char file[4200];
    snprintf(file, sizeof file, "%s/%s", dir, name);
    if (ipl_plot(dir, what, file) == IPL_OK) {
        if (!quiet) cli_print(stdout, "picture: %s\n", file);
        return CLI_DONE;
    }
    cli_say("results are in %s, but there is no picture %s: %s", dir, name,
            cli_error_text());
    return CLI_FAILED;
}

/* Says what went wrong, and what mends it. */
static int run_failed(ipl_status st, const char *dir, int resumed)
{
    char file[4200];
    snprintf(file, sizeof file, "%s/config.ini", dir);
    const int has_begun = !access(file, F_OK);
    if (has_begun && st == IPL_E_NUMERIC) /* it would fail there again */
        cli_say("%s; what was measured is kept; a smaller train.learning_rate keeps "
                "values finite", cli_error_text());
    else if (!has_begun || st == IPL_E_ARGUMENT || st == IPL_E_FORMAT ||
             st == IPL_E_UNSUPPORTED)
        return cli_failed();
    else if (resumed)
        cli_say("%s; what was measured is kept, and the same command goes on%s",
                cli_error_text(), st == IPL_E_STOPPED ? "" : " once that is mended");
    else
        cli_say("%s; what was measured is kept, and infoplane resume %s goes on",
                cli_error_text(), dir);
    return CLI_FAILED;
}

/* The pictures of a run directory. */
static int draw_all(const char *dir, int quiet)
{
    char file[4200];
    int status = draw(dir, IPL_PLOT_ALL, "plane.svg", quiet);
    snprintf(file, sizeof file, "%s/pool.csv", dir);
    if (access(file, F_OK)) return status;
    if (draw(dir, IPL_PLOT_POOL, "pool.svg", quiet) != CLI_DONE ||
        draw(dir, IPL_PLOT_POOLED_PLANE, "pooled-plane.svg", quiet) != CLI_DONE)
        return CLI_FAILED;
    return status;
}

/* What there is to say and to draw of a finished run directory, but its first line. */
static int finish_set(const char *dir, const char *rows, const char *tick, int quiet)
{
    int status = quiet ? CLI_DONE : cli_print_compression(dir, tick);
    if (draw_all(dir, quiet) != CLI_DONE) status = CLI_FAILED;
    if (!quiet && cli_print_run_doubts(dir, rows) != CLI_DONE) status = CLI_FAILED;
    return status;
}

const char *cli_further_set(const char *dir, unsigned *further, char *path, size_t size)
{
    int set = 0;
    while (set < IPL_ROWS_COUNT && !(*further & 1u << set)) ++set;
    if (set == IPL_ROWS_COUNT) return NULL;
    *further &= ~(1u << set);
    const char *name = ipl_rows_name((ipl_measured_rows)set);
    snprintf(path, size, "%s/%s", dir, name);
    return name;
}

int cli_finish_run(ipl_status st, const char *dir, const char *tick,
                   const ipl_progress *at, int resumed, int quiet)
{
    char path[4100];
    const char *rows;
    ipl_measured_rows first;
    unsigned further;
    if (st == IPL_OK) st = ipl_run_sets(dir, &first, &further);
    if (st != IPL_OK) return run_failed(st, dir, resumed);
    if (!quiet) print_summary(dir, tick, at);
    int status = finish_set(dir, further ? ipl_rows_name(first) : NULL, tick, quiet);
    while ((rows = cli_further_set(dir, &further, path, sizeof path))) {
        ipl_run_info info;
        if (ipl_run_about(path, &info) != IPL_OK) return cli_failed();
        if (!quiet)
            cli_print(stdout, "%s: %lld %ss measured\n", path,
                      (long long)info.measured, tick);
        if (finish_set(path, rows, tick, quiet) != CLI_DONE) status = CLI_FAILED;
    }
    return status;
}

int cli_run_and_plot(const ipl_places *on, const ipl_config *config, const char *dir,
                     int quiet)
{
    const char  *tick = ipl_tick_name(config->tick);
    char         file[4200];
    ipl_progress at = {0};
    snprintf(file, sizeof file, "%s/config.ini", dir);
    const int another = !access(file, F_OK); /* of a run that this one is not */
    cli_progress shown = cli_progress_start(tick, on, quiet);
    const ipl_status st = ipl_run_on(on, config, dir, cli_progress_show, &shown, &at);
    cli_progress_end(&shown);
    if (another && st != IPL_OK) return cli_failed();
    return cli_finish_run(st, dir, tick, &at, 0, quiet);
}

static int run_with(cli_ranks *ranks, int argc, char **argv)
{
    static cli_list sets;
    const char *out = NULL, *device = "auto", *plain[1];
    char        made[256], own[32];
    int64_t     threads = 0;
    int         quiet = cli_log_level() == 0, keys = 0, with_ranks, count;
    const cli_option options[] = {
        {"--set", "SECTION.KEY=VALUE", "instead of what the file says; may be repeated",
         CLI_LIST, &sets, 0, 0, 0},
        {"--out", "DIR", "run directory, default runs/ and the file's name", CLI_TEXT,
         &out, 0, 0, 0},
        {"--device", "NAME", "auto, cpu, cuda or cuda:N, or several: cuda:0,cuda:1",
         CLI_TEXT, &device, 0, 0, 0},
        {"--threads", "N", "of the CPU, default all that the process may use",
         CLI_WHOLE, &threads, 1, 4096, 0},
        {"--ranks", NULL, "with mpirun: the other ranks measure", CLI_SWITCH,
         &with_ranks, 0, 0, 0},
        {"--quiet", NULL, "errors only", CLI_SWITCH, &quiet, 0, 0, 0},
        {"--keys", NULL, "print the keys of a configuration", CLI_SWITCH, &keys, 0, 0,
         0},
    };
    int status = cli_parse(&cli_run, options, sizeof options / sizeof *options, argc,
                           argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    if (keys) return print_keys();
    if (!count) return cli_misused(&cli_run, "which configuration?");

    if (ipl_team_rank(ranks->team))
        return cli_ranks_help(&cli_run, ranks, device, threads);
    ipl_config config;
    status = cli_read_config(&cli_run, plain[0], &sets, &config);
    if (status != CLI_GO_ON) return status;
    if (!out) cli_default_out(plain[0], made, sizeof made), out = made;

    status = cli_ranks_device(ranks, &device, own, &threads);
    if (status != CLI_GO_ON) return status;
    cli_devices_open open;
    status = cli_open_devices(&cli_run, device, threads, quiet, &open);
    if (status == CLI_GO_ON) status = cli_ranks_call(ranks, &open.on);
    if (status == CLI_GO_ON) status = cli_run_and_plot(&open.on, &config, out, quiet);
    cli_close_devices(&open);
    return status;
}

static int run(int argc, char **argv)
{
    cli_ranks ranks;
    int status = cli_ranks_begin(&cli_run, argc, argv, &ranks);
    if (status == CLI_GO_ON) status = run_with(&ranks, argc, argv);
    cli_ranks_end(&ranks);
    return status;
}
