/*
 * picture_case.h - what gnuplot is told to draw.
 *
 * A script named gnuplot, first in PATH, keeps the commands that it is given and draws
 * an empty picture. Here the commands are read back: panels with their titles, labels
 * and ranges, data blocks, and curves whose `using` is worked out for each row, as
 * gnuplot does.
 */
#ifndef PICTURE_CASE_H
#define PICTURE_CASE_H

#include <stdarg.h>

#include "ipl_plot.h"
#include "plane_case.h"

/* -- The stand-in -----------------------------------------------------------------*/

static const char stand_in[] =
    "#!/bin/sh\n"
    "shift $(($# - 1)) # options come first\n"
    "cp \"$1\" \"$(dirname \"$0\")/script\" || exit 1\n"
    "out=$(sed -n \"s/^set output '\\(.*\\)'$/\\1/p\" \"$1\")\n"
    "case $(sed -n 's/^set terminal \\([a-z]*\\).*/\\1/p' \"$1\") in\n"
    "svg) printf '<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>\\n' >\"$out\" ;;\n"
    "*) printf '\\211PNG\\r\\n\\032\\nIEND\\256B`\\202' >\"$out\" ;;\n"
    "esac\n";

/* Draws with the stand-in, and gives the script, to be freed. */
static inline char *picture_by(ipl_status (*draw)(const void *what), const void *what)
{
    char f[FILES_PATH];
    files_make_folder(f);
    char *before = strdup(getenv("PATH")), path[4096];
    FILE *program = fopen(files_path(f, "gnuplot"), "w");
    CHECK(program && fputs(stand_in, program) >= 0 && !fclose(program));
    CHECK(!chmod(files_path(f, "gnuplot"), 0755));
    snprintf(path, sizeof path, "%s:%s", f, before);
    setenv("PATH", path, 1);
    const ipl_status st = draw(what);
    setenv("PATH", before, 1);
    if (st != IPL_OK) fail_msg("%s", ipl_last_error());
    char *script = files_text(f, "script");
    files_remove_folder(f);
    free(before);
    return script;
}

typedef struct {
    int                     runs;
    const char *const      *dir;
    const ipl_plot_options *how;
    const char             *file;
} picture_runs;

static inline ipl_status picture_draw_runs(const void *what)
{
    const picture_runs *of = what;
    return ipl_plot_runs(of->runs, of->dir, of->how, of->file);
}

/* Runs drawn to a file. */
static inline char *picture_of(int runs, const char *const *dir,
                               const ipl_plot_options *how, const char *file)
{
    return picture_by(picture_draw_runs, &(picture_runs){runs, dir, how, file});
}

static inline char *picture_script(const char *dir, ipl_plot_what what,
                                   const char *file)
{
    ipl_plot_options how = ipl_plot_defaults();
    how.what = what;
    return picture_of(1, &dir, &how, file);
}

/* -- Data blocks ------------------------------------------------------------------*/

enum { COLUMNS = 64, ROWS = 2048 };

/* Rows of a data block, or of one of its data sets, which two empty lines part. */
typedef struct {
    int    rows, columns[ROWS];
    double value[ROWS][COLUMNS]; /* from 0: gnuplot's column less one           */
} block;

/* Data set `index` (-1: all) of the block `name`, as in "$plane0". */
static inline const block *block_of(const char *script, const char *name, int index)
{
    static block b;
    char head[64];
    int  set = 0, empty = 0;
    snprintf(head, sizeof head, "\n%s << END\n", name);
    const char *at = strstr(script, head);
    if (!at) fail_msg("no data block %s", name);
    b.rows = 0;
    for (at += strlen(head); strncmp(at, "END\n", 4); at += strcspn(at, "\n") + 1) {
        empty = *at == '\n' ? empty + 1 : 0;
        set += empty == 2;
        if (*at == '\n' || (index >= 0 && set != index)) continue;
        CHECK(b.rows < ROWS);
        const char *field = at;
        int n = 0;
        while (*field != '\n') {
            char *end;
            CHECK(n < COLUMNS);
            b.value[b.rows][n++] = strtod(field, &end);
            CHECK(end > field && (*end == ' ' || *end == '\n'));
            field = end + (*end == ' ');
        }
        b.columns[b.rows++] = n;
    }
    return &b;
}

/* -- Expressions ------------------------------------------------------------------*/

/* Number, $column, NaN, + - * /, < >, ?: and parentheses, as the panels use them; the
 * scale S of points is 1. */
static inline double expression(const char **at, const double *row);

