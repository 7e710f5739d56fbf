/* token_cache.c - tokenised splits kept in files, by content.
 *
 * File: struct token_head, then off, line, (target), ids, second, (label), then XXH3-128 of all before.
 * What it holds depends on the key in its head alone; a file that is not whole, or is another's, is
 * made again. It is copied out of its map under file_guard and not used in place: a program that
 * truncates it later must not end a run. */
#include "core/base/file.h"
#include "core/data/dataset.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Raised when a tokenizer, the reading of data files or this format changes what is kept. */
enum { VERSION = 1, ORDER = 0x01020304 };

struct token_head {
    char magic[8];
    uint32_t version, order; /* of bytes */
    char key[64];            /* token_cache_key */
    int64_t n, n_tokens, max_tokens, n_truncated, tokens_cut;
    int64_t regression;
};

/* Arrays behind the head: the widest first, so that all are aligned. */
struct part {
    void *at;
    size_t bytes;
};
enum { N_PARTS = 6 };

static void parts(struct part out[N_PARTS], const struct dataset *d)
{
    size_t n = (size_t)d->n;
    const struct part all[N_PARTS] = {
        { d->off, (n + 1) * sizeof *d->off },
        { d->line, n * sizeof *d->line },
        { d->target, d->target ? n * sizeof *d->target : 0 },
        { d->ids, d->n_tokens * sizeof *d->ids },
        { d->second, n * sizeof *d->second },
        { d->label, d->label ? n * sizeof *d->label : 0 },
    };

    memcpy(out, all, sizeof all);
}

static void token_cache_key(char out[65], const struct token_cache *c, enum split s, long max_len,
                            long limit, uint64_t subset_seed)
{
    char *text = xprintf("tokens %d of lowrank %s, %zu-byte long, order %x\n%s\n%s\n%s\n"
                         "%s %ld %ld %llu\n",
                         VERSION, LOWRANK_VERSION, sizeof(long), ORDER, c->file, c->spec,
                         c->tokenizer, split_names[s], max_len, limit > 0 ? limit : 0,
                         limit > 0 ? (unsigned long long)subset_seed : 0);

    sha256_hex(out, text, strlen(text));
    free(text);
}

static struct token_head make_head(const char *key, const struct dataset *d)
{
    struct token_head h = { .magic = "LOWRANKT",
                            .version = VERSION,
                            .order = ORDER,
                            .n = d->n,
                            .n_tokens = (int64_t)d->n_tokens,
                            .max_tokens = d->max_tokens,
                            .n_truncated = d->n_truncated,
                            .tokens_cut = d->tokens_cut,
                            .regression = d->target != NULL };

    memcpy(h.key, key, sizeof h.key);
    return h;
}

static XXH128_canonical_t checksum(const void *data, size_t size)
{
    XXH128_canonical_t sum;

    XXH128_canonicalFromHash(&sum, XXH3_128bits(data, size));
    return sum;
}

/* A file being read. */
struct reading {
    const struct file *f;
    const char *key;
    struct dataset *d;
    const char *why; /* not used */
};

static void *room(size_t bytes)
{
    return xalloc(bytes + 1, 1);
}

/* The head is this key's and the file as long as it says: *d gets its arrays, empty. */
static bool fits(struct reading *r, const struct token_head *h)
{
    const size_t fixed = sizeof *h + sizeof(XXH128_canonical_t), size = r->f->size;
    struct dataset *d = r->d;
    struct part p[N_PARTS];
    size_t need = fixed;

    if (memcmp(h->magic, "LOWRANKT", 8) != 0 || h->version != VERSION || h->order != ORDER ||
        memcmp(h->key, r->key, sizeof h->key) != 0 || h->n < 1 || h->n > INT32_MAX ||
        h->n_tokens < h->n || (uint64_t)h->n_tokens > size || (uint64_t)h->n > size)
        return false;
    d->n = (int)h->n;
    d->n_tokens = (size_t)h->n_tokens;
    d->max_tokens = (int)h->max_tokens;
    d->n_truncated = (long)h->n_truncated;
    d->tokens_cut = (long)h->tokens_cut;
    d->off = room(((size_t)d->n + 1) * sizeof *d->off);
    d->line = room((size_t)d->n * sizeof *d->line);
    d->ids = room(d->n_tokens * sizeof *d->ids);
    d->second = room((size_t)d->n * sizeof *d->second);
    if (h->regression)
        d->target = room((size_t)d->n * sizeof *d->target);
    else
        d->label = room((size_t)d->n * sizeof *d->label);
    parts(p, d);
    for (int i = 0; i < N_PARTS; i++)
        need += p[i].bytes;
    return need == size;
}

