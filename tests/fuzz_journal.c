/*
 * fuzz_journal.c - any bytes as points.log, and any records in one that is damaged
 * somewhere: what is read is a beginning of what was written, and it can be gone on
 * with. Payloads are read as points and as rows of training.csv.
 */
#include "fuzz.h"
#include "file.h"
#include "plane/journal.h"
#include "plane/records.h"

enum { LAYERS = 3, REPLICAS = 2, RECORDS = 64 };

typedef struct {
    int      count;
    uint32_t crc[RECORDS]; /* of each record's type, tick and payload          */
} records;

static ipl_status see(void *user, uint32_t type, int64_t tick, const void *payload,
                      size_t bytes)
{
    records *r = user;
    uLong crc = crc32(0, (const Bytef *)&type, sizeof type);
    crc = crc32(crc, (const Bytef *)&tick, sizeof tick);
    crc = crc32_z(crc, payload, bytes);
    if (r->count < RECORDS) r->crc[r->count] = (uint32_t)crc;
    ++r->count;
    return IPL_OK;
}

static ipl_status open_with(const char *path, ipl_journal_reader reader, void *user,
                            ipl_journal **out)
{
    static const ipl_identity of = {{7, 8}, 9};
    IPL_TRY(ipl_journal_open(IPL_FILE_PATH, path, &of, out));
    const ipl_status st = ipl_journal_read(*out, reader, user);
    if (st != IPL_OK) ipl_journal_close(*out);
    return st;
}

/* Records of the file to *r. */
static ipl_status open_journal(const char *path, records *r, ipl_journal **out)
{
    *r = (records){0};
    return open_with(path, see, r, out);
}

static void add(ipl_journal *j, records *r, uint32_t type, int64_t tick,
                const void *payload, size_t bytes)
{
    if (ipl_journal_append(j, type, tick, payload, bytes) != IPL_OK) abort();
    see(r, type, tick, payload, bytes);
}

static int is_beginning(const records *part, const records *of)
{
    return part->count <= of->count &&
           !memcmp(part->crc, of->crc, (size_t)part->count * sizeof *part->crc);
}

/* What is read of a payload is fit for tables. */
static void read_payload(const uint8_t *payload, size_t bytes)
{
    ipl_training_row row[REPLICAS];
    ipl_layer *layer = calloc(LAYERS, sizeof *layer);
    if (!layer) abort();
    if (ipl_records_read_points(payload, bytes, LAYERS, layer) == IPL_OK) {
        for (int l = 0; l < LAYERS; ++l)
            for (int p = 0; p < layer[l].points; ++p)
                fuzz_check_word(layer[l].point[p].name);
    } else fuzz_check_refusal(NULL);
    free(layer);
    if (ipl_records_read_training(payload, bytes, REPLICAS, LAYERS, row) != IPL_OK)
        fuzz_check_refusal(NULL);
}

/* Records by choice: type, tick, length, payload, .. */
static void write_records(const char *path, const uint8_t *data, size_t bytes,
                          records *r)
{
    ipl_journal *j;
    if (open_journal(path, r, &j) != IPL_OK || r->count) abort();
    while (bytes > 3 && r->count < RECORDS) {
        const size_t length = data[2] < bytes - 3 ? data[2] : bytes - 3;
        read_payload(data + 3, length);
        add(j, r, data[0], (int8_t)data[1], data + 3, length);
        data += 3 + length, bytes -= 3 + length;
    }
    ipl_journal_close(j);
}

/* The byte at a place is changed, and the end cut off. */
static void damage(const char *path, unsigned at, uint8_t change, unsigned cut)
{
    size_t size;
    unsigned char *content = files_read(path, &size);
    content[at % size] ^= change;
    files_write(path, cut % 8 ? size : size - cut / 8 % size, content);
    free(content);
}

static void go_on(const char *path, const records *had)
{
    records again, more = *had;
    ipl_journal *j;
    if (open_journal(path, &again, &j) != IPL_OK) abort();
    if (again.count != had->count || !is_beginning(&again, had)) abort();
    add(j, &more, 9, 9, "on", 2);
    ipl_journal_close(j);
    if (open_journal(path, &again, &j) != IPL_OK) abort();
    if (again.count != more.count || !is_beginning(&again, &more)) abort();
    ipl_journal_close(j);
}

/* The bytes of one point, as an input has them. */
static ipl_status keep_payload(void *user, uint32_t type, int64_t tick,
                               const void *payload, size_t bytes)
{
    const uint8_t head[] = {1, 0, 0, 0, 0, (uint8_t)type, (uint8_t)tick,
                            (uint8_t)bytes};
    uint8_t choice[512];
    if (bytes > 255) abort();
    memcpy(choice, head, sizeof head);
    memcpy(choice + sizeof head, payload, bytes);
    files_write(user, sizeof head + bytes, choice);
    return IPL_OK;
}

static void write_point(const char *log, const char *path)
{
    ipl_layer *layer = calloc(LAYERS, sizeof *layer);
    records r;
    ipl_journal *j;
    if (!layer || open_journal(log, &r, &j) != IPL_OK) abort();
    layer->points = 1;
    layer->point[0].estimator = IPL_MI_KDE;
    strcpy(layer->point[0].name, "kde-upper@0.1");
    if (ipl_records_add_points(j, RECORD_POINTS, 3, LAYERS, layer) != IPL_OK) abort();
    ipl_journal_close(j);
    if (open_with(log, keep_payload, (void *)path, &j) != IPL_OK) abort();
    ipl_journal_close(j);
    unlink(log);
    free(layer);
}

/* Records whose first byte says that they are to be written, and a file as it is. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const uint8_t records_of[] = {1, 9, 0, 0, 0, 7, 1, 4, 'l', 'o', 'n', 'g', 8,
                                         255, 0, RECORD_TRAINING, 2, 8, 1, 2, 3};
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (!corpus) return 0;
    const char *log = files_path(corpus, "log");
    uint8_t content[256] = {0};
    records r;
    size_t size;
    unlink(log); /* of an earlier start */
    write_point(log, files_path(corpus, "point"));
    files_write(files_path(corpus, "records"), sizeof records_of, records_of);
    memcpy(content, records_of, sizeof records_of);
    content[1] = 41, content[3] = 1; /* a byte of the first payload */
    files_write(files_path(corpus, "changed"), sizeof records_of, content);
    content[0] = 0;
    write_records(log, records_of + 5, sizeof records_of - 5, &r);
    unsigned char *written = files_read(log, &size);
    if (size + 1 > sizeof content) abort();
    memcpy(content + 1, written, size);
    files_write(log, size + 1, content);
    free(written);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *path = files_path(fuzz_folder(), "points.log");
    records written = {0}, had;
    ipl_journal *j;
    if (bytes < 5) return 0;
    unlink(path);
    if (*data & 1) {
        write_records(path, data + 5, bytes - 5, &written);
        if (written.count) /* else there is no file */
            damage(path, data[1] | (unsigned)data[2] << 8, data[3], data[4]);
    } else files_write(path, bytes - 1, data + 1);
    if (open_journal(path, &had, &j) != IPL_OK) {
        fuzz_check_refusal(NULL);
        return 0;
    }
    ipl_journal_close(j);
    if (*data & 1 && !is_beginning(&had, &written)) abort();
    if (had.count < RECORDS - 1) go_on(path, &had);
    return 0;
}
