/*
 * describe.c - what the results of an experiment depend on, as text.
 */
#include <string.h>

#include "plane/experiment.h"

void ipl_experiment_describe(const ipl_experiment *e, const char *device,
                             const uint32_t *networks, const ipl_config *config,
                             ipl_buffer *to)
{
    ipl_buffer_add(to, "version %s\n", ipl_version());
    ipl_buffer_add(to, "device %s\n", device);
    ipl_buffer_add(to, "data %08x\n", (unsigned)e->data_crc);
    if (networks) ipl_buffer_add(to, "networks %08x\n", (unsigned)*networks);
    for (int k = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key key;
        if (ipl_config_key_at(config, k, &key) != IPL_OK) continue;
        if (strcmp(key.section, "run") || !strcmp(key.key, "keep"))
            ipl_buffer_add(to, "[%s] %s = %s\n", key.section, key.key, key.value);
    }
}

int ipl_describe_line(const char *text, size_t size)
{
    const char *end = memchr(text, '\n', size);
    return (int)(end ? (size_t)(end - text) : size);
}

int ipl_describe_differ(const char **was, size_t *was_size, const char **now,
                        size_t *now_size)
{
    while (*now_size || *was_size) {
        const size_t a = (size_t)ipl_describe_line(*was, *was_size);
        const size_t b = (size_t)ipl_describe_line(*now, *now_size);
        if (a != b || memcmp(*was, *now, a)) return 1;
        *was += a, *was_size -= a;
        *now += b, *now_size -= b;
        if (*was_size) ++*was, --*was_size;
        if (*now_size) ++*now, --*now_size;
    }
    return 0;
}
