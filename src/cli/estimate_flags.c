/*
 * estimate_flags.c - options of estimators from flags.
 */
#include "cli/estimate_flags.h"

#include <stdio.h>
#include <string.h>

static const ipl_mi_family *family_at(int k)
{
    return ipl_mi_family_of((ipl_mi_estimator)k);
}

/* The family's option of this flag; NULL: it has none. */
static const ipl_option *option_of(const ipl_mi_family *family, const char *flag)
{
    for (int o = 0; o < family->options; ++o)
        if (family->option[o].flag && !strcmp(family->option[o].flag, flag))
            return &family->option[o];
    return NULL;
}

/* "bin, kde": the families that have the flag (NULL: all families). */
static void list_families(const char *flag, const char *between, char *text,
                          size_t size)
{
    size_t used = 0;
    *text = 0;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT && used < size; ++k)
        if (!flag || option_of(family_at(k), flag))
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used ? between : "", family_at(k)->name);
}

/* -- The list ---------------------------------------------------------------------*/

static int is_listed(const estimate_flags *flags, const char *name)
{
    for (int f = 0; f < flags->count; ++f)
        if (!strcmp(flags->name[f], name)) return 1;
    return 0;
}

/* " (lga 20)": the families whose default is another one; "": none. */
static void list_other_defaults(const ipl_option *from, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT && used < size; ++k) {
        const ipl_option *option = option_of(family_at(k), from->flag);
        if (option && strcmp(option->fallback, from->fallback))
            used += (size_t)snprintf(text + used, size - used, "%s%s %s",
                                     used ? ", " : " (", family_at(k)->name,
                                     option->fallback);
    }
    if (used && used < size) snprintf(text + used, size - used, ")");
}

static void add_flag(estimate_flags *flags, const ipl_option *from, cli_option *to)
{
    char families[96], others[48];
    const int f = flags->count++;
    list_families(from->flag, ", ", families, sizeof families);
    list_other_defaults(from, others, sizeof others);
    flags->name[f] = from->flag;
    const char *help = from->flag_help ? from->flag_help : from->help;
    if (from->value)
        snprintf(flags->help[f], sizeof flags->help[f], "%s: %s; default %s%s",
                 families, help, from->fallback, others);
    else
        snprintf(flags->help[f], sizeof flags->help[f], "%s: %s", families, help);
    if (from->value)
        snprintf(flags->value[f], sizeof flags->value[f],
                 ipl_mi_may_sweep(from) ? "%s[,%s]" : "%s", from->value, from->value);
    to[f] = (cli_option){.name = from->flag,
                         .value = from->value ? flags->value[f] : NULL,
                         .help = flags->help[f],
                         .type = from->value ? CLI_TEXT : CLI_SWITCH,
                         .target = from->value ? (void *)&flags->text[f]
                                               : (void *)&flags->is_set[f]};
}

int estimate_flags_list(estimate_flags *flags, cli_option option[ESTIMATE_FLAGS_MAX])
{
    memset(flags, 0, sizeof *flags);
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        for (int o = 0; o < family_at(k)->options; ++o) {
            const ipl_option *from = &family_at(k)->option[o];
            if (from->flag && !is_listed(flags, from->flag) &&
                flags->count < ESTIMATE_FLAGS_MAX)
                add_flag(flags, from, option);
        }
    return flags->count;
}

/* -- Reading ----------------------------------------------------------------------*/

static int is_given(const estimate_flags *flags, int f)
{
    return flags->text[f] || flags->is_set[f];
}

static int add_family(const char *name, int *estimators, ipl_mi_options *options)
{
    char expected[160];
    const int k = ipl_mi_family_named(name);
    if (k < 0) {
        list_families(NULL, ", ", expected, sizeof expected);
        return cli_misused(&cli_estimate, "--estimator '%s': expected any of %s", name,
                           expected);
    }
    for (int e = 0; e < *estimators; ++e)
        if (options[e].estimator == (ipl_mi_estimator)k)
            return cli_misused(&cli_estimate, "--estimator names %s twice", name);
    options[(*estimators)++] = ipl_mi_defaults((ipl_mi_estimator)k);
    return CLI_GO_ON;
}

static int add_families(const char *names, int *estimators, ipl_mi_options *options)
{
    char standard[160], name[32];
    ipl_mi_standard(standard, sizeof standard);
    for (const char *at = names ? names : standard;; ++at) {
        at += strspn(at, " ");
        const size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        const int status = add_family(name, estimators, options);
        if (status != CLI_GO_ON) return status;
        at += length;
        if (!*at) return CLI_GO_ON;
    }
}

/* A flag that counts with one form of its family chooses that form; two that want
 * different ones, `chosen` being the first, exclude each other. */
static int choose_form(ipl_mi_options *o, const ipl_option *option, const char **chosen,
                       const char **chosen_flag)
{
    char text[64];
    if (!option->form) return CLI_GO_ON;
    if (*chosen && strcmp(*chosen, option->form))
        return cli_misused(&cli_estimate, "%s and %s exclude each other", *chosen_flag,
                           option->flag);
    *chosen = option->form;
    *chosen_flag = option->flag;
    snprintf(text, sizeof text, "form=%s", option->form);
    return ipl_mi_options_set(o, text) == IPL_OK ? CLI_GO_ON : cli_failed();
}

static const char *last_choice(const ipl_option *option)
{
    int last = 0;
    while (ipl_option_choice(option, last + 1)) ++last;
    return ipl_option_choice(option, last);
}

