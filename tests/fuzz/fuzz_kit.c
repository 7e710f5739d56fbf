/* fuzz_kit.c - what fuzz targets share. */
#include "tests/fuzz/fuzz_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utf8proc.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { MOST = 1 << 16 };
static char printed[MOST + 1]; /* messages since fuzz_begin */
static size_t n_printed;
static char dir[64];

/* --- messages */

/* What a CHECK says must be seen; everything else is kept for fuzz_end. */
static ssize_t keep(void *cookie, const char *text, size_t size)
{
    size_t n = size < MOST - n_printed ? size : MOST - n_printed;

    (void)cookie;
    memcpy(printed + n_printed, text, n);
    n_printed += n;
    printed[n_printed] = 0;
    return (ssize_t)size;
}

static void show_printed(void)
{
    if (write(STDERR_FILENO, printed, n_printed) < 0)
        n_printed = 0;
}

/* bug() prints to stderr and aborts. The sanitizers and libFuzzer write to the descriptor, and
 * take SIGABRT after this handler. */
static struct sigaction previous;
static void on_abort(int sig)
{
    show_printed();
    sigaction(sig, &previous, NULL);
    raise(sig);
}

static void capture(void)
{
    static bool done;
    FILE *to;

    if (done)
        return;
    done = true;
    to = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = keep });
    if (!to)
        abort();
    setvbuf(to, NULL, _IONBF, 0);
    stderr = to;
    stdout = fopen("/dev/null", "w"); /* help, for example */
    CHECK(stdout, "/dev/null");
    verbosity = 1;
    sigaction(SIGABRT, &(struct sigaction){ .sa_handler = on_abort }, &previous);
}

struct fuzz_bytes fuzz_begin(const uint8_t *data, size_t size)
{
    capture();
    n_printed = 0;
    *printed = 0;
    fail(FAIL_STOPPED, "none");
    return (struct fuzz_bytes){ data, size };
}

bool fuzz_plain(const char *s)
{
    while (*s) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s, -1, &c);
        if (n <= 0 || (c < 32 && c != '\n') || (c >= 127 && c < 160))
            return false;
        s += n;
    }
    return true;
}

/* Bytes of a message that a terminal would obey. Other bytes that are not UTF-8 are allowed: a
 * message may quote a name as it is. */
static bool has_control(const char *s, const char *allowed)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s, next = (unsigned char)s[1];
        if ((c < 32 && !strchr(allowed, c)) || c == 127 || (c == 0xC2 && next >= 128 && next < 160))
            return true;
    }
    return false;
}

void fuzz_end(void)
{
    CHECK(!has_control(printed, "\n"), "in a message");
}

void fuzz_refused(int codes)
{
    CHECK(fail_code() != FAIL_STOPPED, "refused without a reason");
    CHECK(codes >> fail_code() & 1, "status %d: %s", (int)fail_code(), fail_text());
    CHECK(*fail_text() && !has_control(fail_text(), ""), "in '%s'", fail_text());
}

/* --- parts of an input */

int fuzz_byte(struct fuzz_bytes *rest)
{
    if (rest->size == 0)
        return 0;
    rest->size--;
    return *rest->data++;
}

struct fuzz_bytes fuzz_part(struct fuzz_bytes *rest)
{
    const uint8_t *end = rest->size ? memchr(rest->data, 0xFF, rest->size) : NULL;
    struct fuzz_bytes part = { rest->data, end ? (size_t)(end - rest->data) : rest->size };
    size_t taken = part.size + (end != NULL);

    rest->data += taken;
    rest->size -= taken;
    return part;
}

char *fuzz_string(struct fuzz_bytes b)
{
    char *s = xalloc(b.size + 1, 1);

    if (b.size)
        memcpy(s, b.data, b.size);
    return s;
}

/* --- files in memory */

static void write_all(int fd, struct fuzz_bytes b)
{
    while (b.size > 0) {
        ssize_t n = write(fd, b.data, b.size);
        CHECK(n > 0, "%s", strerror(errno));
        b.data += n;
        b.size -= (size_t)n;
    }
}

const char *fuzz_file(struct fuzz_bytes b)
{
    static char path[64];
    static int fd = -1;

    if (fd >= 0)
        close(fd);
    fd = memfd_create("fuzz", MFD_CLOEXEC);
    CHECK(fd >= 0, "%s", strerror(errno));
    write_all(fd, b);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
    (void)st, (void)flag;
    return f->level == 0 ? 0 : remove(path);
}

void fuzz_clear(void)
{
    nftw(fuzz_dir(), remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void remove_dir(void)
{
    fuzz_clear();
    rmdir(dir);
}

const char *fuzz_dir(void)
{
    if (!*dir) {
        const char *shm = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        const char *given = getenv("FUZZ_DIR");
        snprintf(dir, sizeof dir, "%s/lowrank-fuzz-XXXXXX", given ? given : shm);
        CHECK(mkdtemp(dir), "%s: %s", dir, strerror(errno));
        atexit(remove_dir);
    }
    return dir;
}

const char *fuzz_put(const char *name, struct fuzz_bytes b)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
    if (b.size == 0) {
        unlink(path);
        return path;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    CHECK(fd >= 0, "%s: %s", path, strerror(errno));
    write_all(fd, b);
    close(fd);
    return path;
}

void fuzz_mend(uint8_t *data, size_t size)
{
    XXH128_canonical_t sum;

    CHECK(size >= sizeof sum, "%zu bytes", size);
    XXH128_canonicalFromHash(&sum, XXH3_128bits(data, size - sizeof sum));
    memcpy(data + size - sizeof sum, &sum, sizeof sum);
}

/* --- a tokenizer */

/* The vocabulary {character for byte b: b} with pieces of two and three bytes. */
struct tok *fuzz_byte_tok(void)
{
    static struct tok *made;
    struct text vocab = { 0 };

    if (made)
        return made;
    for (int b = 0, others = 256; b < 256; b++) {
        char c[5] = "";
        bool shown = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        utf8proc_encode_char(shown ? b : others++, (utf8proc_uint8_t *)c);
        text_add(&vocab, "%c\"%s%s\": %d", b ? ',' : '{', b == '"' || b == '\\' ? "\\" : "", c, b);
    }
    text_add(&vocab, ",\"th\":256,\"the\":257,\"\xC4\xA0the\":258,\"aa\":259,\"aaa\":260}");
    const char merges[] = "t h\nth e\n\xC4\xA0 the\na a\naa a\n";
    fuzz_clear();
    fuzz_put("vocab.json", (struct fuzz_bytes){ (const uint8_t *)vocab.s, vocab.n });
    fuzz_put("merges.txt", (struct fuzz_bytes){ (const uint8_t *)merges, sizeof merges - 1 });
    made = tok_load(fuzz_dir());
    CHECK(made, "%s", fail_text());
    text_free(&vocab);
    return made;
}
