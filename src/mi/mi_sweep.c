/*
 * mi_sweep.c - one option with a list of values: a setting of the family for each.
 *
 * The settings are options like any other, so that all of a call see the same layers
 * and none knows of the others. What the user typed becomes the setting's name.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "mi/mi.h"

int ipl_mi_may_sweep(const ipl_option *option)
{
    return option->type == IPL_OPTION_INTEGER || option->type == IPL_OPTION_REAL;
}

/* The next word of a list, without the blanks around it; 0: it is too long. */
static int next_word(const char **at, char word[IPL_MI_SETTING_TEXT])
{
    const char *begin = *at + strspn(*at, " \t");
    size_t length = strcspn(begin, ",");
    *at = begin + length + (begin[length] == ',');
    while (length && isspace((unsigned char)begin[length - 1])) --length;
    if (length >= IPL_MI_SETTING_TEXT) return 0;
    memcpy(word, begin, length);
    word[length] = 0;
    return 1;
}

/* A value that is there already: the options of equal values print alike. */
static const char *equal_before(const ipl_option *option, int count,
                                const ipl_mi_options *out)
{
    char text[IPL_OPTION_TEXT_MAX], before[IPL_OPTION_TEXT_MAX];
    ipl_option_print(option, out + count, text, sizeof text);
    for (int s = 0; s < count; ++s) {
        ipl_option_print(option, out + s, before, sizeof before);
        if (!strcmp(text, before)) return out[s].setting;
    }
    return NULL;
}

/* The form that the list counts with must be the one that is chosen. */
static ipl_status check_form(const ipl_mi_options *base, const ipl_option *option)
{
    char chosen[IPL_OPTION_TEXT_MAX];
    const ipl_mi_family *family = ipl_mi_family_of(base->estimator);
    for (int o = 0; option->form && o < family->options; ++o) {
        if (strcmp(family->option[o].key, "form")) continue;
        ipl_option_print(&family->option[o], base, chosen, sizeof chosen);
        if (strcmp(chosen, option->form))
            return IPL_FAIL(IPL_E_ARGUMENT, "%s has a list of values, but form is %s: "
                            "set form = %s", option->key, chosen, option->form);
    }
    return IPL_OK;
}

static ipl_status read_list(const ipl_mi_options *base, const ipl_option *option,
                            const char *text, int room, ipl_mi_options *out,
                            int *count)
{
    const char *at = text;
    for (*count = 0; *count == 0 || *at || at[-1] == ','; ++*count) {
        char word[IPL_MI_SETTING_TEXT];
        IPL_REQUIRE(*count < room, "%s = '%s': more than %d settings in all: "
                    "shorten the list", option->key, text, IPL_MI_SETTINGS_MAX);
        IPL_REQUIRE(next_word(&at, word), "%s = '%s': a value of more than %d "
                    "characters", option->key, text, IPL_MI_SETTING_TEXT - 1);
        out[*count] = *base;
        snprintf(out[*count].setting, sizeof word, "%s", word);
        if (!*word)
            return IPL_FAIL(IPL_E_ARGUMENT, "%s = '%s': a value is missing at a comma",
                            option->key, text);
        IPL_TRY(ipl_option_set(option, word, out + *count));
        const char *before = equal_before(option, *count, out);
        if (before)
            return IPL_FAIL(IPL_E_ARGUMENT, "%s = '%s': %s and %s are one value, leave "
                            "one out", option->key, text, before, word);
    }
    return IPL_OK;
}

ipl_status ipl_mi_sweep_set(const ipl_option *option, const char *text,
                            ipl_mi_options *base, ipl_mi_sweep *sweep)
{
    IPL_REQUIRE(option && text && base && sweep, "option, text or result is NULL");
    if (!strchr(text, ',') || !ipl_mi_may_sweep(option)) {
        IPL_TRY(ipl_option_set(option, text, base));
        if (sweep->option == option) *sweep = (ipl_mi_sweep){0};
        return IPL_OK;
    }
    int count;
    ipl_mi_options made[IPL_MI_SETTINGS_MAX];
    const char *begin = text + strspn(text, " \t");
    size_t length = strlen(begin);
    while (length && isspace((unsigned char)begin[length - 1])) --length;
    IPL_REQUIRE(length < sizeof sweep->values, "%s = '%s': more than %zu characters",
                option->key, text, sizeof sweep->values - 1);
    if (sweep->option && sweep->option != option)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s = '%s': %s has a list already (%s), and "
                        "one option of an estimator may: give one of them one value",
                        option->key, text, sweep->option->key, sweep->values);
    IPL_TRY(read_list(base, option, text, IPL_MI_SETTINGS_MAX, made, &count));
    *base = made[0];
    *base->setting = 0;
    sweep->option = option;
    snprintf(sweep->values, sizeof sweep->values, "%.*s", (int)length, begin);
    return IPL_OK;
}

ipl_status ipl_mi_sweep_options(const ipl_mi_options *base, const ipl_mi_sweep *sweep,
                                int room, ipl_mi_options *out, int *count)
{
    IPL_REQUIRE(base && sweep && out && count, "options or result is NULL");
    if (sweep->option) {
        IPL_TRY(check_form(base, sweep->option));
        return read_list(base, sweep->option, sweep->values, room, out, count);
    }
    IPL_REQUIRE(room >= 1, "more than %d settings in all: shorten a list",
                IPL_MI_SETTINGS_MAX);
    out[0] = *base;
    *count = 1;
    return IPL_OK;
}
