/* zip.h - finding the stored entries of a ZIP file that is mapped.
 *
 * PyTorch's files are ZIP files whose entries are not compressed, so that the values can be used
 * where they are mapped. libzip gives no offsets into the file, only copies of the data, and knows
 * nothing of file_guard. */
#ifndef ZIP_H
#define ZIP_H

#include "core/os/file.h"

struct zip_entry {
    char *name;
    size_t header, size; /* offset of its local header, bytes of its data */
    unsigned method;     /* 0: stored */
    bool is_encrypted;
};
struct zip {
    const struct file *file;
    struct zip_entry *e; /* in the order of their names */
    int n;
};

/* zip_is - does F begin like a ZIP file? zip_open - read the directory of F, which has to stay
 * mapped, with the extensions for 64 bits. zip_close releases it; does nothing for a zeroed struct.
 * Errors: FAIL_INPUT, also for two entries of one name and for archives in several parts.
 * zip_find - the entry NAME, or NULL. */
bool zip_is(const struct file *f);
int zip_open(struct zip *z, const struct file *f);
void zip_close(struct zip *z);
const struct zip_entry *zip_find(const struct zip *z, const char *name);

/* zip_data - *AT becomes the offset in the file of the e->size bytes of E. zip_read - copy them to
 * TO. Errors: FAIL_INPUT if it is compressed or encrypted, or not within the file. */
int zip_data(size_t *at, const struct zip *z, const struct zip_entry *e);
int zip_read(unsigned char *to, const struct zip *z, const struct zip_entry *e);
#endif
