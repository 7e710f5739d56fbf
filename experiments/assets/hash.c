/* hash.c - the content of files as SHA-256, kept by path, size, times, and inode. */
#include "experiments/assets/hash.h"
#include "core/os/file.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file that changed less than this many seconds ago may change again without a new modification
 * time, because the clock of the file system is coarse. */
static const double settled_s = 2;

/* A cache that is missing, damaged or of another format counts as empty. The object maps a path to
 * [size, mtime_ns, ctime_ns, inode, sha256]. The change time counts because a program can set the
 * modification time back. */
static json_t *read_cache(const struct session *s)
{
    char *path = home_path(s->home, "cache/sha256.json");
    bool there = file_exists(path);
    json_error_t why;
    json_t *j = there ? json_load_file(path, JSON_REJECT_DUPLICATES, &why) : NULL;

    if (there && !j)
        detail("the hashes in '%s' are not used: %s", path, why.text);
    free(path);
    if (json_is_object(j))
        return j;
    json_decref(j);
    return json_object();
}

static json_int_t time_ns(const struct timespec *t)
{
    return (json_int_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static const char *cached_hash(const struct session *s, const char *path, const struct stat *st)
{
    const json_t *e = json_object_get(s->hashes, path);
    const char *sha = json_string_value(json_array_get(e, 4));

    if (json_integer_value(json_array_get(e, 0)) != (json_int_t)st->st_size ||
        json_integer_value(json_array_get(e, 1)) != time_ns(&st->st_mtim) ||
        json_integer_value(json_array_get(e, 2)) != time_ns(&st->st_ctim) ||
        json_integer_value(json_array_get(e, 3)) != (json_int_t)st->st_ino || !sha ||
        strlen(sha) != 64 || strspn(sha, "0123456789abcdef") != 64)
        return NULL;
    return sha;
}

int hash_file(char out[65], struct session *s, const char *path)
{
    struct stat st;
    char *full = realpath(path, NULL);

    if (!full || stat(full, &st) != 0) {
        free(full);
        return fail(FAIL_INPUT, "cannot read '%s': %s", path, strerror(errno));
    }
    if (!s->hashes)
        s->hashes = read_cache(s);
    const char *sha = cached_hash(s, full, &st);
    int rc = 0;
    if (sha)
        memcpy(out, sha, 65);
    else
        rc = sha256_file(out, full);
    if (!sha && rc == 0 && now_wall() - (double)st.st_mtim.tv_sec > settled_s &&
        now_wall() - (double)st.st_ctim.tv_sec > settled_s) {
        json_object_set_new(s->hashes, full,
                            json_pack("[I,I,I,I,s]", (json_int_t)st.st_size, time_ns(&st.st_mtim),
                                      time_ns(&st.st_ctim), (json_int_t)st.st_ino, out));
        s->hashes_changed = true;
    }
    free(full);
    return rc;
}

void hash_save(struct session *s)
{
    if (!s->hashes_changed || s->planning)
        return;
    json_t *now = read_cache(s); /* another process may have written to it in the meantime */
    json_object_update(now, s->hashes);
    char *text = json_dumps(now, JSON_SORT_KEYS | JSON_INDENT(0));
    char *dir = home_path(s->home, "cache"), *path = path_join(dir, "sha256.json");
    if (text && make_dirs(dir) == 0)
        file_write(path, text, strlen(text), FAIL_STORE);
    s->hashes_changed = false;
    free(path);
    free(dir);
    free(text);
    json_decref(now);
}
