/*
 * study_one.c - one run of a study: begun, or gone on with.
 */
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "study/jobs.h"

static ipl_status differs(const char *path, const ipl_config_key *was,
                          const ipl_config_key *now)
{
    return IPL_FAIL(IPL_E_ARGUMENT, "%s is a run with [%s] %s = '%s', and the study "
                    "has '%s': give the study another folder with --out", path,
                    was->section, was->key, was->value, now->value);
}

/* A run that begins takes a batch of all its training rows for one of more, or of 0:
 * that is what its config.ini has. 1 if that is all that differs. */
static int is_clamped(const char *path, const ipl_config *was, const ipl_config *now)
{
    char file[STUDY_PATH + 16];
    json_t *run = NULL;
    if (now->train.batch && was->train.batch >= now->train.batch) return 0;
    snprintf(file, sizeof file, "%s/run.json", path);
    if (ipl_json_read(IPL_FILE_PATH, file, &run) != IPL_OK) return 1; /* none yet */
    const json_t *rows =
        json_object_get(json_object_get(run, "data"), "train_rows");
    const int is = !rows || json_integer_value(rows) == was->train.batch;
    json_decref(run);
    return is;
}

ipl_status study_compare(const ipl_study *study, int64_t run, const char *dir,
                         const char *path, int *is_there)
{
    char file[STUDY_PATH + 16];
    ipl_config was, now;
    snprintf(file, sizeof file, "%s/config.ini", path);
    *is_there = ipl_file_is_there(IPL_FILE_PATH, file);
    if (!*is_there) return IPL_OK;
    IPL_TRY(ipl_config_read(file, &was));
    IPL_TRY(ipl_study_config(study, run, dir, &now));
    IPL_TRY(ipl_config_whole_paths(&now));
    for (int k = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key a, b;
        const char *section;
        const char *key = ipl_config_option(k, &section)->key;
        if (ipl_role_of(section, key) == IPL_KEY_RUNS) continue;
        IPL_TRY(ipl_config_key_at(&was, k, &a));
        IPL_TRY(ipl_config_key_at(&now, k, &b));
        /* Where too little was kept for another policy, it says so. */
        if (was.policy == IPL_POLICY_KEPT && !strcmp(key, "policy")) continue;
        if (!strcmp(a.value, b.value)) continue;
        if (!strcmp(key, "batch") && is_clamped(path, &was, &now)) continue;
        return differs(path, &a, &b);
    }
    return IPL_OK;
}

typedef struct {
    study_share_call share;
    void            *user;
} telling;

/* Training and measuring go side by side: the run is as far as the slower one. */
static int tell(void *user, const ipl_progress *now)
{
    const telling *to = user;
    double share = now->last ? (double)now->tick / (double)now->last : 1.0;
    if (now->planned > 0) {
        const double measured = (double)now->measured / (double)now->planned;
        if (measured < share) share = measured;
    }
    if (now->to_pool) share = 0.5 + 0.5 * (double)now->pooled / (double)now->to_pool;
    return !to->share(to->user, share, now->notes);
}

/* Trains by itself where the networks that it was to measure are not kept, as of a run
 * that an earlier form of the study had made. */
static ipl_status begin(const ipl_study *study, int64_t run, const char *dir,
                        ipl_config *out)
{
    const int64_t by = ipl_study_run_at(study, run)->kept_by;
    IPL_TRY(ipl_study_config(study, run, dir, out));
    if (by < 0) return IPL_OK;
    char path[STUDY_PATH], file[STUDY_PATH + 16];
    ipl_config kept;
    snprintf(path, sizeof path, "%s/%s", dir, ipl_study_run_at(study, by)->name);
    snprintf(file, sizeof file, "%s/config.ini", path);
    IPL_TRY(ipl_config_read(file, &kept));
    if (kept.keep >= ipl_study_run_at(study, by)->keep) return IPL_OK;
    out->networks[0] = 0;
    return IPL_OK;
}

/* A run goes on with the GPU that it began with, whichever of them is free now. */
static ipl_status resume(ipl_device *dev, const char *path, telling *to)
{
    const ipl_device_info *about = ipl_device_about(dev);
    ipl_device *own = NULL;
    ipl_run_info info;
    if (!about->is_host && ipl_run_about(path, &info) == IPL_OK && !info.done &&
        !strncmp(info.device, "cuda:", 5) && strcmp(info.device, about->name))
        IPL_TRY(ipl_device_open(info.device, NULL, &own));
    const ipl_status st = ipl_resume(own ? own : dev, path, tell, to, NULL);
    ipl_device_close(own);
    return st;
}

ipl_status study_do(const ipl_study *study, int64_t run, const char *dir,
                    ipl_device *dev, study_share_call share, void *user)
{
    char path[STUDY_PATH];
    int is_there, was_there;
    ipl_config config;
    telling to = {share, user};
    snprintf(path, sizeof path, "%s/%s", dir, ipl_study_run_at(study, run)->name);
    IPL_TRY(study_compare(study, run, dir, path, &was_there));
    if (was_there) return resume(dev, path, &to);
    IPL_TRY(begin(study, run, dir, &config));
    ipl_status st = ipl_run(dev, &config, path, tell, &to, NULL);
    if (config.networks[0] && (st == IPL_E_ARGUMENT || st == IPL_E_FORMAT) &&
        study_compare(study, run, dir, path, &is_there) == IPL_OK && !is_there) {
        /* The networks are gone, or damaged: it trains its own. */
        config.networks[0] = 0;
        st = ipl_run(dev, &config, path, tell, &to, NULL);
    }
    /* Two processes that begin it at one time: one of them finds the other's. */
    if (st != IPL_E_ARGUMENT || study_compare(study, run, dir, path, &is_there) ||
        !is_there)
        return st;
    return resume(dev, path, &to);
}
