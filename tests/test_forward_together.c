/*
 * test_forward_together.c - forward passes of several networks in one call.
 *
 * A GPU takes tiny networks in launches of up to 256, and wide ones one by one.
 */
#include "net_case.h"

enum { GAP = 37 }; /* floats between networks that must survive */

/* The networks' parameters differ, and lie in another order than their results. */
static void networks_together_have_the_bits_of_each(void **state)
{
    static const struct {
        const char *text;
        int         networks;
    } at[] = {{"2, 3-tanh, 1-relu, 2", 300},
              {"5, 9-tanh, 70-relu, 6-elu, 4-tanh, 3", 3}};
    ipl_device *dev = check_device(state);
    for (size_t a = 0; a < sizeof at / sizeof *at; ++a) {
        const int64_t rows = 67;
        net_case c = net_case_make(dev, at[a].text, rows);
        const int networks = at[a].networks, layers = c.shape.layers;
        int64_t floats = 0;
        for (int l = 1; l <= layers; ++l) floats += rows * c.shape.width[l];
        const int64_t apart = floats + GAP, all = networks * apart;
        const size_t param_bytes = (size_t)c.parameters * sizeof(float);
        const size_t bytes = (size_t)all * sizeof(float);
        void *params, *out[2];
        float *host[2];
        const float **of = malloc((size_t)networks * sizeof *of);
        CHECK_OK(ipl_alloc(dev, (size_t)networks * param_bytes, &params));
        for (int k = 0; k < networks; ++k) {
            of[k] = (float *)params + (networks - 1 - k) * c.parameters;
            for (int64_t i = 0; i < c.parameters; ++i)
                c.params[i] = (float)c.exact[i] * (1.0f + 0.01f * (float)k);
            CHECK_OK(ipl_upload(dev, c.params, param_bytes, (float *)of[k]));
        }
        for (int together = 0; together < 2; ++together) {
            float *act[IPL_NET_LAYERS_MAX] = {NULL};
            host[together] = malloc(bytes);
            for (int64_t i = 0; i < all; ++i) host[together][i] = -12345.5f;
            CHECK_OK(ipl_alloc(dev, bytes, &out[together]));
            CHECK_OK(ipl_upload(dev, host[together], bytes, out[together]));
            for (int k = 0; k < (together ? 1 : networks); ++k) {
                float *to = (float *)out[together] + k * apart;
                for (int l = 1; l <= layers; to += rows * c.shape.width[l++])
                    act[l - 1] = l == 2 ? NULL : to; /* nobody wants layer 2 */
                CHECK_OK(ipl_net_forward_all(dev, &c.shape, together ? networks : 1,
                                             of + k, c.dx, act, apart));
            }
            CHECK_OK(ipl_download(dev, out[together], bytes, host[together]));
            ipl_free(dev, out[together]);
        }
        assert_memory_equal(host[0], host[1], bytes);
        for (int k = 1; k < networks; ++k)
            CHECK(memcmp(host[0] + k * apart, host[0] + (k - 1) * apart,
                         (size_t)(rows * c.shape.width[1]) * sizeof **host));
        CHECK(host[0][apart - 1] == -12345.5f && host[0][floats] == -12345.5f);
        CHECK(host[0][floats - 1] != -12345.5f);
        free(host[0]);
        free(host[1]);
        free(of);
        ipl_free(dev, params);
        net_case_free(&c);
    }
}

static void addresses_that_are_missing_are_reported(void **state)
{
    net_case c = net_case_make(check_device(state), "2, 3-tanh, 2", 4);
    const float *params[2] = {c.params, NULL};
    float *act[2] = {NULL};
    CHECK_FAILS(ipl_net_forward_all(c.dev, &c.shape, 2, params, c.dx, act, 0),
                IPL_E_ARGUMENT, "parameters of network 1 are NULL");
    CHECK_FAILS(ipl_net_forward_all(c.dev, &c.shape, 0, params, c.dx, act, 0),
                IPL_E_ARGUMENT, "0 networks");
    net_case_free(&c);
}

static const check_test tests[] = {
    CHECK_TEST(networks_together_have_the_bits_of_each),
    CHECK_TEST(addresses_that_are_missing_are_reported),
};

CHECK_MAIN("forward_together", tests, 1)
