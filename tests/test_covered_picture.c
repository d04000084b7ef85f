/*
 * test_covered_picture.c - layers that others cover are seen around them.
 *
 * The first layer is drawn last, so that it lies on top.
 */
#include "pool_case.h"
#include "runs_case.h"

static const char *const bin_title = "bin: 30 edges over [-1, 1]";

/* At tick 0 layers 1 to 3 stand at one place, at tick 1 layer 3 has the I(X;T) that
 * layer 1 has at tick 4. Layer 2 comes at tick 4 where layer 1 was at tick 0. */
static const char rows[] = "1,0,1,bin,5,0.5\n1,0,2,bin,5,0.5\n1,0,3,bin,5,0.5\n"
                           "1,1,1,bin,5,0.5\n1,1,2,bin,5,0.5\n1,1,3,bin,1,0.1\n"
                           "1,4,1,bin,1,0.9\n1,4,2,bin,5,0.5\n1,4,3,bin,5,0.2\n";
static const int ticks = 3, columns[] = {7, 8, 9}; /* I(X;T), I(T;Y), the plane      */

/* Of each layer and tick. */
static const int want[3][3][3] = {
    {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}},
    {{1, 1, 1}, {1, 1, 1}, {0, 0, 1}},
    {{2, 2, 2}, {0, 0, 0}, {1, 0, 0}}};

/* The picture of these rows, of the first of two runs. */
static char *covered(two_runs *t, const ipl_plot_options *how)
{
    make_two(t);
    write_rows(t->dir[0], rows);
    return picture_of(1, t->dir, how, files_path(t->folder, "p.svg"));
}

static void blocks_count_what_covers_a_point(void **state)
{
    two_runs t;
    (void)state;
    ipl_plot_options how = of(IPL_PLOT_ALL);
    char *script = covered(&t, &how);
    for (int l = 0; l < 3; ++l) {
        const block *b = block_of(script, "$plane0", l);
        CHECK(b->rows == ticks + 1);
        for (int k = 0; k < ticks; ++k)
            for (int c = 0; c < 3; ++c)
                if (b->value[k][columns[c]] != want[l][k][c])
                    fail_msg("layer %d, row %d: column %d is %g", l + 1, k, columns[c],
                             b->value[k][columns[c]]);
    }
    free(script);
    how.layers = "2,3"; /* what is not drawn covers nothing */
    script = picture_of(1, t.dir, &how, files_path(t.folder, "p.svg"));
    const block *b = block_of(script, "$plane0", 1);
    CHECK(b->value[0][9] == 0);
    CHECK(block_of(script, "$plane0", 2)->value[0][9] == 1);
    CHECK(block_of(script, "$measured", -1)->rows == ticks);
    free(script);
    files_remove_folder(t.folder);
}

/* In the order in which they are drawn, each that is covered is larger by more than the
 * edge of a point. */
static void covered_points_are_rings(void **state)
{
    two_runs t;
    (void)state;
    ipl_plot_options how = of(IPL_PLOT_ALL);
    char *script = covered(&t, &how);
    for (int kind = 0; kind < 3; ++kind) {
        panel p = panel_named(script, bin_title, kind ? "epoch" : axis_name[0],
                              axis_name[kind != 1]);
        double before = INFINITY;
        int seen = 3;
        for (int k = 0; k < p.curves; ++k) {
            const curve *c = &p.curve[k];
            if (!strstr(c->style, "points") || !strstr(c->style, "ps variable"))
                continue;
            CHECK(c->index == --seen && strstr(c->style, colour_of[c->index]));
            const double size = curve_size(c, block_of(script, "$plane0",
                                                       c->index)->value[0]);
            CHECK(size < before - 0.25 || before == INFINITY);
            before = size;
        }
        CHECK(!seen);
        free(p.text);
    }
    free(script);
    files_remove_folder(t.folder);
}

/* Of an overlay later runs cover all of the earlier ones. */
static void runs_cover_each_other(void **state)
{
    two_runs t;
    (void)state;
    make_two(&t);
    for (int r = 0; r < 2; ++r) write_rows(t.dir[r], rows);
    ipl_plot_options how = of(IPL_PLOT_PLANE);
    for (how.overlay = 0; how.overlay < 2; ++how.overlay) {
        char *script = draw_two(&t, &how, "p.svg");
        for (int l = 0; l < 3; ++l)
            for (int r = 0; r < 2; ++r) {
                const block *b = block_of(script, r ? "$plane0_1" : "$plane0", l);
                const int over = how.overlay && !r ? 3 : 0;
                CHECK(b->value[0][9] == fmin(want[l][0][2] + over, 4));
            }
        free(script);
    }
    files_remove_folder(t.folder);
}

/* Over K the last layer lies on top, in the plane of the windows the first. */
static void pooled_layers_are_seen_around_others(void **state)
{
    static const char pool[] = POOL_HEADER
        "7,1,0,1,1,1,bin,5,0.5,,,6,,none\n7,1,0,1,1,2,bin,5,0.5,,,6,,none\n"
        "7,1,0,1,1,3,bin,5,0.1,,,6,,none\n7,1,0,1,1,3,bin,5,0.5,,,6,,walk\n"
        "7,1,0,1,2,1,bin,4,0.5,,,6,,none\n7,1,0,1,2,2,bin,4,0.5,,,6,,none\n"
        "7,1,0,1,2,3,bin,4,0.5,,,6,,none\n";
    static const int over_k[2][3][2] = {{{2, 2}, {1, 1}, {0, 0}},
                                        {{1, 2}, {0, 1}, {0, 0}}};
    char f[FILES_PATH];
    (void)state;
    files_make_folder(f);
    run_into(f, "train.seed=7", NULL);
    files_write(files_path(f, "r/pool.csv"), strlen(pool), pool);
    char *script = draw(f, IPL_PLOT_POOL);
    for (int l = 0; l < 3; ++l) { /* four data sets a layer: the network's first */
        const block *b = block_of(script, "$pool0", 4 * l);
        for (int k = 0; k < 2; ++k)
            for (int a = 0; a < 2; ++a) CHECK(b->value[k][6 + a] == over_k[a][l][k]);
    }
    free(script);
    script = draw(f, IPL_PLOT_POOLED_PLANE);
    for (int l = 0; l < 3; ++l)
        CHECK(block_of(script, "$pooled0", l)->value[0][6] == l);
    free(script);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(blocks_count_what_covers_a_point),
    CHECK_TEST(covered_points_are_rings),
    CHECK_TEST(runs_cover_each_other),
    CHECK_TEST(pooled_layers_are_seen_around_others),
};

CHECK_MAIN("covered_picture", tests, 0)
