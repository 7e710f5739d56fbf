/* ckpt.c - training checkpoints that are either complete or do not exist.
 *
 * The file is struct ckpt_head, struct ckpt, N_VEC vectors of N values, and XXH3-128 of all that.
 * It is synced and verified before it is renamed, so that at any moment PATH or PATH.old is a
 * verified training checkpoint. */
#include "core/train/ckpt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { VERSION = 1, BLOCK = 1 << 16 };

struct ckpt_head {
    char magic[8];
    uint32_t version, real_size, ckpt_size, n_vec;
    uint64_t n;
    char run_key[128];
};

static struct ckpt_head ckpt_head_make(const char *run_key, int n_vec, size_t n)
{
    struct ckpt_head h = { .magic = "LOWRANKC",
                           .version = VERSION,
                           .real_size = sizeof(real),
                           .ckpt_size = sizeof(struct ckpt),
                           .n_vec = (uint32_t)n_vec,
                           .n = n };

    CHECK(run_key && strlen(run_key) < sizeof h.run_key, "run key '%s'", run_key ? run_key : "");
    memcpy(h.run_key, run_key, strlen(run_key));
    return h;
}

/* Write all of DATA, in spite of short writes and interruptions. */
static int write_all(int fd, XXH3_state_t *sum, const void *data, size_t size)
{
    const char *p = data;

    if (sum)
        XXH3_128bits_update(sum, data, size);
    while (size > 0) {
        ssize_t k = write(fd, p, size);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return -1;
        p += k;
        size -= (size_t)k;
    }
    return 0;
}

/* -1 if fewer than SIZE bytes are left. */
static int read_all(int fd, void *data, size_t size)
{
    char *p = data;

    while (size > 0) {
        ssize_t k = read(fd, p, size);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return -1;
        p += k;
        size -= (size_t)k;
    }
    return 0;
}

/* The size of the file that this head describes; 0: of none, because a field is absurd. Every field
 * may be damaged. */
static uint64_t ckpt_file_size(const struct ckpt_head *h)
{
    uint64_t values, bytes, size;

    if ((h->real_size != sizeof(float) && h->real_size != sizeof(double)) ||
        __builtin_mul_overflow(h->n, (uint64_t)h->n_vec, &values) ||
        __builtin_mul_overflow(values, (uint64_t)h->real_size, &bytes) ||
        __builtin_add_overflow(bytes, sizeof *h + h->ckpt_size + sizeof(XXH128_canonical_t), &size))
        return 0;
    return size;
}

/* NULL if the file FD is a complete training checkpoint, whose head goes to *h; else why not. */
static const char *ckpt_verify(int fd, struct ckpt_head *h)
{
    struct stat st;
    XXH3_state_t *sum = NULL;
    XXH128_canonical_t want, have;
    const char *why = NULL;
    char *buf = NULL;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || lseek(fd, 0, SEEK_SET) != 0 ||
        read_all(fd, h, sizeof *h) != 0 || memcmp(h->magic, "LOWRANKC", 8) != 0)
        return "it is not a training checkpoint";
    if (h->version != VERSION || h->ckpt_size != sizeof(struct ckpt))
        return "it was made by another version";
    h->run_key[sizeof h->run_key - 1] = 0;
    uint64_t left = (uint64_t)st.st_size;
    if (left != ckpt_file_size(h))
        return "it has the wrong size";
    buf = xalloc(BLOCK, 1);
    sum = XXH3_createState();
    CHECK(sum, "no memory for %zu bytes", sizeof *sum);
    XXH3_128bits_reset(sum);
    XXH3_128bits_update(sum, h, sizeof *h);
    for (left -= sizeof *h + sizeof want; left > 0 && !why;) {
        size_t k = left < BLOCK ? (size_t)left : BLOCK;
        if (read_all(fd, buf, k) != 0)
            why = "it cannot be read to its end";
        XXH3_128bits_update(sum, buf, k);
        left -= k;
    }
    XXH128_canonicalFromHash(&have, XXH3_128bits_digest(sum));
    if (!why && (read_all(fd, &want, sizeof want) != 0 || memcmp(&have, &want, sizeof want) != 0))
        why = "its checksum is wrong";
    XXH3_freeState(sum);
    free(buf);
    return why;
}

static int ckpt_write_file(const char *path, const struct ckpt_head *h, const struct ckpt *c,
                           const real *const *vec)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    XXH3_state_t *sum;
    XXH128_canonical_t digest;

    if (fd < 0)
        return fail(FAIL_STORE, "cannot write training checkpoint '%s': %s", path, strerror(errno));
    sum = XXH3_createState();
    CHECK(sum, "no memory for %zu bytes", sizeof *sum);
    XXH3_128bits_reset(sum);
    int rc = write_all(fd, sum, h, sizeof *h);
    if (rc == 0)
        rc = write_all(fd, sum, c, sizeof *c);
    for (uint32_t i = 0; i < h->n_vec && rc == 0; i++)
        rc = write_all(fd, sum, vec[i], h->n * sizeof(real));
    XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(sum));
    XXH3_freeState(sum);
    if (rc == 0)
        rc = write_all(fd, NULL, &digest, sizeof digest);
    if (rc == 0)
        rc = fdatasync(fd);
    if (rc != 0)
        fail(FAIL_STORE, "cannot write training checkpoint '%s': %s", path, strerror(errno));
    if (close(fd) != 0 && rc == 0)
        rc = fail(FAIL_STORE, "cannot write training checkpoint '%s': %s", path, strerror(errno));
    return rc;
}

