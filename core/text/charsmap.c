/* charsmap.c - looking characters up in SentencePiece's compiled map. */
#include "core/text/charsmap.h"

#include <stdlib.h>
#include <string.h>

static uint32_t u32_at(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int charsmap_read(struct charsmap *m, const void *bytes, size_t size, const char *path)
{
    const unsigned char *p = bytes;
    size_t trie = size >= 4 ? u32_at(p) : 0;

    *m = (struct charsmap){ 0 };
    if (size == 0)
        return 0;
    if (size < 8 || trie < 4 || trie % 4 != 0 || trie > size - 5 || p[size - 1] != 0)
        return fail(FAIL_INPUT,
                    "'%s': the map of characters has %zu bytes, of which its trie takes %zu; the "
                    "file is damaged",
                    path, size, trie);
    m->n_units = trie / 4;
    m->unit = xalloc(m->n_units, sizeof *m->unit);
    for (size_t i = 0; i < m->n_units; i++)
        m->unit[i] = u32_at(p + 4 + 4 * i);
    m->n_text = size - 4 - trie;
    m->text = xalloc(m->n_text, 1);
    memcpy(m->text, p + 4 + trie, m->n_text);
    return 0;
}

void charsmap_free(struct charsmap *m)
{
    free(m->unit);
    free(m->text);
    *m = (struct charsmap){ 0 };
}

/* The distance from a unit to those of its children. */
static uint32_t offset_of(uint32_t unit)
{
    return (unit >> 10) << ((unit & 1u << 9) >> 6);
}

const char *charsmap_find(const struct charsmap *m, const char *text, size_t size, bool shortest,
                          size_t *used)
{
    const char *found = NULL;
    size_t at = m->n_units > 0 ? offset_of(m->unit[0]) : 0;

    for (size_t i = 0; i < size && !(found && shortest); i++) {
        unsigned char byte = (unsigned char)text[i];
        at ^= byte;
        if (at >= m->n_units || (m->unit[at] & (1u << 31 | 0xff)) != byte)
            break;
        uint32_t unit = m->unit[at];
        at ^= offset_of(unit);
        if (!(unit >> 8 & 1) || at >= m->n_units)
            continue;
        size_t place = m->unit[at] & ~(1u << 31);
        if (place < m->n_text) {
            found = m->text + place;
            *used = i + 1;
        }
    }
    return found;
}
