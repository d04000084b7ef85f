/*
 * fuzz_idx.c - any bytes as the files of an IDX set: loaded, or refused.
 *
 * The first byte says what is asked for: bit 0 images are .gz, bit 1 labels are .gz,
 * bits 2 and 3 which parts, bits 4 to 6 how inputs are scaled, bit 7 that label 1 means
 * none. The second is the length of the images file in units of 4 bytes; the rest is
 * the labels file. Both parts get the same files.
 */
#include "fuzz.h"

static char folder[FILES_PATH];

static void remove_folder(void) { files_remove_folder(folder); }

static void seed(const char *corpus, const char *name, unsigned char flags,
                 size_t image_bytes, const unsigned char *image, size_t label_bytes,
                 const unsigned char *label)
{
    unsigned char content[512] = {flags, (unsigned char)((image_bytes + 3) / 4)};
    memcpy(content + 2, image, image_bytes);
    memcpy(content + 2 + (image_bytes + 3) / 4 * 4, label, label_bytes);
    files_write(files_path(corpus, name), 2 + (image_bytes + 3) / 4 * 4 + label_bytes,
                content);
}

/* Each type of elements in each scale, with labels as bytes, one-hot and of QMNIST. */
static void seed_types(const char *corpus)
{
    static const uint32_t type[] = {8, 9, 0xb, 0xc, 0xd, 0xe}, size[3] = {2, 8, 1};
    static const unsigned char labels[64] = {[0] = 1, [3] = 1, [9] = 1, [35] = 2};
    unsigned char bytes[128], image[160], label[96];
    for (size_t b = 0; b < sizeof bytes; ++b) bytes[b] = (unsigned char)(b * 5 % 63);
    for (unsigned char t = 0; t < 6; ++t)
        for (unsigned char scale = 0; scale < IPL_SCALE_COUNT; ++scale) {
            const size_t each = t < 2 ? 1 : t == 2 ? 2 : t < 5 ? 4 : 8;
            const size_t image_bytes =
                files_idx(type[t] << 8 | 3, 3, size, 16 * each, bytes, image);
            const size_t label_bytes =
                t < 2    ? files_idx(0x801, 1, size, 2, labels + 2, label)
                : t == 2 ? files_idx(0x802, 2, size, 16, labels + 1, label)
                         : files_idx(0xc02, 2, size, 64, labels, label);
            char name[32];
            snprintf(name, sizeof name, "type-%d-scale-%d", t, scale);
            seed(corpus, name, (unsigned char)(4 | scale << 4 | (t & 1) << 7),
                 image_bytes, image, label_bytes, label);
        }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const uint32_t size[3] = {5, 2, 2};
    static const unsigned char bytes[20] = {0, 1, 2, 3, 1, 255};
    unsigned char image[64], label[32], *packed[2];
    size_t packed_bytes[2];
    const char *corpus = fuzz_corpus(*argc, *argv);
    files_make_folder(folder);
    atexit(remove_folder);
    if (!corpus) return 0;
    const size_t image_bytes = files_idx(0x803, 3, size, 20, bytes, image);
    const size_t label_bytes = files_idx(0x801, 1, size, 5, bytes, label);
    files_write_gzip(files_path(folder, "i"), image_bytes, image);
    files_write_gzip(files_path(folder, "l"), label_bytes, label);
    packed[0] = files_read(files_path(folder, "i"), &packed_bytes[0]);
    packed[1] = files_read(files_path(folder, "l"), &packed_bytes[1]);
    packed[0] = realloc(packed[0], packed_bytes[0] + 4);
    for (unsigned char parts = 0; parts < IPL_PARTS_COUNT; ++parts) {
        char name[16];
        snprintf(name, sizeof name, "plain-%d", parts);
        seed(corpus, name, (unsigned char)(parts << 2), image_bytes, image, label_bytes,
             label);
        snprintf(name, sizeof name, "gzip-%d", parts);
        seed(corpus, name, (unsigned char)(3 | parts << 2), packed_bytes[0] / 4 * 4,
             packed[0], packed_bytes[1], packed[1]);
        snprintf(name, sizeof name, "mixed-%d", parts);
        seed(corpus, name, (unsigned char)(2 | parts << 2), image_bytes, image,
             packed_bytes[1], packed[1]);
    }
    free(packed[0]);
    free(packed[1]);
    seed_types(corpus);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char *const part[] = {"train", "t10k"};
    static const char *const kind[] = {"images-idx3-ubyte", "labels-idx1-ubyte"};
    if (bytes < 2) return 0;
    const size_t rest = bytes - 2;
    const size_t image_bytes = (size_t)data[1] * 4 < rest ? (size_t)data[1] * 4 : rest;
    const uint8_t *from[2] = {data + 2, data + 2 + image_bytes};
    const size_t length[2] = {image_bytes, rest - image_bytes};
    char name[4][64];
    for (int f = 0; f < 4; ++f) {
        snprintf(name[f], sizeof name[f], "%s-%s%s", part[f / 2], kind[f % 2],
                 data[0] >> f % 2 & 1 ? ".gz" : "");
        files_write(files_path(folder, name[f]), length[f % 2], from[f % 2]);
    }
    ipl_dataset d = {0};
    ipl_data_options options = ipl_data_defaults();
    options.set = IPL_DATA_IDX;
    options.path = folder;
    options.parts = (ipl_data_parts)((data[0] >> 2 & 3) % IPL_PARTS_COUNT);
    options.scale = (ipl_data_scale)((data[0] >> 4 & 7) % IPL_SCALE_COUNT);
    options.no_label = data[0] >> 7 ? "1" : NULL;
    if (ipl_dataset_load(&options, &d) == IPL_OK) fuzz_check_set(&d);
    else fuzz_check_refusal(d.x);
    ipl_dataset_free(&d);
    for (int f = 0; f < 4; ++f) unlink(files_path(folder, name[f]));
    return 0;
}
