/*
 * fuzz_csv.c - any text as a table or as labels: read, or refused with one line.
 */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const seed[] = {
        "a,b\n1,2.5\n-3e4,nan\n", "1;2\r\n3;4\r\n", "# x\n1 2\n 3 4\n", "1\t2\n3\t4",
        "label\ncat\ndog\ncat\n", "\"say \"\"a\"\"\"\n\"b, c\"\n", "3\n-1\n2.0\n",
        "1,5;2,5\n", "\xef\xbb\xbf" "9007199254740993\n1e999\n",
    };
    const char *corpus = fuzz_corpus(*argc, *argv);
    for (size_t s = 0; corpus && s < sizeof seed / sizeof *seed; ++s) {
        char name[16];
        snprintf(name, sizeof name, "seed-%zu", s);
        files_write(files_path(corpus, name), strlen(seed[s]), seed[s]);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    ipl_array a = {0};
    const int at = fuzz_file(data, bytes, path);
    fuzz_check_array(ipl_array_read(path, &a), &a);
    fuzz_check_array(ipl_array_read_labels(path, &a), &a);
    close(at);
    return 0;
}