static int read_tokens(void *arg)
{
    struct reading *r = arg;
    const unsigned char *at = r->f->data;
    struct part p[N_PARTS];
    struct token_head h;
    size_t body = r->f->size - sizeof(XXH128_canonical_t);

    r->why = "it is not whole or of another version";
    if (r->f->size < sizeof h + sizeof(XXH128_canonical_t))
        return -1;
    memcpy(&h, at, sizeof h);
    if (!fits(r, &h))
        return -1;
    r->why = "its checksum is wrong";
    XXH128_canonical_t sum = checksum(at, body);
    if (memcmp(&sum, at + body, sizeof sum) != 0)
        return -1;
    at += sizeof h;
    parts(p, r->d);
    for (int i = 0; i < N_PARTS; i++) {
        if (p[i].bytes)
            memcpy(p[i].at, at, p[i].bytes);
        at += p[i].bytes;
    }
    return 0;
}

/* 1: *d is what the file holds; 0: there is none to use. */
static int load(struct dataset *d, const char *path, const char *key)
{
    struct file f;
    struct reading r = { .f = &f, .key = key, .d = d, .why = "it changed while it was read" };

    *d = (struct dataset){ 0 };
    if (!file_exists(path))
        return 0;
    if (file_map(&f, path) != 0) {
        detail("kept tokens are not used: %s", fail_text());
        return 0;
    }
    int rc = file_guard(&f, read_tokens, &r);
    file_unmap(&f);
    if (rc == 0)
        return 1;
    detail("kept tokens '%s' are not used, %s", path, r.why);
    dataset_free(d);
    return 0;
}

/* That it cannot be kept is no fault of the run: a full disk, a folder that may not be written. */
static void save(const struct dataset *d, const char *dir, const char *path, const char *key)
{
    struct token_head h = make_head(key, d);
    struct part p[N_PARTS];
    size_t size = sizeof h;

    parts(p, d);
    for (int i = 0; i < N_PARTS; i++)
        size += p[i].bytes;
    unsigned char *data = room(size + sizeof(XXH128_canonical_t)), *at = data;
    memcpy(at, &h, sizeof h);
    at += sizeof h;
    for (int i = 0; i < N_PARTS; i++) {
        if (p[i].bytes)
            memcpy(at, p[i].at, p[i].bytes);
        at += p[i].bytes;
    }
    XXH128_canonical_t sum = checksum(data, size);
    memcpy(at, &sum, sizeof sum);
    if (make_dirs(dir) != 0 || file_write(path, data, size + sizeof sum, FAIL_STORE) != 0)
        detail("tokens are not kept: %s", fail_text());
    free(data);
}

int dataset_cached(struct dataset *d, const struct task *t, enum split s, const char *dir,
                   const struct tok *tok, long max_len, long limit, uint64_t subset_seed,
                   const struct token_cache *c)
{
    char key[65];

    CHECK(t->file[s] && strlen(c->file) == 64, "%s", t->name);
    token_cache_key(key, c, s, max_len > 0 ? max_len : t->max_len, limit, subset_seed);
    char *path = path_join(c->dir, key);
    int rc = 0;
    if (load(d, path, key)) {
        d->path = path_join(dir, t->file[s]);
        memcpy(d->sha256, c->file, sizeof d->sha256);
    } else {
        rc = dataset_load(d, t, s, dir, tok, max_len, limit, subset_seed);
        /* a file that changed meanwhile has no key yet */
        if (rc == 0 && strcmp(d->sha256, c->file) == 0)
            save(d, c->dir, path, key);
    }
    free(path);
    return rc;
}
