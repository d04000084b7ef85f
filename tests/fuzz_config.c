/*
 * fuzz_config.c - any text as a configuration: refused with one line, or written and
 * read again with the same values.
 */
#include "fuzz.h"
#include "ipl_config.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    ipl_config config;
    const char *corpus = fuzz_corpus(*argc, *argv);
    ipl_config_defaults(&config);
    if (corpus && ipl_config_write(&config, files_path(corpus, "defaults")) != IPL_OK)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    ipl_config config, again;
    const char *path = files_path(fuzz_folder(), "config.ini");
    files_write(path, bytes, data);
    if (ipl_config_read(path, &config) != IPL_OK) {
        fuzz_check_refusal(NULL);
        return 0;
    }
    if (ipl_config_write(&config, path) != IPL_OK) { /* a path too long, made whole */
        fuzz_check_refusal(NULL);
        return 0;
    }
    if (ipl_config_whole_paths(&config) != IPL_OK) abort();
    if (ipl_config_read(path, &again) != IPL_OK) abort();
    for (int k = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key was, is;
        if (ipl_config_key_at(&config, k, &was) != IPL_OK ||
            ipl_config_key_at(&again, k, &is) != IPL_OK || strcmp(was.value, is.value))
            abort();
    }
    if (ipl_config_check(&config) != IPL_OK) fuzz_check_refusal(NULL);
    return 0;
}
