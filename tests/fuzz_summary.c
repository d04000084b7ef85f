/*
 * fuzz_summary.c - any text as study.json and study_summary.csv, parted by a line "==":
 * read and placed for a picture, or refused with one line.
 */
#include "fuzz_run.h"
#include "plot/plot_study.h"

static const char study_json[] =
    "{\"study\": \"a/b.ini\", \"tick\": \"epoch\", \"runs\": [{\"state\": \"done\"}],"
    " \"keys\": [{\"key\": \"net.layers\", \"values\": [\"12, 2\", \"12, 3, 2\"]},"
    " {\"key\": \"bin.edges\", \"values\": [\"10\", \"30\", \"40\"],"
    " \"words\": [\"10\", \"30\", \"40\"]}],"
    " \"layers\": [\"3-tanh\"], \"ceilings\": {\"i_xt_bits\": 12}}\n";

static const char summary_csv[] =
    "net.layers,bin.edges,rows,epoch,layer,estimator,quantity,mean,deviation,n\n"
    "\"12, 2\",10,all,0,1,bin,i_xt_bits,5,0.5,3\n"
    "\"12, 3, 2\",30,all,0,1,bin,i_xt_bits,6,,1\n"
    "\"12, 3, 2\",30,test,4,2,kde-upper,i_ty_bits,0.5,,1\n";

static plot_study study; /* large */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    char both[sizeof study_json + sizeof summary_csv + 8];
    const int bytes = snprintf(both, sizeof both, "%s==\n%s", study_json, summary_csv);
    if (corpus) {
        files_write(files_path(corpus, "both"), (size_t)bytes, both);
        snprintf(both, sizeof both, "\n==\n%s", summary_csv);
        files_write(files_path(corpus, "table"), strlen(both), both);
    }
    return 0;
}

/* What pages take for granted of a study whose keys have their places. */
static void check_placed(const plot_study *s)
{
    if (s->points < 1 || s->keys != s->swept + 3) abort();
    for (int64_t k = 0; k < s->points; ++k) {
        const study_point *p = &s->point[k];
        if (p->point.layer < 1 || p->point.layer > IPL_NET_LAYERS_MAX ||
            p->point.tick < 0 || p->point.estimates < 1)
            abort();
        for (int key = 0; key < s->keys; ++key)
            if (p->at[key] < 0 || p->at[key] >= s->key[key].values) abort();
    }
    for (int place = 0; place < STUDY_PLACES; ++place)
        if (s->in[place] >= s->keys || ipl_plot_study_values(s, place) < 1) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static char notes[IPL_PLOT_NOTES];
    size_t rest = 0;
    const size_t first = fuzz_split(data, bytes, &rest);
    if (first > 1) fuzz_put("study.json", data, first);
    else fuzz_put_plain("study.json", study_json);
    fuzz_put("study_summary.csv", data + rest, bytes - rest);
    const ipl_plot_study_options how = {.plot = ipl_plot_defaults()};
    study = (plot_study){.notes = notes, .notes_size = sizeof notes};
    *notes = 0;
    ipl_status st = ipl_plot_study_read(fuzz_folder(), &study);
    if (st == IPL_OK) st = ipl_plot_study_place(&study, &how, 8, 10);
    if (st == IPL_OK) check_placed(&study);
    else fuzz_check_refusal(NULL);
    ipl_plot_study_free(&study);
    return 0;
}
