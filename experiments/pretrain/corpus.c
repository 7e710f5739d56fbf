/* corpus.c - plain text for pretraining: read, checked, divided. */
#include "experiments/pretrain/corpus.h"

#include "core/base/rng.h"
#include "core/base/utf8.h"
#include "core/os/file.h"
#include "experiments/pretrain/unxz.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_input(struct text *out)
{
    enum { BLOCK = 1 << 16 };
    char *block = xalloc(BLOCK, 1);
    ssize_t n = 1;

    while (n > 0 && !stop_requested()) {
        n = read(STDIN_FILENO, block, BLOCK);
        if (n > 0)
            text_put(out, block, (size_t)n);
    }
    free(block);
    if (stop_check() != 0)
        return -1;
    return n < 0 ? fail(FAIL_INPUT, "standard input cannot be read: %s", strerror(errno)) : 0;
}

/* Append the text that these bytes are, or its first MOST bytes. */
static int take_text(struct text *out, const void *data, size_t size, size_t most, const char *path)
{
    if (unxz_is(data, size))
        return unxz_put(out, data, size, most, path);
    text_put(out, data, size < most ? size : most);
    return 0;
}

static int read_all(struct text *out, const char *path, size_t most)
{
    struct text in = { 0 };
    struct file f = { 0 };
    int rc;

    if (strcmp(path, "-") == 0) {
        rc = read_input(&in);
        if (rc == 0)
            rc = take_text(out, text_string(&in), in.n, most, "standard input");
    } else {
        rc = file_map(&f, path);
        if (rc == 0)
            rc = take_text(out, f.data, f.size, most, path);
        if (rc == 0)
            rc = file_check();
    }
    file_unmap(&f);
    text_free(&in);
    return rc;
}

static int check_text(const struct corpus *c)
{
    const char *p = c->text.s, *end = p + c->text.n;
    long line = 1;

    for (const char *at = p; p < end; at = p) {
        line += *p == '\n';
        if (*p == 0)
            return fail(FAIL_INPUT, "%s:%ld: a NUL byte; this is not a text file", c->path, line);
        if ((unsigned char)*p < 0x80) {
            p++;
            continue;
        }
        if (utf8_next(&p, end) == 0xFFFD && (p - at != 3 || memcmp(at, "\xEF\xBF\xBD", 3) != 0))
            return fail(FAIL_INPUT, "%s:%ld: byte 0x%02x is not UTF-8", c->path, line,
                        (unsigned)(unsigned char)*at);
    }
    return 0;
}

static void add_document(struct corpus *c, size_t from, size_t to)
{
    CHECK(c->n < INT_MAX, "%d documents", c->n);
    if ((c->n & (c->n - 1)) == 0) /* a power of two: full */
        c->doc = xgrow(c->doc, c->n ? 2 * (size_t)c->n : 1, sizeof *c->doc);
    c->doc[c->n++] = (struct document){ from, to - from, false };
}

/* A document begins at a line with text and ends after the last one before BLANK empty lines. */
static void find_documents(struct corpus *c, int blank)
{
    const char *s = text_string(&c->text);
    size_t from = 0, to = 0, next;
    int empty = blank;
    bool open = false;

    for (size_t at = 0; at < c->text.n; at = next) {
        const char *end = memchr(s + at, '\n', c->text.n - at);
        size_t stop = end ? (size_t)(end - s) : c->text.n;
        next = stop + 1;
        if (stop > at && s[stop - 1] == '\r')
            stop--;
        if (stop == at) {
            empty++;
            continue;
        }
        if (empty >= blank) {
            if (open)
                add_document(c, from, to);
            from = at;
            open = true;
        }
        empty = 0;
        to = stop;
    }
    if (open)
        add_document(c, from, to);
}

int corpus_read(struct corpus *c, const char *path, double megabytes, int blank)
{
    static const char bom[] = "\xEF\xBB\xBF";
    size_t most = megabytes > 0 ? (size_t)(1e6 * megabytes) : SIZE_MAX;

    *c = (struct corpus){ .path = strcmp(path, "-") == 0 ? "standard input" : path };
    progress("reading '%s'", c->path);
    if (read_all(&c->text, path, most) != 0)
        return -1;
    bool cut = c->text.n == most;
    if (c->text.n >= 3 && memcmp(c->text.s, bom, 3) == 0) {
        c->text.n -= 3;
        memmove(c->text.s, c->text.s + 3, c->text.n);
    }
    if (c->text.n > INT_MAX)
        return fail(FAIL_INPUT,
                    "'%s' has %.0f million bytes of text; '--megabytes=2000' reads as many as are "
                    "possible",
                    c->path, 1e-6 * (double)c->text.n);
    find_documents(c, blank);
    if (cut && c->n > 1) { /* the last one may go on */
        c->n--;
        c->text.n = c->doc[c->n].at;
    }
    if (c->n == 0)
        return fail(FAIL_INPUT, "'%s' has no text", c->path);
    if (check_text(c) != 0)
        return -1;
    sha256_hex(c->sha256, c->text.s, c->text.n);
    return 0;
}

void corpus_free(struct corpus *c)
{
    text_free(&c->text);
    free(c->doc);
    *c = (struct corpus){ 0 };
}

int corpus_hold_out(struct corpus *c, double share, uint64_t seed)
{
    int *order = xalloc((size_t)c->n, sizeof *order);
    double all = 0;
    struct rng r = rng_make(seed, RNG_HELD_OUT, 0);

    for (int i = 0; i < c->n; i++) {
        order[i] = i;
        all += (double)c->doc[i].size;
    }
    double want = share * all < CORPUS_MOST_HELD ? share * all : CORPUS_MOST_HELD;
    rng_shuffle(&r, order, c->n);
    c->held_bytes = c->train_bytes = 0;
    c->n_held = 0;
    for (int k = 0; k < c->n; k++) {
        struct document *d = &c->doc[order[k]];
        d->held_out = k + 1 < c->n && (double)c->held_bytes < want;
        c->n_held += d->held_out;
        *(d->held_out ? &c->held_bytes : &c->train_bytes) += d->size;
    }
    free(order);
    if (c->n_held == 0)
        return fail(FAIL_INPUT,
                    "'%s' is one document, of which nothing can be held out; an empty line ends a "
                    "document ('--blank-lines' says how many do)",
                    c->path);
    return 0;
}
