/*
 * cmd_dataset.c - infoplane dataset: a data set to X.npy and y.npy.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_dataset = {
    "dataset", "NAME|CONFIG --out DIR [--set section.key=value]...",
    "Write a data set as X.npy (float32) and y.npy (int32)",
    "NAME is ib, idx, mat, npy or arrays; ib needs nothing, arrays --set data.x=...\n"
    "and data.y=..., all others --set data.path=... Of a CONFIG the\n"
    "section [data] counts. Rows come in the set's own order; scaling, label noise\n"
    "and random labels are applied.\n\n"
    "  infoplane dataset ib --out ib\n"
    "  infoplane dataset idx --set data.path=data/mnist --set data.parts=test \\\n"
    "      --out mnist-test\n",
    run};

static int is_set_name(const char *text)
{
    return !strcmp(text, "ib") || !strcmp(text, "idx") || !strcmp(text, "mat") ||
           !strcmp(text, "npy") || !strcmp(text, "arrays");
}

static int make_folders(char *path)
{
    for (char *at = path + 1;; ++at) {
        const char kept = *at;
        if (kept && kept != '/') continue;
        *at = 0;
        if (mkdir(path, 0777) && errno != EEXIST) {
            cli_say("%s: %s", path, strerror(errno));
            return CLI_FAILED;
        }
        if (!(*at = kept)) return CLI_GO_ON;
    }
}

static int write_set(const ipl_config *config, const char *out)
{
    char dir[4000], x[4010], y[4010];
    const ipl_data_options options = ipl_config_data(config);
    ipl_dataset data = {0};
    if (snprintf(dir, sizeof dir, "%s", out) >= (int)sizeof dir)
        return cli_misused(&cli_dataset, "--out: %zu characters", strlen(out));
    snprintf(x, sizeof x, "%s/X.npy", dir);
    snprintf(y, sizeof y, "%s/y.npy", dir);
    if (!access(x, F_OK) || !access(y, F_OK)) {
        cli_say("%s exists already: give another --out", access(x, F_OK) ? y : x);
        return CLI_FAILED;
    }
    if (ipl_dataset_load(&options, &data) != IPL_OK) return cli_failed();
    if (cli_log_level() >= 1) cli_print_notes(data.notes);
    int status = make_folders(dir);
    if (status == CLI_GO_ON &&
        (ipl_npy_write_float32(x, data.rows, data.inputs, data.x) != IPL_OK ||
         ipl_npy_write_int32(y, data.rows, data.y) != IPL_OK))
        status = cli_failed();
    if (status == CLI_GO_ON) {
        cli_print(stdout, "%s: %lld x %d inputs, %d classes\n", dir,
                  (long long)data.rows, data.inputs, data.classes);
        status = CLI_DONE;
    }
    ipl_dataset_free(&data);
    return status;
}

static int run(int argc, char **argv)
{
    static cli_list sets;
    const char *out = NULL, *plain[1];
    int count;
    const cli_option options[] = {
        {"--out", "DIR", "where the two files go", CLI_TEXT, &out, 0, 0, 0},
        {"--set", "SECTION.KEY=VALUE", "a key of a configuration; may be repeated",
         CLI_LIST, &sets, 0, 0, 0},
    };
    const int status = cli_parse(&cli_dataset, options,
                                 sizeof options / sizeof *options, argc, argv, 1, plain,
                                 &count);
    if (status != CLI_GO_ON) return status;
    if (!count) return cli_misused(&cli_dataset, "which data set?");
    if (!out) return cli_misused(&cli_dataset, "--out DIR is missing");

    ipl_config config;
    char set[32];
    ipl_config_defaults(&config);
    if (is_set_name(plain[0])) {
        snprintf(set, sizeof set, "data.set=%s", plain[0]);
        if (ipl_config_set(&config, set) != IPL_OK) return cli_failed();
    } else if (ipl_config_read(plain[0], &config) != IPL_OK) {
        return cli_failed();
    }
    for (int s = 0; s < sets.count; ++s)
        if (ipl_config_set(&config, sets.text[s]) != IPL_OK)
            return cli_misused(&cli_dataset, "--set %s", cli_error_text());
    return write_set(&config, out);
}
