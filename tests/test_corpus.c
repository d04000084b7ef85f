/*
 * test_corpus.c - what the fuzz targets begin with, once more: their own seeds, and the
 * files of tests/corpus/NAME. A target ends the process when it finds something.
 */
#include "check.h"
#include "files.h"

#ifdef IPL_WITH_MAT
#define MAT_TARGETS(TARGET) TARGET(mat) TARGET(mat_hdf5)
#else
#define MAT_TARGETS(TARGET)
#endif
#define TARGETS(TARGET)                                                          \
    TARGET(compression) TARGET(config) TARGET(csv) TARGET(idx) TARGET(journal)   \
    TARGET(names) TARGET(networks) TARGET(npy) TARGET(npz) TARGET(plane)         \
    TARGET(pool) TARGET(run_json) TARGET(state) TARGET(study) TARGET(summary)    \
    MAT_TARGETS(TARGET)

#define DECLARE(name)                                                            \
    int fuzz_##name##_start(int *argc, char ***argv);                            \
    int fuzz_##name##_one(const uint8_t *data, size_t bytes);
TARGETS(DECLARE)

/* Each file of the folder; gives their number. */
static int replay(const char *folder, int (*one)(const uint8_t *, size_t))
{
    int count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        size_t bytes;
        if (entry->d_name[0] == '.') continue;
        unsigned char *content = files_read(files_path(folder, entry->d_name), &bytes);
        printf("# %s/%s\n", folder, entry->d_name);
        fflush(stdout); /* the last line names what a target has died of            */
        CHECK(one(content, bytes) == 0);
        for (size_t cut = 0; cut < bytes; cut += bytes / 4 + 1) one(content, cut);
        free(content);
        ++count;
    }
    if (dir) closedir(dir);
    return count;
}

static void run_target(const char *name, int (*start)(int *, char ***),
                       int (*one)(const uint8_t *, size_t))
{
    char own[FILES_PATH], given[64], program[] = "test_corpus";
    char *arguments[] = {program, own, NULL}, **argv = arguments;
    int argc = 2;
    files_make_folder(own);
    CHECK(start(&argc, &argv) == 0);
    snprintf(given, sizeof given, "tests/corpus/%s", name);
    CHECK(replay(own, one) + replay(given, one) > 0);
    files_remove_folder(own);
}

#define TEST(name)                                                               \
    static void seeds_of_##name##_are_read_or_refused(void **state)              \
    {                                                                            \
        (void)state;                                                             \
        run_target(#name, fuzz_##name##_start, fuzz_##name##_one);               \
    }
TARGETS(TEST)

#define ROW(name) CHECK_TEST(seeds_of_##name##_are_read_or_refused),
static const check_test tests[] = {TARGETS(ROW)};

CHECK_MAIN("corpus", tests, 0)
