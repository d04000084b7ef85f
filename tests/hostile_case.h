/*
 * hostile_case.h - texts that a reader may take for something else, and run directories
 * that hold them wherever a text may stand.
 */
#ifndef HOSTILE_CASE_H
#define HOSTILE_CASE_H

#include <jansson.h>

#include "check.h"
#include "files.h"

/* Each begins so: where it stands, its text stands. */
#define HOSTILE "PWNED"

enum { HOSTILE_BYTES = 400, HOSTILE_CHUNK = 40 };

#define FOUR(x) x x x x
#define EIGHTY(x) FOUR(FOUR(x x x x x))

static const char *const hostile_words[] = {
    HOSTILE "\n!touch " HOSTILE "\n#",
    HOSTILE "'; !touch " HOSTILE "; '",
    HOSTILE "'\nsystem 'touch " HOSTILE "'\n'",
    HOSTILE "`touch " HOSTILE "`$(touch " HOSTILE ")\"; !touch " HOSTILE,
    HOSTILE "\nEND\n!touch " HOSTILE "\n$x << END",
    HOSTILE "{/:Bold @^_~}{}\\{\\\\%s%n%d&",
    HOSTILE "\\", HOSTILE "''", HOSTILE "'",
    HOSTILE "</text><script>touch</script>&lt;]]>",
    HOSTILE "=1+1|touch " HOSTILE,
    /* Cut anywhere, it must stay a text: quotes, markup, characters of many bytes. */
    HOSTILE EIGHTY("'"), HOSTILE EIGHTY("'") EIGHTY("'"), HOSTILE EIGHTY("\\_"),
    HOSTILE EIGHTY("é"), HOSTILE "." EIGHTY("é"),
};

enum {
    HOSTILE_WORDS = sizeof hostile_words / sizeof *hostile_words,
    HOSTILE_TEXTS = HOSTILE_WORDS + (255 + HOSTILE_CHUNK - 1) / HOSTILE_CHUNK
};

/* The words, then texts that have each byte from 1 to 255 once. */
static inline const char *hostile_text(int number, char text[HOSTILE_BYTES])
{
    if (number < HOSTILE_WORDS) return hostile_words[number];
    size_t used = (size_t)snprintf(text, HOSTILE_BYTES, "%s", HOSTILE);
    const int first = 1 + (number - HOSTILE_WORDS) * HOSTILE_CHUNK;
    for (int c = first; c < first + HOSTILE_CHUNK && c < 256; ++c)
        text[used++] = (char)c;
    text[used] = 0;
    return text;
}

/* As JSON allows it: bytes beyond ASCII are the characters U+0080 to U+00FF, unless the
 * text is UTF-8 as it is. */
static inline json_t *hostile_json(const char *text)
{
    char out[2 * HOSTILE_BYTES], *to = out;
    json_t *whole = json_string(text);
    if (whole) return whole;
    for (; *text; ++text) {
        const unsigned char c = (unsigned char)*text;
        if (c >= 0x80) *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
    }
    *to = 0;
    return json_string(out);
}

static inline void hostile_save(const char *dir, const char *name, json_t *json)
{
    CHECK(json && !json_dump_file(json, files_path(dir, name), 0));
    json_decref(json);
}

/* A cell of a table without quotes: what would end it is left out. */
static inline const char *hostile_cell(const char *text, size_t most, char *out)
{
    size_t used = 0;
    for (; *text && used + 1 < most; ++text)
        if (!strchr(",\r\n", *text)) out[used++] = *text;
    out[used] = 0;
    return out;
}

/* The tables of a run of two layers and one seed by the estimator of this name. */
static inline void hostile_tables(const char *dir, const char *name)
{
    static const char *const header[] = {
        "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits",
        "seed,epoch,layer,estimator,se_x_bits,se_y_bits,flags,outside_share,refused",
        "seed,window,first_tick,last_tick,k,layer,estimator,i_xt_bits,i_ty_bits,"
        "h_t_bits,h_t_given_x_bits,ceiling_bits,flags,control",
        "seed,epoch,loss_train_nats,loss_test_nats,accuracy_train,accuracy_test,norm_1,"
        "norm_2,mean_1,mean_2,deviation_1,deviation_2"};
    static const char *const file[] = {"plane.csv", "plane_details.csv", "pool.csv",
                                       "training.csv"};
    FILE *to[4];
    for (int f = 0; f < 4; ++f) {
        to[f] = fopen(files_path(dir, file[f]), "w");
        CHECK(to[f] && fprintf(to[f], "%s\n", header[f]) > 0);
    }
    for (int tick = 0; tick < 3; ++tick) {
        for (int l = 1; l < 3; ++l) {
            fprintf(to[0], "1,%d,%d,%s,%d,%d\n", tick, l, name, 2 + tick, l);
            fprintf(to[1], "1,%d,%d,%s,0.1,0.1,saturated,0.2,\n", tick, l, name);
            fprintf(to[2], "1,%d,0,2,%d,%d,%s,2,1,3,0,7,saturated,none\n", 1 + tick,
                    3 + tick, l, name);
        }
        fprintf(to[3], "1,%d,0.1,0.2,0.3,0.4,1,2,1,2,3,4\n", tick);
    }
    for (int f = 0; f < 4; ++f) CHECK(!fclose(to[f]));
}

/* A run, and an audit, in a folder: this text wherever there is one. */
static inline void hostile_run(const char *dir, const char *text)
{
    char cell[32];
    json_t *word = hostile_json(text);
    hostile_tables(dir, hostile_cell(text, sizeof cell, cell));
    json_t *name = hostile_json(cell);
    hostile_save(dir, "run.json", json_pack(
        "{s:{s:O, s:i}, s:[O, O], s:[O, O], s:s, s:[i], s:{s:f, s:f}, "
        "s:[{s:[O], s:O}]}", "data", "name", word, "measured_rows", 64, "layers", word,
        word, "layer_names", word, word, "tick", "epoch", "seeds", 1, "ceilings",
        "i_xt_bits", 6.0, "i_ty_bits", 1.0, "estimators", "points", name,
        "description", word));
    hostile_save(dir, "audit.json", json_pack(
        "{s:O, s:i, s:f, s:[{s:O, s:{s:f}, s:{s:f}, s:f, s:f}]}", "source", word,
        "rows", 64, "h_x_bits", 6.0, "layers", "name", word, "float32",
        "h_x_given_t_bits", 0.5, "double", "h_x_given_t_bits", 0.25, "bin_width", 0.1,
        "noise_deviation", 0.2));
    static const char sweep[] = "layer,kind,resolution,i_xt_bits,cells\n"
                                "1,mantissa,1,2,3\n1,width,0.5,3,4\n1,width,0.1,4,5\n";
    files_write(files_path(dir, "audit_sweep.csv"), sizeof sweep - 1, sweep);
    json_decref(name);
    json_decref(word);
}

#endif