static int sync_folder(const char *path)
{
    char *dir = xstrdup(path), *slash = strrchr(dir, '/');

    if (slash)
        slash[slash == dir] = 0;
    int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (rc != 0)
        fail(FAIL_STORE, "cannot sync the folder of '%s': %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(dir);
    return rc;
}

/* PATH becomes PATH.old, TMP becomes PATH. */
static int ckpt_rename(const char *tmp, const char *path)
{
    char *old = xprintf("%s.old", path);
    int rc = rename(path, old) != 0 && errno != ENOENT ? -1 : 0;

    if (rc == 0)
        rc = rename(tmp, path);
    if (rc != 0)
        fail(FAIL_STORE, "cannot rename '%s' to '%s': %s", tmp, path, strerror(errno));
    free(old);
    return rc == 0 ? sync_folder(path) : rc;
}

int ckpt_save(const char *path, const char *run_key, const struct ckpt *c, const real *const *vec,
              int n_vec, size_t n)
{
    struct ckpt_head h = ckpt_head_make(run_key, n_vec, n), back;
    char *tmp = xprintf("%s.tmp.%ld", path, (long)getpid());
    int rc = ckpt_write_file(tmp, &h, c, vec);

    if (rc == 0) {
        int fd = open(tmp, O_RDONLY | O_CLOEXEC);
        const char *why = fd < 0 ? strerror(errno) : ckpt_verify(fd, &back);
        if (fd >= 0)
            close(fd);
        if (why)
            rc = fail(FAIL_STORE, "training checkpoint '%s' is not what was written: %s", tmp, why);
    }
    if (rc == 0)
        rc = ckpt_rename(tmp, path);
    if (rc != 0)
        unlink(tmp);
    free(tmp);
    return rc;
}

/* A file with the right checksum may still come from a faulty program: no run has such counts. */
static bool ckpt_is_possible(const struct ckpt *c)
{
    const double sums[] = { c->tokens, c->train_s, c->eval_s };

    for (size_t i = 0; i < ARRAY_LEN(sums); i++)
        if (!(sums[i] >= 0 && sums[i] < INFINITY))
            return false;
    return c->step >= 0 && c->examples >= 0 && c->loss_n >= 0 && isfinite(c->loss_sum) &&
           (c->has_best == 0 || (c->has_best == 1 && c->best_step >= 0));
}

/* One generation. 1: loaded; 0: absent (*why is NULL) or unusable (*why says why not); -1: of
 * another run or build. */
static int ckpt_load_file(const char *path, const struct ckpt_head *want, struct ckpt *c,
                          real *const *vec, const char **why)
{
    struct ckpt_head h;
    struct ckpt counts;
    int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

    *why = NULL;
    if (fd < 0) {
        *why = errno == ENOENT ? NULL : strerror(errno);
        return 0;
    }
    *why = ckpt_verify(fd, &h);
    if (*why)
        goto out;
    if (strcmp(h.run_key, want->run_key) != 0) {
        rc = fail(FAIL_INPUT, "training checkpoint '%s' belongs to run %.12s, not to %.12s", path,
                  h.run_key, want->run_key);
        goto out;
    }
    if (h.real_size != want->real_size || h.n != want->n || h.n_vec != want->n_vec) {
        rc =
            fail(FAIL_INPUT,
                 "training checkpoint '%s' holds %u x %llu values of %u bytes, not %u x %llu of %u",
                 path, h.n_vec, (unsigned long long)h.n, h.real_size, want->n_vec,
                 (unsigned long long)want->n, want->real_size);
        goto out;
    }
    bool ok = lseek(fd, sizeof h, SEEK_SET) >= 0 && read_all(fd, &counts, sizeof counts) == 0;
    if (ok && !ckpt_is_possible(&counts)) {
        *why = "its counts are impossible";
        goto out;
    }
    *c = counts;
    for (uint32_t i = 0; i < h.n_vec && ok; i++)
        ok = read_all(fd, vec[i], h.n * sizeof(real)) == 0;
    /* It was verified a moment ago. Some vectors may be overwritten already: the run cannot go
     * on. */
    rc = ok ? 1 : fail(FAIL_INPUT, "training checkpoint '%s' changed while it was read", path);
out:
    close(fd);
    return rc;
}

int ckpt_load(const char *path, const char *run_key, struct ckpt *c, real *const *vec, int n_vec,
              size_t n)
{
    struct ckpt_head want = ckpt_head_make(run_key, n_vec, n);
    char *old = xprintf("%s.old", path);
    const char *why, *why_old;
    int rc = ckpt_load_file(path, &want, c, vec, &why);

    if (rc == 0) {
        rc = ckpt_load_file(old, &want, c, vec, &why_old);
        if (rc == 1 && why)
            warn("cannot use training checkpoint '%s': %s; using '%s' of step %ld", path, why, old,
                 c->step);
        else if (rc == 1)
            warn("training checkpoint '%s' is missing; using '%s' of step %ld", path, old, c->step);
        else if (rc == 0 && why)
            warn("cannot use training checkpoint '%s': %s", path, why);
        else if (rc == 0 && why_old)
            warn("cannot use training checkpoint '%s': %s", old, why_old);
    }
    free(old);
    return rc;
}

void ckpt_remove(const char *path)
{
    char *dir = xstrdup(path), *slash = strrchr(dir, '/');
    const char *name = path + (slash ? slash - dir + 1 : 0);
    size_t n = strlen(name);

    if (slash)
        slash[slash == dir] = 0;
    DIR *d = opendir(slash ? dir : ".");
    for (struct dirent *e; d && (e = readdir(d));) {
        const char *rest = e->d_name + n;
        if (strncmp(e->d_name, name, n) != 0 ||
            (*rest && strcmp(rest, ".old") != 0 && strncmp(rest, ".tmp.", 5) != 0))
            continue;
        unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
    free(dir);
}
