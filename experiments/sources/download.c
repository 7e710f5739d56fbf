/* download.c - a file of known size and hash, from an HTTP server. */
#include "experiments/sources/download.h"
#include "core/os/file.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One request, which appends to PART. */
struct transfer {
    const struct download *d;
    const char *part;
    int fd;
    uint64_t at;     /* bytes in PART */
    uint64_t was_at; /* when the request began */
    double began;    /* seconds of now_mono */
    int write_err;   /* errno */
    bool too_long;
};

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;

    n *= size;
    t->too_long = n > t->d->size - t->at;
    if (t->too_long)
        return CURL_WRITEFUNC_ERROR;
    if (file_write_to(t->fd, data, n) != 0) {
        t->write_err = errno;
        return CURL_WRITEFUNC_ERROR;
    }
    t->at += n;
    return n;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t ul_total,
                       curl_off_t ul_now)
{
    const struct transfer *t = arg;
    uint64_t all = t->d->total ? t->d->total : t->d->size, done = t->d->before + t->at;
    double rate = (double)(t->at - t->was_at) / (now_mono() - t->began);
    char left[32];

    (void)total, (void)now, (void)ul_total, (void)ul_now;
    if (t->at > t->was_at)
        progress("%s: %.1f of %.1f MB, %.1f MB/s, %s left", t->d->what, (double)done / 1e6,
                 (double)all / 1e6, rate / 1e6, duration_text(left, (double)(all - done) / rate));
    else
        progress("%s: %.1f of %.1f MB", t->d->what, (double)done / 1e6, (double)all / 1e6);
    return stop_requested();
}

static int transfer_failed(const struct transfer *t, CURLcode code, const char *why)
{
    const char *resumes = t->at > 0 ? "; the same command continues where it stopped" : "";

    if (code == CURLE_ABORTED_BY_CALLBACK)
        return fail(FAIL_STOPPED, "stopped; the same command continues with '%s'", t->part);
    if (t->too_long) {
        unlink(t->part); /* bytes of another file */
        return fail(FAIL_INPUT, "cannot fetch %s: '%s' sends more than the expected %llu bytes",
                    t->d->what, t->d->url, (unsigned long long)t->d->size);
    }
    if (t->write_err)
        return fail(FAIL_STORE, "cannot write '%s': %s", t->part, strerror(t->write_err));
    return fail(FAIL_TOOL, "cannot fetch %s from '%s': %s%s", t->d->what, t->d->url,
                *why ? why : curl_easy_strerror(code), resumes);
}

/* Append what is missing. 1: the server cannot continue at T->at. */
static int transfer_rest(struct transfer *t)
{
    char why[CURL_ERROR_SIZE] = "";
    uint64_t start = t->at;
    CURL *c = curl_easy_init();

    CHECK(c, "libcurl does not start");
    t->was_at = start;
    t->began = now_mono();
    curl_easy_setopt(c, CURLOPT_URL, t->d->url);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)start);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, 8L);
    curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 20L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1000L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    CURLcode code = curl_easy_perform(c);
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(c);
    progress_end();
    if (start > 0 && t->at == start && (code == CURLE_RANGE_ERROR || status == 416))
        return 1;
    if (code != CURLE_OK)
        return transfer_failed(t, code, why);
    if (t->at < t->d->size)
        return fail(FAIL_TOOL,
                    "cannot fetch %s: '%s' sent %llu of the expected %llu bytes; the same command "
                    "continues where it stopped",
                    t->d->what, t->d->url, (unsigned long long)t->at,
                    (unsigned long long)t->d->size);
    return 0;
}

/* 0: PART is the expected file; 1: it is another one. */
static int compare_part(const struct transfer *t, char sha[65])
{
    if (sha256_file(sha, t->part) != 0)
        return fail(FAIL_STORE, "%s", fail_text());
    return strcmp(sha, t->d->sha256) != 0;
}

static int start_over(struct transfer *t)
{
    if (ftruncate(t->fd, 0) != 0)
        return fail(FAIL_STORE, "cannot write '%s': %s", t->part, strerror(errno));
    t->at = 0;
    return transfer_rest(t);
}

/* Make PART the whole file. A part that is already complete needs no request: a server would only
 * answer that it has no more bytes. */
static int complete_part(struct transfer *t)
{
    char sha[65] = "";
    bool from_start = t->at == 0;
    int rc = t->at < t->d->size ? transfer_rest(t) : t->at > t->d->size;

    if (rc == 0)
        rc = compare_part(t, sha);
    if (rc == 1 && !from_start) {
        rc = start_over(t);
        if (rc == 0)
            rc = compare_part(t, sha);
    }
    if (rc == 1) {
        unlink(t->part);
        rc = fail(FAIL_INPUT, "'%s' has SHA-256 %s, not %s as expected", t->d->url, sha,
                  t->d->sha256);
    }
    return rc;
}

int download_have(const struct download *d, uint64_t *have)
{
    char *part = xprintf("%s.part", d->path);
    struct stat st = { 0 };
    int rc = stat(part, &st) == 0 || errno == ENOENT
                 ? 0
                 : fail(FAIL_STORE, "cannot read '%s': %s", part, strerror(errno));

    *have = (uint64_t)st.st_size;
    free(part);
    return rc;
}

int download_file(const struct download *d)
{
    char *part = xprintf("%s.part", d->path);
    struct transfer t = { .d = d, .part = part };
    int rc = -1;

    t.fd = open(part, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (t.fd < 0 || download_have(d, &t.at) != 0) {
        if (t.fd < 0)
            fail(FAIL_STORE, "cannot write '%s': %s", part, strerror(errno));
        goto out;
    }
    rc = complete_part(&t);
    if (rc == 0 && (fsync(t.fd) != 0 || rename(part, d->path) != 0))
        rc = fail(FAIL_STORE, "cannot write '%s': %s", d->path, strerror(errno));
out:
    if (t.fd >= 0)
        close(t.fd);
    free(part);
    return rc;
}
