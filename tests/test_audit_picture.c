/*
 * test_audit_picture.c - each curve, bar and mark of the picture of an audit.
 */
#include "csv_case.h"
#include "ipl_audit.h"
#include "picture_case.h"

enum { LAYERS = 3 };

typedef struct {
    char             folder[FILES_PATH];
    ipl_audit_report report;
    char            *script;
} audited;

/* A ReLU network with losses; bins are the layers' own, the noise is one for all. */
static audited audited_make(void)
{
    static const char *const sets[] = {
        "net.layers=12, 4-tanh, 2-relu, 2", "data.limit=300", "bin.form=count",
        "bin.count=6", "kde.noise_var=0.04", "train.seed=3", NULL};
    audited a = {.script = NULL};
    ipl_device *dev;
    const ipl_config config = config_of(sets);
    files_make_folder(a.folder);
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    CHECK_OK(ipl_audit_config(dev, &config, IPL_AUDIT_FIRST_SEED,
                              files_path(a.folder, "r"), &a.report));
    ipl_device_close(dev);
    a.script = draw(a.folder, IPL_PLOT_AUDIT);
    return a;
}

static void audited_free(audited *a)
{
    free(a->script);
    files_remove_folder(a->folder);
}

static void expect_near(const char *what, double got, double want)
{
    if (!(fabs(got - want) <= 1e-8 * fabs(want)))
        fail_msg("%s: %.12g, want %.12g", what, got, want);
}

/* The curve of each layer has the rows of the table, in order. */
static void expect_curves(const audited *a, const panel *p, const char *kind,
                          const char *source)
{
    CHECK(p->curves == LAYERS);
    for (int l = 1; l <= LAYERS; ++l) {
        const curve *c = &p->curve[l - 1];
        CHECK(!strcmp(c->source, source) && c->index == l - 1);
        CHECK(strstr(c->style, "linespoints"));
        const block *b = block_of(a->script, source, c->index);
        int row = 0;
        csv table = csv_open(files_path(a->folder, "r/audit_sweep.csv"),
                             "layer,kind,resolution,i_xt_bits,cells");
        while (*table.at) {
            const int mine = atoi(csv_field(&table)) == l;
            const int wanted = !strcmp(csv_field(&table), kind) && mine;
            const double resolution = strtod(csv_field(&table), NULL);
            const double bits = strtod(csv_field(&table), NULL);
            csv_field(&table);
            csv_end_row(&table);
            if (!wanted) continue;
            CHECK(row < b->rows);
            expect_near(kind, curve_value(c, 1, b->value[row]), resolution);
            expect_near("I(X;T)", curve_value(c, 2, b->value[row++]), bits);
        }
        CHECK(row > 1 && row == b->rows - 1 && isnan(b->value[row][0]));
        csv_close(&table);
    }
}

static void curves_are_the_sweep(void **state)
{
    (void)state;
    double lo, hi, top, bottom;
    audited a = audited_make();
    panel p = panel_named(a.script, "bits of mantissa that each value keeps", "bits",
                          "I(X;T) [bits]");
    expect_curves(&a, &p, "mantissa", "$mantissa");
    panel_range(&p, "xrange", &lo, &hi);
    panel_range(&p, "yrange", &bottom, &top);
    CHECK(lo < 1 && hi > 23 && bottom <= 0 && top > log2(300.0));
    CHECK(panel_says(&p, "set label 'H(X) = 8.229'") == 1);
    free(p.text);
    p = panel_named(a.script, "bins, coarse to fine", "width of a bin",
                    "I(X;T) [bits]");
    expect_curves(&a, &p, "width", "$width");
    panel_range(&p, "xrange", &hi, &lo);
    for (int l = 0; l < LAYERS; ++l) {
        CHECK(a.report.layer[l].bin_width > lo && 6 * a.report.layer[l].mark_bin < hi);
        CHECK(a.report.layer[l].mark_bin > lo);
    }
    CHECK(lo < 0.2 && 0.2 < hi);
    free(p.text);
    audited_free(&a);
}

static void bars_are_what_is_lost(void **state)
{
    (void)state;
    double lo, hi;
    audited a = audited_make();
    panel p = panel_named(a.script, "lost: float32 (bars), double (lines)", "layer",
                          "H(X|T) [bits]");
    CHECK(p.curves == 2 * LAYERS);
    panel_range(&p, "yrange", &lo, &hi);
    for (int l = 0; l < LAYERS; ++l) {
        const ipl_audit_layer *r = &a.report.layer[l];
        const curve *bar = &p.curve[2 * l], *line = &p.curve[2 * l + 1];
        const block *b = block_of(a.script, bar->source, bar->index);
        CHECK(b->rows == 1 && bar->index == l && line->index == l);
        CHECK(!strcmp(bar->source, line->source) && strstr(bar->style, "boxes") &&
              strstr(line->style, "vectors nohead"));
        CHECK(curve_value(bar, 1, b->value[0]) == l + 1);
        expect_near("float32", curve_value(bar, 2, b->value[0]),
                    r->h_x_given_t / log(2.0));
        expect_near("double", curve_value(line, 2, b->value[0]),
                    r->h_x_given_t_double / log(2.0));
        CHECK(curve_value(line, 4, b->value[0]) == 0 && hi > r->h_x_given_t / log(2.0));
    }
    CHECK(a.report.layer[1].h_x_given_t > 0); /* there is a bar */
    free(p.text);
    audited_free(&a);
}

/* Bins differ from layer to layer and have a line each; the noise is one line. */
static void marks_are_the_estimators(void **state)
{
    (void)state;
    char line[128];
    audited a = audited_make();
    panel p = panel_named(a.script, "bins, coarse to fine", "width of a bin",
                          "I(X;T) [bits]");
    for (int l = 0; l < LAYERS; ++l) {
        const double at = a.report.layer[l].mark_bin;
        snprintf(line, sizeof line, "set arrow from first %.9g,graph 0 to first %.9g",
                 at, at);
        CHECK(panel_says(&p, line) == 1);
    }
    CHECK(panel_says(&p, "set arrow from first 0.2,graph 0 to first 0.2,graph 1") == 1);
    CHECK(panel_says(&p, ",graph 0 to first") == LAYERS + 1);
    CHECK(panel_says(&p, "set label 'bin'") == 1);
    CHECK(panel_says(&p, "set label 'noise of kde' at first 0.2,") == 1);
    free(p.text);
    audited_free(&a);
}

static const check_test tests[] = {
    CHECK_TEST(curves_are_the_sweep),
    CHECK_TEST(bars_are_what_is_lost),
    CHECK_TEST(marks_are_the_estimators),
};

CHECK_MAIN("audit_picture", tests, 0)
