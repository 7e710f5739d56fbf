/* unxz.c - xz files in memory, block by block, so that only as much is unpacked as is wanted. */
#include "experiments/pretrain/unxz.h"

#include "core/base/base.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 18 };
static const unsigned char magic[6] = { 0xFD, '7', 'z', 'X', 'Z', 0 };

bool unxz_is(const void *data, size_t size)
{
    return size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

int unxz_put(struct text *out, const void *data, size_t size, size_t most, const char *path)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_ret rc = lzma_stream_decoder(&s, UINT64_MAX, LZMA_CONCATENATED);
    size_t from = out->n;
    uint8_t *block = xalloc(BLOCK, 1);

    s.next_in = data;
    s.avail_in = size;
    while (rc == LZMA_OK && out->n - from < most && !stop_requested()) {
        s.next_out = block;
        s.avail_out = BLOCK;
        rc = lzma_code(&s, LZMA_FINISH);
        size_t n = BLOCK - s.avail_out, left = most - (out->n - from);
        text_put(out, (const char *)block, n < left ? n : left);
    }
    lzma_end(&s);
    free(block);
    if (stop_check() != 0)
        return -1;
    if (rc == LZMA_MEM_ERROR)
        return fail(FAIL_MEMORY, "no memory to unpack '%s'", path);
    if (rc != LZMA_OK && rc != LZMA_STREAM_END)
        return fail(FAIL_INPUT, "'%s' is a damaged or incomplete xz file (liblzma: error %d)", path,
                    (int)rc);
    return 0;
}
