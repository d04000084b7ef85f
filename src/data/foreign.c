/*
 * foreign.c - files of other programs where an array is expected: what they are, and
 * the line of Python that makes an array of them.
 */
#include <string.h>

#include "data/data.h"

typedef struct {
    size_t      at, bytes;
    const char *magic, *what;
    const char *before, *after; /* Python around the path; NULL: `what` says it all  */
} foreign_kind;

#define MAGIC(at, text) at, sizeof text - 1, text

static const foreign_kind kinds[] = {
    {MAGIC(0, "\x89HDF\r\n\x1a\n"), "an HDF5 file", "h5py.File('", "')['NAME'][()]"},
    {MAGIC(0, "MATLAB 7.3 MAT-file"), "a MATLAB file of level 7.3", "h5py.File('",
     "')['NAME'][()].T"},
    {MAGIC(0, "MATLAB 5.0 MAT-file"), "a MATLAB file", "scipy.io.loadmat('",
     "')['NAME']"},
    {MAGIC(0, "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"),
     "a PyTorch file", "torch.load('", "', map_location='cpu').float().numpy()"},
    {MAGIC(0, "\x80\x02"), "a pickle of Python", "pickle.load(open('", "', 'rb'))"},
    {MAGIC(0, "\x80\x03"), "a pickle of Python", "pickle.load(open('", "', 'rb'))"},
    {MAGIC(0, "\x80\x04"), "a pickle of Python", "pickle.load(open('", "', 'rb'))"},
    {MAGIC(0, "\x80\x05"), "a pickle of Python", "pickle.load(open('", "', 'rb'))"},
    {MAGIC(8, "{\""), "a safetensors file", "safetensors.numpy.load_file('",
     "')['NAME']"},
    {MAGIC(0, "PAR1"), "a Parquet file", "pandas.read_parquet('", "').to_numpy()"},
    {MAGIC(0, "ARROW1"), "an Arrow file", "pandas.read_feather('", "').to_numpy()"},
    {MAGIC(0, "\x89PNG"), "a PNG image", "PIL.Image.open('", "')"},
    {MAGIC(0, "\xff\xd8\xff"), "a JPEG image", "PIL.Image.open('", "')"},
    {MAGIC(0, "GIF8"), "a GIF image", "PIL.Image.open('", "')"},
    {MAGIC(0, "CDF\1"), "a NetCDF file", "scipy.io.netcdf_file('",
     "').variables['NAME'][:]"},
    {MAGIC(0, "CDF\2"), "a NetCDF file", "scipy.io.netcdf_file('",
     "').variables['NAME'][:]"},
    {MAGIC(0, "PK\3\4"), "a zip file inside gzip: unpack it with gunzip", NULL, NULL},
    {MAGIC(0, "\x1f\x8b"), "a gzip file inside gzip: unpack it with gunzip", NULL,
     NULL},
    {MAGIC(0, "\xfd" "7zXZ"), "an xz file: unpack it with xz -d", NULL, NULL},
    {MAGIC(0, "BZh"), "a bzip2 file: unpack it with bunzip2", NULL, NULL},
    {MAGIC(0, "\x28\xb5\x2f\xfd"), "a zstd file: unpack it with zstd -d", NULL, NULL},
    {MAGIC(0, "7z\xbc\xaf\x27\x1c"), "a 7z file: unpack it with 7z x", NULL, NULL},
    {MAGIC(0, "Rar!"), "a rar file: unpack it with unrar x", NULL, NULL},
    {MAGIC(0, "\0\0\x08"), "an IDX file: name its folder as the data set idx", NULL,
     NULL},
    {MAGIC(0, "-----BEGIN "), "a PEM file, a key or certificate: expected an array",
     NULL, NULL},
    {MAGIC(0, "%PDF"), "a PDF document: expected an array", NULL, NULL},
    {MAGIC(0, "\x7f" "ELF"), "a program: expected an array", NULL, NULL},
    {MAGIC(0, "version https://git-lfs"), "a pointer of Git LFS and not the file "
     "itself: fetch it with git lfs pull", NULL, NULL},
    {MAGIC(0, "<!DOCTYPE"), "a page of HTML and not the file itself: download it "
     "again", NULL, NULL},
    {MAGIC(0, "<html"), "a page of HTML and not the file itself: download it again",
     NULL, NULL},
    {MAGIC(0, "\xff\xfe"), "text in UTF-16: save it as UTF-8", NULL, NULL},
    {MAGIC(0, "\xfe\xff"), "text in UTF-16: save it as UTF-8", NULL, NULL},
};

ipl_status ipl_foreign_check(const char *path, size_t bytes, const unsigned char *at)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
        const foreign_kind *f = &kinds[k];
        if (f->at + f->bytes > bytes || memcmp(at + f->at, f->magic, f->bytes))
            continue;
        if (!f->before)
            return IPL_FAIL(IPL_E_FORMAT, "%s: is %s", path, f->what);
        return IPL_FAIL(IPL_E_FORMAT, "%s: is %s: save an array of it in Python: "
                        "numpy.save('NEW.npy', %s%s%s)", path, f->what, f->before, path,
                        f->after);
    }
    return IPL_OK;
}
