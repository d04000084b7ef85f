/*
 * test_sweep.c - lists of values: each setting gives the bits that it gives alone.
 */
#include "layers.h"

/* -- Lists --------------------------------------------------------------------------*/

static const ipl_option *option_of(ipl_mi_estimator family, const char *key)
{
    const ipl_mi_family *f = ipl_mi_family_of(family);
    for (int o = 0; o < f->options; ++o)
        if (!strcmp(f->option[o].key, key)) return &f->option[o];
    fail_msg("%s has no %s", f->name, key);
    return NULL;
}

static void lists_become_settings_named_as_typed(void **state)
{
    (void)state;
    int count;
    ipl_mi_options kde = ipl_mi_defaults(IPL_MI_KDE), made[IPL_MI_SETTINGS_MAX];
    ipl_mi_sweep sweep = {0};
    const ipl_option *var = option_of(IPL_MI_KDE, "noise_var");
    char name[IPL_MI_NAME_TEXT];
    CHECK_OK(ipl_mi_sweep_set(var, " 1e-3,1E-2 , 0.10\t", &kde, &sweep));
    CHECK(kde.noise_var == 1e-3 && !*kde.setting && sweep.option == var);
    assert_string_equal(sweep.values, "1e-3,1E-2 , 0.10");
    CHECK_OK(ipl_mi_sweep_options(&kde, &sweep, 3, made, &count));
    CHECK(count == 3 && made[1].noise_var == 0.01 && made[2].noise_var == 0.1);
    assert_string_equal(ipl_mi_name_point(&made[0], 0, name), "kde-upper@1e-3");
    assert_string_equal(ipl_mi_name_point(&made[1], 1, name), "kde-lower@1E-2");
    assert_string_equal(ipl_mi_name_point(&made[2], 1, name), "kde-lower@0.10");
    CHECK_FAILS(ipl_mi_sweep_options(&kde, &sweep, 2, made, &count), IPL_E_ARGUMENT,
                "more than 32 settings in all: shorten the list");

    CHECK_OK(ipl_mi_sweep_set(var, "0.2", &kde, &sweep)); /* one value ends it */
    CHECK_OK(ipl_mi_sweep_options(&kde, &sweep, 1, made, &count));
    CHECK(count == 1 && made[0].noise_var == 0.2 && !sweep.option);
    assert_string_equal(ipl_mi_name_point(&made[0], 0, name), "kde-upper");
}

static void lists_that_are_none_are_refused(void **state)
{
    static const struct { const char *key, *text, *says; } cases[] = {
        {"edges", "10,", "edges = '10,': a value is missing at a comma"},
        {"edges", ", 10", "a value is missing at a comma"},
        {"edges", "10,,20", "a value is missing at a comma"},
        {"edges", "10, 1", "edges = '1': expected a whole number from 2 to"},
        {"edges", "10, 2.5", "edges = '2.5': expected a whole number"},
        {"edges", "10, 20, 010", "10 and 010 are one value, leave one out"},
        {"width", "0.1, 1e-1", "0.1 and 1e-1 are one value, leave one out"},
        {"width", "0.1, 0.1000000000000000", "a value of more than 15 characters"},
        {"form", "count, edges", "expected width, edges, count"},
    };
    (void)state;
    ipl_mi_options bin = ipl_mi_defaults(IPL_MI_BIN), made[IPL_MI_SETTINGS_MAX];
    ipl_mi_sweep sweep = {0};
    char many[IPL_OPTION_TEXT_MAX] = "1";
    int count;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k)
        CHECK_FAILS(ipl_mi_sweep_set(option_of(IPL_MI_BIN, cases[k].key),
                                     cases[k].text, &bin, &sweep),
                    IPL_E_ARGUMENT, cases[k].says);
    for (int v = 2; v <= IPL_MI_SETTINGS_MAX + 1; ++v)
        snprintf(many + strlen(many), sizeof many - strlen(many), ", %d", v);
    const ipl_option *bins = option_of(IPL_MI_BIN, "count");
    CHECK_FAILS(ipl_mi_sweep_set(bins, many, &bin, &sweep), IPL_E_ARGUMENT,
                "more than 32 settings");
    CHECK(!sweep.option && bin.bin_edges == 30 && bin.bin_count == 30);
    *strrchr(many, ',') = 0; /* the advice */
    CHECK_OK(ipl_mi_sweep_set(bins, many, &bin, &sweep));
    CHECK_FAILS(ipl_mi_sweep_set(option_of(IPL_MI_BIN, "edges"), "3, 4", &bin, &sweep),
                IPL_E_ARGUMENT, "edges = '3, 4': count has a list already");
    CHECK_FAILS(ipl_mi_sweep_options(&bin, &sweep, IPL_MI_SETTINGS_MAX, made, &count),
                IPL_E_ARGUMENT, "form is edges: set form = count");
    CHECK_OK(ipl_mi_options_set(&bin, "form=count")); /* the advice */
    CHECK_OK(ipl_mi_sweep_options(&bin, &sweep, IPL_MI_SETTINGS_MAX, made, &count));
    CHECK(count == IPL_MI_SETTINGS_MAX && made[31].bin_count == 32);
}