static inline double factor(const char **at, const double *row)
{
    char  *end;
    double value;
    if (**at == '(') {
        ++*at;
        value = expression(at, row);
        if (**at != ')') fail_msg("expression: ) before %s", *at);
        ++*at;
        return value;
    }
    if (**at == 'S') {
        ++*at;
        return 1.0;
    }
    const int is_column = **at == '$';
    value = strtod(*at += is_column, &end); /* takes NaN and signs too */
    if (end == *at) fail_msg("expression: %s", *at);
    *at = end;
    return is_column ? row[(int)value - 1] : value;
}

static inline double term(const char **at, const double *row)
{
    double value = factor(at, row);
    while (**at == '*' || **at == '/') {
        const char operator = *(*at)++;
        const double other = factor(at, row);
        value = operator == '*' ? value * other : value / other;
    }
    return value;
}

static inline double sum(const char **at, const double *row)
{
    double value = term(at, row);
    while (**at == '+' || **at == '-') {
        const char operator = *(*at)++;
        const double other = term(at, row);
        value = operator == '+' ? value + other : value - other;
    }
    return value;
}

static inline double expression(const char **at, const double *row)
{
    double value = sum(at, row);
    if (**at == '<' || **at == '>') {
        const char operator = *(*at)++;
        const double other = sum(at, row);
        value = operator == '<' ? value < other : value > other;
    }
    if (**at != '?') return value;
    ++*at;
    const double yes = expression(at, row);
    if (**at != ':') fail_msg("expression: : before %s", *at);
    ++*at;
    const double no = expression(at, row);
    return value != 0.0 ? yes : no;
}

/* -- Panels and curves ------------------------------------------------------------*/

typedef struct {
    char source[16]; /* "$plane0"; "NaN" in the legend                           */
    int  index;      /* data set of the source, -1: all                          */
    char usings[160], style[256];
} curve;

enum { CURVES = 128 };

typedef struct {
    char  title[256], x_label[64], y_label[64];
    char *text;      /* all commands                                             */
    int   curves;
    curve curve[CURVES];
} panel;

/* What stands between '' behind the words; "" where they do not come. */
static inline void quoted(const char *text, const char *words, size_t size, char *out)
{
    const char *at = strstr(text, words);
    size_t used = 0;
    for (at = at ? at + strlen(words) : ""; *at && used + 1 < size; ++at) {
        if (*at == '\'' && at[1] != '\'') break;
        at += *at == '\'';
        out[used++] = *at;
    }
    out[used] = 0;
}

static inline curve curve_of(const char *text)
{
    curve c = {.index = -1};
    int used = 0;
    if (sscanf(text, "%15s index %d using %159s %n", c.source, &c.index, c.usings,
               &used) != 3 || !used) {
        c.index = -1;
        used = 0;
        const int fields =
            sscanf(text, "%15s using %159s %n", c.source, c.usings, &used);
        if (fields != 2 || !used) {
            *c.usings = 0;
            sscanf(text, "%15s %n", c.source, &used);
        }
    }
    snprintf(c.style, sizeof c.style, "%s", text + used);
    return c;
}

/* Panel number `which` of the script, from 0, which is the legend. */
static inline panel panel_at(const char *script, int which)
{
    static const char begin[] = "\nunset logscale; unset arrow;";
    panel p = {.curves = 0};
    const char *at = strstr(script, begin);
    for (; at && which; --which) at = strstr(at + 1, begin);
    if (!at) return p;
    const char *end = strstr(at + 1, begin);
    p.text = end ? strndup(at, (size_t)(end - at)) : strdup(at);
    quoted(p.text, "set title '", sizeof p.title, p.title);
    quoted(p.text, "set xlabel '", sizeof p.x_label, p.x_label);
    quoted(p.text, "set ylabel '", sizeof p.y_label, p.y_label);
    const char *plot = strstr(p.text, "\nplot ");
    CHECK(plot && !strstr(plot + 1, "\nplot "));
    char *line = strndup(plot + 6, strcspn(plot + 6, "\n"));
    for (char *from = line, *next; from; from = next) {
        next = strstr(from, ", ");
        if (next) *next = 0, next += 2;
        CHECK(p.curves < CURVES);
        p.curve[p.curves++] = curve_of(from);
    }
    free(line);
    return p;
}

static inline int panels_of(const char *script)
{
    int count = 0;
    for (;; ++count) {
        panel p = panel_at(script, count);
        if (!p.text) return count;
        free(p.text);
    }
}

