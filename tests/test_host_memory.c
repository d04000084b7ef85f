/*
 * test_host_memory.c - limits of cgroups, in folders laid out as the kernel's.
 */
#include "check.h"
#include "files.h"
#include "host_memory.h"

static char root[FILES_PATH];

static void put(const char *name, const char *text)
{
    files_write(files_path(root, name), strlen(text), text);
}

/* A container's group within a group of a session, of which both may have a limit. */
static void lay_out(const char *outer, const char *inner, const char *used)
{
    files_make_folder(root);
    CHECK(!mkdir(files_path(root, "user"), 0777) &&
          !mkdir(files_path(root, "user/box"), 0777));
    put("self", "4:memory:/elsewhere\n1:cpu:/\n0::/user/box\n");
    put("user/memory.max", outer);
    put("user/memory.current", "100\n");
    put("user/box/memory.max", inner);
    put("user/box/memory.current", used);
}

static ipl_host_memory limited(void)
{
    ipl_host_memory at = {10000, 8000};
    ipl_host_memory_limit(files_path(root, "self"), root, &at);
    files_remove_folder(root);
    return at;
}

static void the_smallest_limit_counts(void **state)
{
    static const struct {
        const char *outer, *inner, *used;
        int64_t all, free;
    } cases[] = {{"max\n", "max\n", "5\n", 10000, 8000},
                 {"max\n", "4000\n", "1000\n", 4000, 3000},
                 {"3000\n", "4000\n", "1000\n", 3000, 2900},
                 {"5000\n", "max\n", "1000\n", 5000, 4900},
                 {"max\n", "4000\n", "4100\n", 4000, 0},
                 {"max\n", "90000\n", "10\n", 10000, 8000},
                 {"max\n", "9000\n", "10\n", 9000, 8000}};
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
        lay_out(cases[c].outer, cases[c].inner, cases[c].used);
        const ipl_host_memory at = limited();
        if (at.all != cases[c].all || at.free != cases[c].free)
            fail_msg("case %zu: %lld, %lld free", c, (long long)at.all,
                     (long long)at.free);
    }
}

static void what_cannot_be_read_limits_nothing(void **state)
{
    (void)state;
    files_make_folder(root);
    ipl_host_memory at = limited();
    CHECK(at.all == 10000 && at.free == 8000);
    files_make_folder(root);
    put("self", "4:memory:/user\n");
    put("memory.max", "7\n");
    at = limited();
    CHECK(at.all == 10000 && at.free == 8000);
}

/* Of a container with a namespace of its own. */
static void the_root_may_have_a_limit(void **state)
{
    (void)state;
    files_make_folder(root);
    put("self", "0::/\n");
    put("memory.max", "2000\n");
    const ipl_host_memory at = limited();
    CHECK(at.all == 2000 && at.free == 0);
}

/* Which has a tree for each resource, and a huge number where nothing is set. */
static void version_1_has_a_limit(void **state)
{
    (void)state;
    files_make_folder(root);
    CHECK(!mkdir(files_path(root, "memory"), 0777) &&
          !mkdir(files_path(root, "memory/job"), 0777));
    put("self", "9:cpu,cpuacct:/job\n4:memory:/job\n1:name=systemd:/job\n");
    put("memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("memory/memory.usage_in_bytes", "700\n");
    put("memory/job/memory.limit_in_bytes", "3000\n");
    put("memory/job/memory.usage_in_bytes", "600\n");
    const ipl_host_memory at = limited();
    CHECK(at.all == 3000 && at.free == 2400);
}

static const check_test tests[] = {
    CHECK_TEST(the_smallest_limit_counts),
    CHECK_TEST(what_cannot_be_read_limits_nothing),
    CHECK_TEST(the_root_may_have_a_limit),
    CHECK_TEST(version_1_has_a_limit),
};

CHECK_MAIN("host_memory", tests, 0)
