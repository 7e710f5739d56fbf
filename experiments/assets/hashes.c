/* hashes.c - content of files by SHA-256, remembered by path, size, time and inode. */
#include "experiments/assets/hashes.h"
#include "core/base/file.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file changed less than this many seconds ago may change again within the clock's grain. */
static const double settled_s = 2;

static json_t *known; /* path -> [size, mtime_ns, inode, sha256] */
static bool changed;

static char *cache_path(void)
{
    return home_path("cache/sha256.json");
}

/* A cache that is absent, half written or somebody else's is an empty one. */
static json_t *read_cache(void)
{
    char *path = cache_path();
    json_t *j = file_exists(path) ? json_load_file(path, JSON_REJECT_DUPLICATES, NULL) : NULL;

    free(path);
    if (json_is_object(j))
        return j;
    json_decref(j);
    return json_object();
}

static json_int_t mtime_ns(const struct stat *st)
{
    return (json_int_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static const char *cached(const char *path, const struct stat *st)
{
    const json_t *e = json_object_get(known, path);
    const char *sha = json_string_value(json_array_get(e, 3));

    if (json_integer_value(json_array_get(e, 0)) != (json_int_t)st->st_size ||
        json_integer_value(json_array_get(e, 1)) != mtime_ns(st) ||
        json_integer_value(json_array_get(e, 2)) != (json_int_t)st->st_ino || !sha ||
        strlen(sha) != 64 || strspn(sha, "0123456789abcdef") != 64)
        return NULL;
    return sha;
}

int hash_file(char out[65], const char *path)
{
    struct stat st;
    char *full = realpath(path, NULL);

    if (!full || stat(full, &st) != 0) {
        free(full);
        return fail(FAIL_INPUT, "cannot read '%s': %s", path, strerror(errno));
    }
    if (!known)
        known = read_cache();
    const char *sha = cached(full, &st);
    int rc = 0;
    if (sha)
        memcpy(out, sha, 65);
    else
        rc = sha256_file(out, full);
    if (!sha && rc == 0 && now_wall() - (double)st.st_mtim.tv_sec > settled_s) {
        json_object_set_new(known, full,
                            json_pack("[I,I,I,s]", (json_int_t)st.st_size, mtime_ns(&st),
                                      (json_int_t)st.st_ino, out));
        changed = true;
    }
    free(full);
    return rc;
}

void hash_save(void)
{
    if (!changed)
        return;
    json_t *now = read_cache(); /* another process may have written meanwhile */
    json_object_update(now, known);
    char *text = json_dumps(now, JSON_SORT_KEYS | JSON_INDENT(0)), *dir = home_path("cache"),
         *path = cache_path();
    if (text && make_dirs(dir) == 0)
        file_write(path, text, strlen(text), FAIL_STORE);
    changed = false;
    free(path);
    free(dir);
    free(text);
    json_decref(now);
}