/* What was wrong with a flag's value: of a flag that others have too, for whom. */
static int wrong_value(const ipl_mi_family *family, const ipl_option *option,
                       const char *text)
{
    char expected[256], families[96];
    ipl_option_expected(option, expected, sizeof expected);
    list_families(option->flag, ", ", families, sizeof families);
    if (!strcmp(families, family->name))
        return cli_misused(&cli_estimate, "%s '%s': expected %s", option->flag, text,
                           expected);
    return cli_misused(&cli_estimate, "%s '%s': %s expects %s", option->flag, text,
                       family->name, expected);
}

/* What was wrong with a list: the error speaks of the key, "noise_var = '1e-3,x'". */
static int wrong_list(const ipl_option *option)
{
    const char *text = cli_error_text();
    const size_t key = strlen(option->key);
    if (!strncmp(text, option->key, key) && !strncmp(text + key, " = ", 3))
        text += key + 3;
    return cli_misused(&cli_estimate, "%s %s", option->flag, text);
}

/* What the flags say of one family's options. */
static int set_options(const estimate_flags *flags, ipl_mi_options *o,
                       ipl_mi_sweep *sweep)
{
    const char *form = NULL, *form_flag = NULL;
    for (int f = 0; f < flags->count; ++f) {
        const ipl_option *option = option_of(ipl_mi_family_of(o->estimator),
                                             flags->name[f]);
        if (!option || !is_given(flags, f)) continue;
        const char *text = option->value ? flags->text[f] : last_choice(option);
        const int status = choose_form(o, option, &form, &form_flag);
        if (status != CLI_GO_ON) return status;
        if (ipl_mi_sweep_set(option, text, o, sweep) != IPL_OK)
            return ipl_mi_may_sweep(option) && strchr(text, ',')
                       ? wrong_list(option)
                       : wrong_value(ipl_mi_family_of(o->estimator), option, text);
    }
    return CLI_GO_ON;
}

/* Each flag that was given must mean something to an estimator that is asked for. */
static int check_used(const estimate_flags *flags, int estimators,
                      const ipl_mi_options *options)
{
    char families[96];
    for (int f = 0; f < flags->count; ++f) {
        int used = 0;
        for (int e = 0; e < estimators; ++e)
            used |= option_of(ipl_mi_family_of(options[e].estimator), flags->name[f]) !=
                    NULL;
        if (used || !is_given(flags, f)) continue;
        list_families(flags->name[f], " or ", families, sizeof families);
        return cli_misused(&cli_estimate, "%s needs --estimator %s", flags->name[f],
                           families);
    }
    return CLI_GO_ON;
}

/* Of `estimators`, or of all families, those that compare the inputs' values, but one
 * (IPL_MI_ESTIMATOR_COUNT: all). */
static void list_comparing(int estimators, const ipl_mi_options *options,
                           ipl_mi_estimator but, const char *between, char *text,
                           size_t size)
{
    size_t used = 0;
    *text = 0;
    for (int e = 0; e < estimators && used < size; ++e) {
        const ipl_mi_estimator id =
            options ? options[e].estimator : (ipl_mi_estimator)e;
        const ipl_mi_family *family = ipl_mi_family_of(id);
        /* Settings of one family stand together, and have one name. */
        if (options && e && options[e].estimator == options[e - 1].estimator) continue;
        if (family->needs & IPL_MI_NEEDS_INPUTS && id != but)
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used ? between : "", family->name);
    }
}

int estimate_flags_inputs(const char *inputs, int quiet, int estimators,
                          const ipl_mi_options *options)
{
    char families[96];
    const ipl_mi_estimator all = IPL_MI_ESTIMATOR_COUNT;
    list_comparing(estimators, options, inputs ? all : IPL_MI_RENYI, ", ", families,
                   sizeof families);
    if (inputs && !*families) {
        list_comparing(all, NULL, all, " or ", families, sizeof families);
        return cli_misused(&cli_estimate, "--x needs --estimator %s", families);
    }
    for (int e = 0; e < estimators && !inputs && !quiet; ++e)
        if (options[e].estimator == IPL_MI_RENYI) { /* it has one for such inputs */
            cli_say("without --x X.npy no two rows of inputs are alike: I(X;T) of "
                    "renyi is H(T)");
            break;
        }
    if (!inputs && *families && !quiet)
        cli_say("I(X;T) of %s needs the inputs: --x X.npy", families);
    return CLI_GO_ON;
}

/* The settings of one family, behind those that there are. */
static int add_settings(const estimate_flags *flags, ipl_mi_options *base,
                        int *estimators, ipl_mi_options *options)
{
    int count = 0;
    ipl_mi_sweep sweep = {0};
    const int status = set_options(flags, base, &sweep);
    if (status != CLI_GO_ON) return status;
    if (ipl_mi_sweep_options(base, &sweep, IPL_MI_SETTINGS_MAX - *estimators,
                             options + *estimators, &count) != IPL_OK)
        return cli_misused(&cli_estimate, "--estimator %s: %s",
                           ipl_mi_family_of(base->estimator)->name, cli_error_text());
    *estimators += count;
    return CLI_GO_ON;
}

int estimate_flags_read(const estimate_flags *flags, const char *names, int *estimators,
                        ipl_mi_options options[IPL_MI_SETTINGS_MAX])
{
    int families = 0;
    ipl_mi_options base[IPL_MI_ESTIMATOR_COUNT];
    int status = add_families(names, &families, base);
    *estimators = 0;
    for (int k = 0; k < families && status == CLI_GO_ON; ++k)
        status = add_settings(flags, &base[k], estimators, options);
    return status == CLI_GO_ON ? check_used(flags, families, base) : status;
}
