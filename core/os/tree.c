/* tree.c - a file or folder with everything in it. */
#include "core/os/tree.h"
#include "core/base/base.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>

enum { DESCRIPTORS = 16 };

static int64_t bytes; /* nftw passes nothing on to its function */

/* Blocks of 512 bytes are what the disk gives; a file with several links does not free them. */
static int add_bytes(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)path, (void)type, (void)at;
    if (S_ISDIR(st->st_mode) || st->st_nlink == 1)
        bytes += (int64_t)st->st_blocks * 512;
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)type, (void)at;
    if (remove(path) != 0)
        warn("cannot remove '%s': %s", path, strerror(errno));
    else
        add_bytes(path, st, type, at);
    return 0;
}

int64_t tree_bytes(const char *path)
{
    bytes = 0;
    nftw(path, add_bytes, DESCRIPTORS, FTW_PHYS);
    return bytes;
}

int64_t tree_remove(const char *path)
{
    bytes = 0;
    nftw(path, remove_entry, DESCRIPTORS, FTW_PHYS | FTW_DEPTH);
    return bytes;
}
