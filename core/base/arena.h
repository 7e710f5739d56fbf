/* arena.h - one reserved block of memory from which many arrays are taken.
 *
 * An arena owns what it hands out, until it is rewound or freed. It is reserved once and asks the
 * kernel for huge pages, so a training step allocates nothing. */
#ifndef ARENA_H
#define ARENA_H

#include "core/base/macros.h"

struct arena {
    unsigned char *base;
    size_t used, size, peak;
};

/* arena_init - reserve SIZE bytes, rounded up to whole huge pages. Errors: FAIL_MEMORY. */
int arena_init(struct arena *a, size_t size);

/* arena_get - N elements of SIZE bytes, aligned to 64 bytes and NOT cleared. It is a bug to ask for
 * more than is left. */
void *arena_get(struct arena *a, size_t n, size_t size);

/* arena_rewind - give back everything that was taken since a->used was MARK. */
void arena_rewind(struct arena *a, size_t mark);

/* arena_free - release the memory; does nothing for a zeroed arena. */
void arena_free(struct arena *a);
#endif
