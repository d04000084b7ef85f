/*
 * plot_study_names.c - what the picture of a study says over its panels and about them.
 */
#include <stdlib.h>
#include <string.h>

#include "ipl_config.h"
#include "ipl_mi_family.h"
#include "plot/plot_study.h"

enum { PLAIN = 512 };

static const char *title_of(const char *estimator, char plain[PLAIN])
{
    ipl_mi_point_named(estimator, NULL, &estimator); /* unknown: the name itself */
    return ipl_gnuplot_plain(estimator, plain, PLAIN);
}

static const char *caption_of(const plot_study *s, const char *layer)
{
    return s->about.layer[atoi(layer) - 1];
}

/* A key that follows another has one value for each of its. */
static int value_of_follower(const plot_study *s, int key, int value, int follower)
{
    int64_t p = 0;
    while (p < s->points && s->point[p].at[key] != value) ++p;
    return p < s->points ? s->point[p].at[follower] : -1;
}

const char *ipl_plot_study_name(const plot_study *s, int place, int value, char *text,
                                size_t size)
{
    const int key = s->in[place];
    const char *name = key < 0 ? "" : s->key[key].value[value], *title = name;
    ipl_mi_point_named(name, NULL, &title);
    if (key < 0 || key == study_estimator(s)) snprintf(text, size, "%s", title);
    else if (key == study_layer(s))
        snprintf(text, size, "layer %s%s%s", name, *caption_of(s, name) ? ": " : "",
                 caption_of(s, name));
    else snprintf(text, size, "%s = %s", s->key[key].title, name);
    return text;
}

static void put_value(ipl_buffer *to, const plot_study *s, int key, int value,
                      study_part part)
{
    char plain[PLAIN];
    ipl_buffer_add(to, "%s", to->used ? ", " : "");
    if (part != STUDY_VALUE)
        ipl_buffer_add(to, "%s",
                       ipl_gnuplot_plain(s->key[key].title, plain, sizeof plain));
    if (part == STUDY_KEY) return;
    ipl_buffer_add(to, "%s{/:Bold %s}", part == STUDY_VALUE ? "" : " = ",
                   ipl_gnuplot_plain(s->key[key].value[value], plain, sizeof plain));
}

char *ipl_plot_study_heading(const plot_study *s, int place, int value, study_part part)
{
    const int key = s->in[place];
    char      plain[PLAIN];
    ipl_buffer to = {0};
    const char *name = key < 0 ? NULL : s->key[key].value[value];
    if (key < 0) ipl_buffer_add(&to, "%s", "");
    else if (part != STUDY_WHOLE) put_value(&to, s, key, value, part);
    else if (key == study_estimator(s))
        ipl_buffer_add(&to, "{/:Bold %s}", title_of(name, plain));
    else if (key == study_layer(s)) {
        const char *caption =
            ipl_gnuplot_plain(caption_of(s, name), plain, sizeof plain);
        ipl_buffer_add(&to, "{/:Bold T_{%s}%s%s}", name, *caption ? ": " : "", caption);
    } else put_value(&to, s, key, value, part);
    for (int k = 0; key >= 0 && k < s->swept; ++k) {
        const int at = s->key[k].follows == key ? value_of_follower(s, key, value, k)
                                                : -1;
        if (at >= 0) put_value(&to, s, k, at, part);
    }
    return to.at;
}

/* "mean of 3 seeds, ± one deviation", or of 2 to 3. */
static void put_seeds(ipl_buffer *to, const plot_study *s)
{
    int least = s->point[0].point.estimates, most = least;
    for (int64_t p = 0; p < s->points; ++p) {
        const int here = s->point[p].point.estimates;
        least = here < least ? here : least;
        most = here > most ? here : most;
    }
    if (most < 2) ipl_buffer_add(to, "one seed");
    else if (least == most)
        ipl_buffer_add(to, "mean of %d seeds, ± one deviation", most);
    else ipl_buffer_add(to, "mean of %d to %d seeds, ± one deviation", least, most);
}

char *ipl_plot_study_title(const plot_study *s)
{
    const study_key *estimator = &s->key[study_estimator(s)];
    const study_key *rows = &s->key[study_rows(s)];
    char       name[PLAIN], plain[PLAIN];
    ipl_buffer to = {0};
    ipl_gnuplot_plain(s->name, name, sizeof name);
    ipl_buffer_add(&to, "{/:Bold %s}  –  ", name);
    if (estimator->values == 1)
        ipl_buffer_add(&to, "%s, ", title_of(estimator->value[0], plain));
    for (int k = 0; k < s->swept; ++k) {
        if (s->key[k].values > 1 || s->key[k].had < 2) continue;
        ipl_buffer_add(&to, "%s = {/:Bold %s}, ",
                       ipl_gnuplot_plain(s->key[k].title, name, sizeof name),
                       ipl_gnuplot_plain(s->key[k].value[0], plain, sizeof plain));
    }
    if (rows->values == 1 && strcmp(rows->value[0], ipl_rows_name(IPL_ROWS_ALL)))
        ipl_buffer_add(&to, "%s rows, ", rows->value[0]);
    put_seeds(&to, s);
    return to.at;
}