/* -- One call -----------------------------------------------------------------------*/

enum { N = 150, LAYERS = 3, MOST = 12 };
static const int64_t width[LAYERS] = {6, 3, 2};

/* Settings that are apart in every family's kind of work. */
static int settings(ipl_mi_options out[MOST])
{
    static const struct { ipl_mi_estimator family; const char *key, *value; } all[] = {
        {IPL_MI_BIN, "edges", "5"},         {IPL_MI_KDE, "noise_var", "0.5"},
        {IPL_MI_BIN, "edges", "12"},        {IPL_MI_KL, "k", "3"},
        {IPL_MI_KDE, "noise_var", "0.01"},  {IPL_MI_KL, "k", "6"},
        {IPL_MI_MIXED, "k", "2"},           {IPL_MI_MIXED, "k", "7"},
        {IPL_MI_RENYI, "alpha", "2"},       {IPL_MI_RENYI, "alpha", "1"},
        {IPL_MI_BIN, "edges", "30"},        {IPL_MI_LNN, "k", "6"}};
    for (int s = 0; s < MOST; ++s) {
        char text[64];
        snprintf(text, sizeof text, "%s=%s", all[s].key, all[s].value);
        out[s] = ipl_mi_defaults(all[s].family);
        CHECK_OK(ipl_mi_options_set(&out[s], text));
        strcpy(out[s].setting, all[s].value);
    }
    return MOST;
}

static void same_value(const char *what, double a, double b)
{
    if (memcmp(&a, &b, sizeof a) && !(isnan(a) && isnan(b)))
        fail_msg("%s is %.17g, and alone %.17g", what, a, b);
}

/* But for the name, which is NAME@SETTING. */
static void same_point(const ipl_mi_point *a, const char *setting,
                       const ipl_mi_point *alone)
{
    char name[64];
    snprintf(name, sizeof name, "%s@%s", alone->name, setting);
    assert_string_equal(a->name, name);
    CHECK(a->estimator == alone->estimator && a->bound == alone->bound);
    CHECK(a->cells == alone->cells && a->flags == alone->flags);
    CHECK(a->refusal == alone->refusal);
    same_value(name, a->h_t, alone->h_t);
    same_value(name, a->i_xt, alone->i_xt);
    same_value(name, a->i_ty, alone->i_ty);
    same_value(name, a->noise_var, alone->noise_var);
    same_value(name, a->outside_share, alone->outside_share);
    same_value(name, a->se_x, alone->se_x);
    same_value(name, a->se_y, alone->se_y);
    same_value(name, a->i_next, alone->i_next);
}

