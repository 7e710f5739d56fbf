/* download.h - a file of known size and hash, from an HTTP server. */
#ifndef DOWNLOAD_H
#define DOWNLOAD_H

#include "core/base/base.h"

struct download {
    const char *url, *path, *what; /* WHAT names it in messages */
    const char *sha256;
    uint64_t size; /* in bytes */

    /* For progress, where a fetch downloads several files: the bytes of the files before this one
     * and of all of them; 0: it is the only one. */
    uint64_t before, total;
};

/* download_have - bytes of the file that PATH.part holds already; 0: none. Errors: -1 after
 * FAIL_STORE. */
int download_have(const struct download *d, uint64_t *have);

/* download_file - make PATH the file that URL names. The bytes go to PATH.part, which is renamed
 * when its size and SHA-256 are right, so PATH is never a part of the file or another one. A
 * PATH.part from an earlier attempt is continued; when the server cannot do that, or the result is
 * not the expected file, the download starts over once. A server that sends less than 1 kB/s for 30
 * s, more bytes than expected, or more than 8 redirects has failed. The progress line has the rate
 * and the time left. The caller makes sure that no other process downloads to PATH. Errors:
 * FAIL_TOOL with the reason, FAIL_INPUT: another file; FAIL_STORE, FAIL_STOPPED. */
int download_file(const struct download *d);
#endif
