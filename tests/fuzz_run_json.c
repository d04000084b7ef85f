/*
 * fuzz_run_json.c - any text as run.json: read by all who ask it something, or refused
 * with one line.
 */
#include "fuzz_run.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (corpus)
        files_write(files_path(corpus, "plain"), strlen(fuzz_run_json), fuzz_run_json);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    ipl_doubt *doubt = NULL;
    char (*name)[64] = NULL;
    int64_t doubts;
    int names;
    ipl_run_info info;
    fuzz_put_plain("config.ini", "");
    fuzz_put_plain("plane.csv", fuzz_plane_csv);
    fuzz_put_plain("training.csv", "seed,epoch,loss_train_nats,loss_test_nats,"
                                   "accuracy_train,accuracy_test\n");
    fuzz_put("run.json", data, bytes);
    fuzz_read_run();
    if (ipl_run_about(fuzz_folder(), &info) == IPL_OK) {
        if (!memchr(info.device, 0, sizeof info.device) ||
            !memchr(info.tick, 0, sizeof info.tick) || (info.done & ~1))
            abort();
    } else fuzz_check_refusal(NULL);
    if (ipl_run_layer_names(fuzz_folder(), &name, &names) == IPL_OK) {
        for (int l = 0; l < names; ++l)
            if (!memchr(name[l], 0, sizeof name[l])) abort();
        free(name);
    } else fuzz_check_refusal(name);
    if (ipl_run_doubts(fuzz_folder(), &doubt, &doubts) == IPL_OK) {
        for (int64_t k = 0; k < doubts; ++k)
            if (!ipl_mi_flag_name(doubt[k].flag) || doubt[k].points > doubt[k].all ||
                (doubt[k].refusal && !ipl_mi_refusal_text(doubt[k].refusal)))
                abort();
        free(doubt);
    } else fuzz_check_refusal(doubt);
    return 0;
}
