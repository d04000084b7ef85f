/*
 * options.c - arguments of the commands, and their help.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void print_help(const cli_command *command, const cli_option *options, int count)
{
    printf("usage: infoplane %s %s\n\n%s.\n\n", command->name, command->arguments,
           command->summary);
    for (int o = 0; o < count; ++o) {
        char left[64];
        const cli_option *at = &options[o];
        snprintf(left, sizeof left, "%s %s", at->name, at->value ? at->value : "");
        printf("  %-24s %s\n", left, at->help);
    }
    printf("  %-24s %s\n\n%s", "--help", "this text", command->text);
}

static int store(const cli_command *command, const cli_option *o, const char *value)
{
    char expected[256];
    cli_list *list = o->target;
    const ipl_option number = {.key = o->name, .min = o->min, .max = o->max,
                               .above = o->above,
                               .type = o->type == CLI_WHOLE ? IPL_OPTION_INTEGER
                                                            : IPL_OPTION_REAL};
    switch (o->type) {
    case CLI_SWITCH: *(int *)o->target = 1; return CLI_GO_ON;
    case CLI_TEXT: *(const char **)o->target = value; return CLI_GO_ON;
    case CLI_LIST:
        if (list->count == CLI_LIST_MAX)
            return cli_misused(command, "%s: more than %d times", o->name,
                               CLI_LIST_MAX);
        list->text[list->count++] = value;
        return CLI_GO_ON;
    case CLI_WHOLE:
    case CLI_REAL:
        if (ipl_option_set(&number, value, o->target) == IPL_OK) return CLI_GO_ON;
        ipl_option_expected(&number, expected, sizeof expected);
        return cli_misused(command, "%s '%s': expected %s", o->name, value, expected);
    }
    return CLI_GO_ON;
}

static const cli_option *option_of(const cli_option *options, int count,
                                   const char *name, size_t length)
{
    for (int o = 0; o < count; ++o)
        if (strlen(options[o].name) == length &&
            !strncmp(options[o].name, name, length))
            return &options[o];
    return NULL;
}

/* The option that was probably meant, few letters away; NULL: none. */
static const cli_option *nearest(const cli_option *options, int count, const char *name,
                                 size_t length)
{
    char given[64];
    int least = 3;
    const cli_option *best = NULL;
    snprintf(given, sizeof given, "%.*s", (int)length, name);
    for (int o = 0; o < count; ++o) {
        const int far = ipl_option_edits(options[o].name, given);
        if (far < least && 4 * far <= (int)length) least = far, best = &options[o];
    }
    return best;
}

/* "--set data.seed=.., --set train.seed=..": the keys that were probably meant by
 * --seed or --data.seed, those of the fewest edits; "": none. */
static void list_keys(const char *name, size_t length, char *text, size_t size)
{
    char given[64], whole[96];
    ipl_config config;
    ipl_config_key key;
    int least = 4;
    size_t used = 0;
    if (length < 4 || length >= sizeof given) return;
    snprintf(given, sizeof given, "%.*s", (int)length - 2, name + 2);
    for (char *at = given; *at; ++at)
        if (*at == '-') *at = '_';
    ipl_config_defaults(&config);
    for (int k = 0; k < ipl_config_keys(); ++k) {
        if (ipl_config_key_at(&config, k, &key) != IPL_OK) return;
        snprintf(whole, sizeof whole, "%s.%s", key.section, key.key);
        const int by_key = ipl_option_edits(key.key, given);
        const int by_all = ipl_option_edits(whole, given);
        const int far = by_key < by_all ? by_key : by_all;
        if (far > least || 4 * far > (int)strlen(given)) continue;
        if (far < least) used = 0;
        least = far;
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s--set %s=..",
                                     used ? ", " : "", whole);
    }
}

/* "--bin-width, --bin-edges" for --bin and, with `less` 1, for --bins; "": none. */
static void list_longer(const cli_option *options, int count, const char *name,
                        size_t length, size_t less, char *text, size_t size)
{
    size_t used = 0;
    for (int o = 0; o < count && length >= 5 + less && used < size; ++o)
        if (!strncmp(options[o].name, name, length - less) &&
            (!less || options[o].name[length - less] == '-'))
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used ? ", " : "", options[o].name);
}

static int unknown_option(const cli_command *command, const cli_option *options,
                          int count, const char *given, size_t length)
{
    char names[256] = "";
    const cli_option *meant = nearest(options, count, given, length);
    if (meant) snprintf(names, sizeof names, "%s", meant->name);
    if (!*names && option_of(options, count, "--set", 5))
        list_keys(given, length, names, sizeof names);
    for (size_t less = 0; less < 2 && !*names; ++less)
        list_longer(options, count, given, length, less, names, sizeof names);
    if (!*names) return cli_misused(command, "unknown option '%s'", given);
    return cli_misused(command, "unknown option '%s'; is %s%s meant?", given,
                       strchr(names, ',') ? "one of " : "", names);
}

/* One option and its value, which may be the next argument; advances *at past it. */
static int take_option(const cli_command *command, const cli_option *options, int count,
                       int argc, char **argv, int *at)
{
    const char *given = argv[*at], *equal = strchr(given, '=');
    const size_t length = equal ? (size_t)(equal - given) : strlen(given);
    const cli_option *o = option_of(options, count, given, length);
    if (!o) return unknown_option(command, options, count, given, length);
    ++*at;
    if (o->type == CLI_SWITCH) {
        if (equal) return cli_misused(command, "'%s': takes no value", given);
        return store(command, o, NULL);
    }
    const char *value = equal ? equal + 1 : *at < argc ? argv[(*at)++] : NULL;
    if (!value || !*value || (!equal && !strncmp(value, "--", 2)))
        return cli_misused(command, "%s: needs a value %s", o->name, o->value);
    return store(command, o, value);
}

int cli_parse(const cli_command *command, const cli_option *options, int count,
              int argc, char **argv, int most, const char **plain, int *plain_count)
{
    *plain_count = 0;
    for (int at = 0; at < argc; ++at)
        if (!strcmp(argv[at], "--help") || !strcmp(argv[at], "-h")) {
            print_help(command, options, count);
            return CLI_DONE;
        }
    for (int at = 0; at < argc;) {
        if (argv[at][0] == '-' && argv[at][1]) {
            const int status = take_option(command, options, count, argc, argv, &at);
            if (status != CLI_GO_ON) return status;
        } else if (*plain_count == most) {
            return cli_misused(command, "unexpected argument '%s'", argv[at]);
        } else {
            plain[(*plain_count)++] = argv[at++];
        }
    }
    return CLI_GO_ON;
}

int cli_read_config(const cli_command *command, const char *path, const cli_list *sets,
                    ipl_config *out)
{
    if (ipl_config_read(path, out) != IPL_OK) return cli_failed();
    return cli_set_config(command, sets, out);
}

int cli_set_config(const cli_command *command, const cli_list *sets, ipl_config *config)
{
    for (int s = 0; s < sets->count; ++s)
        if (ipl_config_set(config, sets->text[s]) != IPL_OK)
            return cli_misused(command, "--set %s", cli_error_text());
    return ipl_config_check(config) == IPL_OK ? CLI_GO_ON : cli_failed();
}
