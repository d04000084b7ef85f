/*
 * kept_run.c - a finished run whose kept networks are measured again.
 */
#include "plane/kept_run.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "number.h"
#include "plane/run_sets.h"

enum { PATH_BYTES = IPL_CONFIG_TEXT + 32 };

static const char *path_of(const char *dir, const char *name, char text[PATH_BYTES])
{
    snprintf(text, PATH_BYTES, "%s/%s", dir, name);
    return text;
}

/* -- Whether the networks are those of a configuration ----------------------------*/

ipl_key_role ipl_role_of(const char *section, const char *key)
{
    static const struct { const char *section, *key; ipl_key_role role; } roles[] = {
        {"net", "quantise", IPL_KEY_MEASURES},
        {"measure", "tick", IPL_KEY_TRAINS},
        {"measure", "training_log", IPL_KEY_LOGS},
        {"measure", "loss_rows", IPL_KEY_LOGS},
        {"data", NULL, IPL_KEY_TRAINS},
        {"net", NULL, IPL_KEY_TRAINS},
        {"train", NULL, IPL_KEY_TRAINS},
        {"run", NULL, IPL_KEY_RUNS}};
    for (size_t r = 0; r < sizeof roles / sizeof *roles; ++r)
        if (!strcmp(section, roles[r].section) &&
            (!roles[r].key || !strcmp(key, roles[r].key)))
            return roles[r].role;
    return IPL_KEY_MEASURES;
}

static ipl_status compare(const ipl_config *was, const ipl_config *now, const char *dir)
{
    for (int k = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key a, b;
        IPL_TRY(ipl_config_key_at(was, k, &a));
        IPL_TRY(ipl_config_key_at(now, k, &b));
        if (ipl_role_of(a.section, a.key) == IPL_KEY_TRAINS &&
            strcmp(a.value, b.value))
            return IPL_FAIL(IPL_E_ARGUMENT, "[%s] %s = %s: the networks of '%s' were "
                            "trained with '%s'; only what is measured may change",
                            a.section, a.key, b.value, dir, a.value);
    }
    return IPL_OK;
}

static ipl_status must_be_done(const char *dir, uint32_t *digest)
{
    ipl_run_info info;
    IPL_TRY(ipl_sets_about_first(dir, &info, digest));
    if (info.done) return IPL_OK;
    return IPL_FAIL(IPL_E_ARGUMENT, "%s: the run has not finished: infoplane resume %s "
                    "goes on with it", dir, dir);
}

static ipl_status must_have_kept(const char *dir, const ipl_config *was)
{
    char path[PATH_BYTES];
    if (!access(path_of(dir, "networks.bin", path), R_OK)) return IPL_OK;
    if (was->networks[0])
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: the networks that it measured are those "
                        "of '%s': take that directory", dir, was->networks);
    return IPL_FAIL(IPL_E_ARGUMENT, "%s: the run kept no networks: run it with "
                    "--set run.keep=measured", dir);
}

ipl_status ipl_kept_open(const ipl_experiment *e, ipl_networks **out)
{
    char path[PATH_BYTES];
    ipl_config was;
    const char *dir = e->config.networks;
    const ipl_config *now = &e->config;
    uint32_t digest;
    IPL_TRY(must_be_done(dir, &digest));
    IPL_TRY(ipl_config_read(path_of(dir, "config.ini", path), &was));
    IPL_TRY(must_have_kept(dir, &was));
    IPL_TRY(compare(&was, now, dir));
    IPL_TRY(ipl_networks_open(IPL_FILE_PATH, path_of(dir, "networks.bin", path),
                              e->replicas * e->parameters, out));
    const uint32_t crc = ipl_networks_data_crc(*out);
    ipl_status st = IPL_OK;
    if (crc != e->data_crc)
        st = IPL_FAIL(IPL_E_ARGUMENT, "%s: the networks were trained on other data "
                      "(CRC-32 %08x, now %08x)", dir, (unsigned)crc,
                      (unsigned)e->data_crc);
    else if (ipl_networks_digest(*out) != digest)
        st = IPL_FAIL(IPL_E_ARGUMENT, "%s: networks of another run than run.json there "
                      "(digests %08x and %08x): put the run's own file back", path,
                      (unsigned)ipl_networks_digest(*out), (unsigned)digest);
    else if (!ipl_networks_hold(*out, 0) || !ipl_networks_hold(*out, e->last))
        st = IPL_FAIL(IPL_E_FORMAT, "%s: the first or the last networks are missing",
                      path);
    if (st != IPL_OK) ipl_networks_close(*out), *out = NULL;
    return st;
}

