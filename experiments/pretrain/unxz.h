/* unxz.h - xz files in memory (liblzma). */
#ifndef UNXZ_H
#define UNXZ_H

#include "core/base/text.h"

/* unxz_is - do these bytes begin an xz file? unxz_put - append what the SIZE bytes of the file PATH
 * stand for, or only its first MOST bytes. Errors: FAIL_INPUT: the file is damaged or incomplete;
 * FAIL_STOPPED. */
bool unxz_is(const void *data, size_t size);
int unxz_put(struct text *out, const void *data, size_t size, size_t most, const char *path);
#endif
