/* gnuplot.c - the only place that starts gnuplot. Because gnuplot exits with 0 even if the disk is
 * full, its files are checked. */
#include "plots/figure/gnuplot.h"
#include "core/base/base.h"
#include "core/os/file.h"
#include "core/base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

double gnuplot_timeout_s = 60;

bool gnuplot_is_installed(void)
{
    char program[] = "gnuplot", flag[] = "--version", said[256];
    char *argv[] = { program, flag, NULL };

    return spawn_wait(argv, said, sizeof said, 20) == 0;
}

/* How a complete file begins, and what is near its end. */
static const struct {
    const char *format, *head, *tail;
} marks[] = {
    { "pdf", "%PDF-", "%%EOF" },
    { "svg", "<?xml", "</svg>" },
    { "png", "\x89PNG", "IEND" },
};

static bool is_complete(const struct file *f, const char *head, const char *tail)
{
    size_t n = strlen(head), last = f->size < 64 ? f->size : 64;

    return f->size > 256 && memcmp(f->data, head, n) == 0 &&
           memmem(f->data + f->size - last, last, tail, strlen(tail)) != NULL;
}

static int check_file(const char *path, const char *format)
{
    struct file f;
    size_t i = 0;

    while (i < ARRAY_LEN(marks) && strcmp(marks[i].format, format) != 0)
        i++;
    CHECK(i < ARRAY_LEN(marks), "format '%s'", format);
    if (file_map(&f, path) != 0)
        return fail(FAIL_STORE, "gnuplot did not write '%s'; is the disk full?", path);
    bool complete = is_complete(&f, marks[i].head, marks[i].tail);
    size_t size = f.size;
    file_unmap(&f);
    return complete
               ? 0
               : fail(FAIL_STORE, "gnuplot left '%s' incomplete (%zu bytes); is the disk full?",
                      path, size);
}

/* Report the first error in gnuplot's output, such as '"rank.gp" line 3: undefined variable: x'. */
static int report_error(char *said, int status)
{
    const char *line = NULL;

    if (stop_check() != 0) /* Ctrl-C in a terminal interrupts both programs */
        return -1;
    if (status > 128)
        return fail(FAIL_TOOL, "gnuplot was killed by signal %d", status - 128);
    for (char *s = strtok(said, "\n"); s; s = strtok(NULL, "\n")) {
        if (strstr(s, " line ") && strstr(s, ": ") && !strstr(s, "warning:")) {
            line = s;
            break;
        }
        if (!line && s[strspn(s, " \t^")])
            line = s;
    }
    return fail(FAIL_TOOL, "gnuplot failed (exit %d): %s", status, line ? line : "no message");
}

/* The commands that come before the script. DIR may contain a quote, which a single-quoted string
 * of gnuplot doubles. */
static char *first_commands(const char *dir, const char *stem, const char *const *formats)
{
    struct text t = { 0 };

    text_add(&t, "cd '");
    for (const char *s = dir; *s; s++)
        text_add(&t, *s == '\'' ? "''" : "%c", *s);
    text_add(&t, "'; stem = '%s'; formats = '", stem);
    for (int i = 0; formats[i]; i++)
        text_add(&t, "%s%s", i ? " " : "", formats[i]);
    text_add(&t, "'");
    return text_take(&t);
}

static int run_gnuplot(const char *dir, const char *name, const char *stem,
                       const char *const *formats)
{
    static char said[8192];
    char program[] = "gnuplot", no_rc[] = "-d", execute[] = "-e";
    char *script = xprintf("%s.gp", name), *first = first_commands(dir, stem, formats);
    char *argv[] = { program, no_rc, execute, first, script, NULL };
    int status = spawn_wait(argv, said, sizeof said, gnuplot_timeout_s);

    free(first);
    free(script);
    if (status < 0)
        return -1;
    return status == 0 ? 0 : report_error(said, status);
}

int gnuplot_draw(const char *dir, const char *name, const char *const *formats)
{
    char *stem = xprintf(".%s-%ld", name, (long)getpid());
    int rc = run_gnuplot(dir, name, stem, formats);

    for (int i = 0; formats[i] && rc == 0; i++) {
        char *path = xprintf("%s/%s.%s", dir, stem, formats[i]);
        rc = check_file(path, formats[i]);
        free(path);
    }
    for (int i = 0; formats[i]; i++) {
        char *from = xprintf("%s/%s.%s", dir, stem, formats[i]);
        char *to = xprintf("%s/%s.%s", dir, name, formats[i]);
        if (rc != 0)
            unlink(from);
        else if (rename(from, to) != 0)
            rc = fail(FAIL_STORE, "cannot write '%s': %s", to, strerror(errno));
        free(to);
        free(from);
    }
    free(stem);
    return rc;
}