ipl_status ipl_measure_config(const char *dir, ipl_config *out)
{
    char path[PATH_BYTES], whole[PATH_MAX];
    ipl_config config;
    IPL_REQUIRE(dir && out, "directory or result is NULL");
    /* Whole, so that a run can be resumed from anywhere. */
    if (!realpath(dir, whole))
        return IPL_FAIL(IPL_E_IO, "%s: %s", dir, strerror(errno));
    IPL_REQUIRE(strlen(whole) < IPL_CONFIG_TEXT, "directory '%s': expected at most %d "
                "characters", whole, IPL_CONFIG_TEXT - 1);
    IPL_TRY(must_be_done(dir, NULL));
    IPL_TRY(ipl_config_read(path_of(dir, "config.ini", path), &config));
    IPL_TRY(must_have_kept(dir, &config));
    /* Of a delta policy other values may lead to other ticks. */
    const int by_value = config.policy >= IPL_POLICY_DELTA_APPROX;
    if (config.keep == IPL_KEEP_NONE || (by_value && config.keep != IPL_KEEP_ALL))
        config.policy = IPL_POLICY_KEPT;
    config.keep = IPL_KEEP_NONE;
    memcpy(config.networks, whole, strlen(whole) + 1);
    *out = config;
    return IPL_OK;
}

/* -- training.csv -----------------------------------------------------------------*/

/* The next field of a line, NaN if it is empty. 0: there is none. */
static int take(const char **at, double *value)
{
    char *end = (char *)*at;
    *value = NAN;
    if (*end != ',' && *end != '\n') *value = ipl_number_read(*at, &end);
    if (*end != ',' && *end != '\n') return 0;
    *at = end + 1;
    return 1;
}

/* One row; 0: the line is not one. */
static int read_row(const char **at, int layers, double *seed, double *tick,
                    ipl_training_row *row)
{
    double *const fields[] = {seed, tick, &row->loss_train_nats, &row->loss_test_nats,
                              &row->accuracy_train, &row->accuracy_test};
    int good = 1;
    for (size_t f = 0; f < sizeof fields / sizeof *fields; ++f)
        good = good && take(at, fields[f]);
    for (int l = 0; l < layers && good; ++l) good = take(at, &row->weight_norm[l]);
    for (int l = 0; l < layers && good; ++l) good = take(at, &row->gradient[l].mean);
    for (int l = 0; l < layers && good; ++l)
        good = take(at, &row->gradient[l].deviation);
    return good && (*at)[-1] == '\n' && !isnan(*seed) && !isnan(*tick);
}

ipl_status ipl_kept_rows(const ipl_experiment *e, ipl_rundir *to)
{
    char path[PATH_BYTES], *text = NULL;
    int64_t size;
    int line = 2;
    ipl_status st = IPL_OK;
    IPL_TRY(ipl_file_read(IPL_FILE_PATH, path_of(e->config.networks, "training.csv",
                                                 path), &text, &size));
    const char *at = strchr(text, '\n');
    for (at = at ? at + 1 : text + size; *at; ++line) {
        double seed = 0.0, tick = 0.0;
        ipl_training_row row = {0};
        if (!read_row(&at, e->shape.layers, &seed, &tick, &row)) {
            st = IPL_FAIL(IPL_E_FORMAT, "%s: line %d is not a row of %d layers", path,
                          line, e->shape.layers);
            goto done;
        }
        IPL_TRY_DONE(ipl_rundir_training(to, (int64_t)seed, (int64_t)tick,
                                         e->shape.layers, &row));
    }
done:
    free(text);
    return st;
}
