/* arena.c - one reserved block of memory from which many arrays are taken. */
#include "core/base/arena.h"
#include "core/base/fail.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 64, HUGE_PAGE = 2 << 20 };

/* One huge page more than needed is mapped, and both ends are trimmed, so that the block begins at
 * a huge page. */
int arena_init(struct arena *a, size_t size)
{
    *a = (struct arena){ 0 };
    if (size > SIZE_MAX / 2)
        return fail(FAIL_MEMORY, "cannot reserve %zu bytes of memory", size);
    size = size ? (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE : HUGE_PAGE;
    unsigned char *p =
        mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return fail(FAIL_MEMORY, "cannot reserve %.1f MiB of memory: %s", (double)size / (1 << 20),
                    strerror(errno));
    size_t head = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
    if (head)
        munmap(p, head);
    munmap(p + head + size, HUGE_PAGE - head);
    a->base = p + head;
    a->size = size;
    madvise(a->base, a->size, MADV_HUGEPAGE); /* only advice: failure does no harm */
    return 0;
}

void *arena_get(struct arena *a, size_t n, size_t size)
{
    size_t bytes = 0;

    CHECK(!__builtin_mul_overflow(n, size, &bytes) && bytes <= SIZE_MAX - ALIGN,
          "%zu x %zu bytes overflow", n, size);
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    CHECK(bytes <= a->size - a->used, "arena of %zu bytes has %zu left, %zu x %zu requested",
          a->size, a->size - a->used, n, size);
    void *p = a->base + a->used;
    a->used += bytes;
    if (a->used > a->peak)
        a->peak = a->used;
    return p;
}

void arena_rewind(struct arena *a, size_t mark)
{
    CHECK(mark <= a->used && mark % ALIGN == 0, "mark %zu, used %zu", mark, a->used);
    a->used = mark;
}

void arena_free(struct arena *a)
{
    if (a->base)
        munmap(a->base, a->size);
    *a = (struct arena){ 0 };
}