/* The only panel with this title and these labels; its text is to be freed. */
static inline panel panel_named(const char *script, const char *title,
                                const char *x_label, const char *y_label)
{
    panel found = {.curves = 0};
    for (int k = 1; k < panels_of(script); ++k) {
        panel p = panel_at(script, k);
        if (strcmp(p.title, title) || strcmp(p.x_label, x_label) ||
            strcmp(p.y_label, y_label)) {
            free(p.text);
            continue;
        }
        if (found.text) fail_msg("two panels '%s', '%s'", title, y_label);
        found = p;
    }
    if (!found.text) fail_msg("no panel '%s', '%s', '%s'", title, x_label, y_label);
    return found;
}

/* Entry k of `using`, from 1, for a row. Outside parentheses a number is a column. */
static inline double curve_value(const curve *c, int k, const double *row)
{
    const char *at = c->usings;
    for (int depth = 0; k > 1 && *at; ++at) {
        depth += (*at == '(') - (*at == ')');
        k -= *at == ':' && !depth;
    }
    if (k != 1 || !*at) fail_msg("using %s has too few entries", c->usings);
    if (*at == '(') return expression(&at, row);
    return row[strtol(at, NULL, 10) - 1];
}

/* The size of a curve's points in a row, behind "ps". */
static inline double curve_size(const curve *c, const double *row)
{
    const char *ps = strstr(c->style, " ps ");
    CHECK(ps);
    ps += 4;
    return strncmp(ps, "variable", 8) ? expression(&ps, row) : curve_value(c, 3, row);
}

static inline int curve_entries(const curve *c)
{
    int entries = 1, depth = 0;
    for (const char *at = c->usings; *at; ++at) {
        depth += (*at == '(') - (*at == ')');
        entries += *at == ':' && !depth;
    }
    return entries;
}

/* The last range that is set: "xrange", "yrange", "y2range", "cbrange". */
static inline void panel_range(const panel *p, const char *axis, double *lo, double *hi)
{
    char words[32];
    const char *at = p->text, *last = NULL;
    snprintf(words, sizeof words, "set %s [", axis);
    while ((at = strstr(at, words))) last = at += strlen(words);
    if (!last || sscanf(last, "%lf:%lf]", lo, hi) != 2)
        fail_msg("%s: no %s with two numbers", p->title, axis);
}

/* Whether the panel has this text, and how often. */
static inline int panel_says(const panel *p, const char *text)
{
    int count = 0;
    for (const char *at = p->text; (at = strstr(at, text)); ++at) ++count;
    return count;
}

/* -- Pictures of small runs -------------------------------------------------------*/

/* Runs into f/r: 64 rows of the 12-bit set, three seeds, seven epochs in short
 * batches; more sets follow, ended by NULL. */
static inline void run_into(const char *f, const char *first, ...)
{
    static const char *const sets[] = {
        "net.layers=12, 4-tanh, 3-leaky-relu, 2", "train.epochs=7", "train.replicas=3",
        "train.batch=20", "data.limit=64", "data.split=shuffled",
        "measure.policy=every", "measure.every=1", NULL};
    ipl_device *dev;
    va_list more;
    va_start(more, first);
    const ipl_config config = config_with(sets, first, more);
    va_end(more);
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    CHECK_OK(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL));
    ipl_device_close(dev);
}

static inline char *draw(const char *f, ipl_plot_what what)
{
    return picture_script(files_path(f, "r"), what, files_path(f, "p.svg"));
}

/* The picture of such a run in one go. */
static inline char *script_of(ipl_plot_what what, const char *set, const char *other)
{
    char f[FILES_PATH];
    files_make_folder(f);
    run_into(f, set, other, NULL);
    char *script = draw(f, what);
    files_remove_folder(f);
    return script;
}

/* The colours of the first three layers. */
static const char *const colour_of[] = {"#0072B2", "#D55E00", "#009E73"};

/* The curve of a panel that is drawn in this way, in the layer's colour (-1: any). */
static inline const curve *only_curve(const panel *p, const char *way, int layer)
{
    const curve *found = NULL;
    for (int k = 0; k < p->curves; ++k) {
        if (!strstr(p->curve[k].style, way) ||
            (layer >= 0 && !strstr(p->curve[k].style, colour_of[layer])))
            continue;
        if (found)
            fail_msg("%s: two curves '%s' of layer %d", p->title, way, layer + 1);
        found = &p->curve[k];
    }
    if (!found) fail_msg("%s: no curve '%s' of layer %d", p->title, way, layer + 1);
    return found;
}

#endif