static void settings_in_one_call_give_the_bits_of_each_alone(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_mi_options options[MOST];
    const int count = settings(options) - (int)check_size(dev, 0, 1); /* no LNN */
    static ipl_mi_layer all[LAYERS], alone[LAYERS];
    float *t[LAYERS], *x = layer_make(N, 4, 40, 0.5, check_seed() + 8);
    int32_t *y = layer_labels(N, 3, check_seed());
    ipl_mat at;
    ipl_mi_inputs *inputs;
    CHECK_OK(ipl_mat_alloc(dev, N, 4, &at));
    CHECK_OK(ipl_upload(dev, x, N * 4 * sizeof *x, at.at));
    for (int l = 0; l < LAYERS; ++l) {
        t[l] = layer_make(N, width[l], 40, 0.3, check_seed() + (uint64_t)l);
        all[l] = alone[l] = (ipl_mi_layer){.d = width[l], .t = t[l]};
    }
    ipl_mi_samples samples = {.n = N, .y = y, .error = IPL_MI_ERROR_JACKKNIFE};
    CHECK_OK(ipl_mi_inputs_create(dev, at, &samples.kept));
    inputs = samples.kept;
    for (int again = 0; again < 2; ++again) /* H(X) is known the second time */
        CHECK_OK(ipl_mi_estimate_host(dev, count, options, &samples, LAYERS, all));
    for (int s = 0, first = 0; s < count; ++s) {
        ipl_mi_options one = options[s];
        *one.setting = 0;
        CHECK_OK(ipl_mi_inputs_create(dev, at, &samples.kept));
        CHECK_OK(ipl_mi_estimate_host(dev, 1, &one, &samples, LAYERS, alone));
        ipl_mi_inputs_destroy(samples.kept);
        for (int l = 0; l < LAYERS; ++l)
            for (int p = 0; p < alone[l].points; ++p)
                same_point(&all[l].point[first + p], options[s].setting,
                           &alone[l].point[p]);
        CHECK((one.estimator == IPL_MI_BIN) == isfinite(alone[0].point[0].i_next));
        first += alone[0].points;
        CHECK(s + 1 < count || first == all[0].points);
    }
    ipl_mi_inputs_destroy(inputs);
    ipl_free(dev, at.at);
    for (int l = 0; l < LAYERS; ++l) test_free(t[l]);
    test_free(x);
    test_free(y);
}

static void settings_without_names_of_their_own_are_refused(void **state)
{
    ipl_device *dev = check_device(state);
    float t[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    static ipl_mi_layer layer;
    ipl_mi_options o[IPL_MI_SETTINGS_MAX + 1];
    const ipl_mi_samples samples = {.n = 8};
    layer = (ipl_mi_layer){.d = 1, .t = t};
    for (int s = 0; s <= IPL_MI_SETTINGS_MAX; ++s) {
        o[s] = ipl_mi_defaults(IPL_MI_KDE);
        snprintf(o[s].setting, sizeof o[s].setting, "%d", s);
    }
    CHECK_OK(ipl_mi_estimate_host(dev, IPL_MI_SETTINGS_MAX, o, &samples, 1, &layer));
    CHECK(layer.points == IPL_MI_LAYER_POINTS);
    CHECK_FAILS(ipl_mi_estimate_host(dev, IPL_MI_SETTINGS_MAX + 1, o, &samples, 1,
                                     &layer), IPL_E_ARGUMENT, "expected 1 to 32");
    strcpy(o[2].setting, "1");
    CHECK_FAILS(ipl_mi_estimate_host(dev, 3, o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "estimator kde twice with setting 1");
    *o[2].setting = 0;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 3, o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "estimator kde twice");
    strcpy(o[0].setting, "a,b"); /* would break the tables */
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "setting 'a,b'");
    memset(o[0].setting, '1', sizeof o[0].setting);
    CHECK_FAILS(ipl_mi_options_check(&o[0]), IPL_E_ARGUMENT, "setting '1111");
}

static const check_test tests[] = {
    CHECK_TEST(lists_become_settings_named_as_typed),
    CHECK_TEST(lists_that_are_none_are_refused),
    CHECK_TEST(settings_in_one_call_give_the_bits_of_each_alone),
    CHECK_TEST(settings_without_names_of_their_own_are_refused),
};

CHECK_MAIN("sweep", tests, 1)
