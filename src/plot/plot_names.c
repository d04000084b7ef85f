/*
 * plot_names.c - what titles and legend call the runs of a picture.
 */
#include <string.h>

#include "plot/plot.h"

/* The last parts of a directory's name: "tanh", "tanh/test". */
static void take_parts(const char *dir, int parts, plot_data *d)
{
    size_t end = strlen(dir);
    while (end > 1 && dir[end - 1] == '/') --end;
    size_t start = end;
    for (; start && parts; --start)
        if (dir[start - 1] == '/' && start < end && !--parts) break;
    const size_t most = sizeof d->name - 1;
    if (end - start > most) start = end - most; /* the end tells more */
    snprintf(d->name, sizeof d->name, "%.*s", (int)(end - start), dir + start);
}

static int is_name_of_another(int runs, const plot_data *run, int r)
{
    for (int o = 0; o < runs; ++o)
        if (o != r && !strcmp(run[o].name, run[r].name)) return 1;
    return 0;
}

/* measure.rows = train, test has DIR/train and DIR/test: of two such runs the last
 * parts do not tell. */
static void name_by_directory(int runs, const char *const *dir, plot_data *run)
{
    enum { PARTS_MOST = 8 };
    for (int r = 0; r < runs; ++r) take_parts(dir[r], 1, &run[r]);
    for (int parts = 2; parts <= PARTS_MOST; ++parts) {
        int again[IPL_PLOT_RUNS_MAX];
        for (int r = 0; r < runs; ++r) again[r] = is_name_of_another(runs, run, r);
        for (int r = 0; r < runs; ++r)
            if (again[r]) take_parts(dir[r], parts, &run[r]);
    }
}

ipl_status ipl_plot_name_runs(int runs, const char *const *dir, const char *names,
                              plot_data *run)
{
    int count = 0;
    name_by_directory(runs, dir, run);
    for (const char *at = names; at; ++count) {
        const size_t length = strcspn(at, ",");
        IPL_REQUIRE(length && length < sizeof run->name,
                    "--name '%s': expected names of 1 to %zu bytes, with commas "
                    "between", names, sizeof run->name - 1);
        if (count < runs)
            snprintf(run[count].name, sizeof run->name, "%.*s", (int)length, at);
        at = at[length] ? at + length + 1 : NULL;
    }
    IPL_REQUIRE(!names || count == runs, "--name '%s': expected a name for each of %d "
                "runs", names, runs);
    return IPL_OK;
}
