/*
 * peer_infoplane.c - one estimate by the library of this source tree, when asked.
 *
 *   peer_infoplane FOLDER [FAMILY;KEY=VALUE;..]     t.npy and y.npy of FOLDER
 *
 * bench/against.sh builds this file in the tree of another revision, which is then a
 * peer (peer.h) of the programs of this one. So it keeps to public functions that have
 * long been there. One thread of the CPU; prints wall and processor milliseconds, and
 * I(X;T) and I(T;Y) in bits of each point.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipl_device.h"
#include "ipl_mi.h"

static void check(ipl_status st)
{
    if (st == IPL_OK) return;
    fprintf(stderr, "peer_infoplane: %s\n", ipl_last_error());
    exit(1);
}

static double now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static ipl_mi_options options_of(char *text)
{
    const char *word = strtok(text, ";");
    const int family = word ? ipl_mi_family_named(word) : -1;
    if (family < 0) fprintf(stderr, "peer_infoplane: which family?\n"), exit(2);
    ipl_mi_options options = ipl_mi_defaults((ipl_mi_estimator)family);
    while ((word = strtok(NULL, ";"))) check(ipl_mi_options_set(&options, word));
    return options;
}

/* The values of an .npy file as bench_layer_save (layers.h) writes it: little endian, 4
 * bytes each, in rows. Read here, since the library's own way has changed. */
static void *read_npy(const char *folder, const char *name, int64_t *rows,
                      int64_t *cols)
{
    char path[1000], header[1000] = {0};
    unsigned char head[10];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    const char *shape = NULL;
    if (f && fread(head, 1, 10, f) == 10) {
        const size_t length = head[8] + 256u * head[9];
        if (length < sizeof header && fread(header, 1, length, f) == length)
            shape = strstr(header, "(");
    }
    const int axes = shape ? sscanf(shape, "(%" SCNd64 ", %" SCNd64, rows, cols) : 0;
    if (axes < 2) *cols = 1;
    const size_t count = axes > 0 ? (size_t)(*rows * *cols) : 0;
    void *values = malloc(count * 4 + 1);
    if (!count || !values || fread(values, 4, count, f) != count) {
        fprintf(stderr, "peer_infoplane: %s cannot be read\n", path);
        exit(1);
    }
    fclose(f);
    return values;
}

int main(int argc, char **argv)
{
    const ipl_device_options one = {.threads = 1};
    char line[100], standard[] = "kde;noise_var=0.1";
    ipl_device *dev;
    ipl_labels labels;
    ipl_mi_job job = {.y = &labels};
    size_t bytes;
    void *scratch;
    if (argc < 2) return fprintf(stderr, "peer_infoplane: which folder?\n"), 2;
    const ipl_mi_options options = options_of(argc > 2 ? argv[2] : standard);
    check(ipl_device_open("cpu", &one, &dev));
    int64_t rows, cols, one_col;
    float *t = read_npy(argv[1], "t.npy", &rows, &cols);
    int32_t *y = read_npy(argv[1], "y.npy", &rows, &one_col), classes = 0;
    for (int64_t i = 0; i < rows; ++i) classes = y[i] < classes ? classes : y[i] + 1;
    check(ipl_labels_create(dev, rows, classes, y, &labels));
    check(ipl_mat_alloc(dev, rows, cols, &job.t));
    check(ipl_upload(dev, t, (size_t)(rows * cols) * sizeof *t, job.t.at));
    free(t);
    free(y);
    check(ipl_mi_scratch_bytes(dev, 1, &options, 1, &job, &bytes));
    check(ipl_alloc(dev, bytes, &scratch));
    while (fgets(line, sizeof line, stdin)) {
        const double wall = now_ms(CLOCK_MONOTONIC);
        const double processor = now_ms(CLOCK_PROCESS_CPUTIME_ID);
        check(ipl_mi_estimate(dev, 1, &options, 1, &job, scratch, bytes));
        printf("%.6f %.6f", now_ms(CLOCK_MONOTONIC) - wall,
               now_ms(CLOCK_PROCESS_CPUTIME_ID) - processor);
        for (int p = 0; p < job.points; ++p)
            printf(" %.12g %.12g", job.point[p].i_xt / log(2.0),
                   job.point[p].i_ty / log(2.0));
        printf("\n");
        fflush(stdout);
    }
    ipl_free(dev, scratch);
    ipl_free(dev, job.t.at);
    ipl_labels_free(dev, &labels);
    ipl_device_close(dev);
    return 0;
}
