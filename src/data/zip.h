/*
 * zip.h - what a zip file holds, and where.
 */
#ifndef IPL_ZIP_H
#define IPL_ZIP_H

#include "data/input.h"

typedef struct {
    const char *name;   /* as the file has it, with folders; ends in '/': a folder    */
    uint64_t    header; /* where its local header is                                  */
    uint64_t    packed_bytes, bytes;
    uint32_t    crc;
    unsigned    method, flags;
} zip_member;

typedef struct {
    zip_member *member; /* in the order of the directory                              */
    int         count;
    char       *names;
} zip_directory;

/* E_IO; E_FORMAT: no zip file, or one that is cut off or damaged; E_MEMORY. */
ipl_status ipl_zip_read(const char *path, zip_directory *out);
void       ipl_zip_free(zip_directory *zip);

/* Where the content of a member is. E_FORMAT: encrypted, packed in a way other than
 * deflate, or not where the directory says. */
ipl_status ipl_zip_locate(const char *path, const zip_member *member,
                          ipl_input_part *out);

#endif
