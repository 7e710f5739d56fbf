/* test_gnuplot.c - what is reported when gnuplot fails. */
#include "core/os/file.h"
#include "plots/figure/gnuplot.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *path, const char *text, int mode)
{
    ck_assert_msg(file_write(path, text, strlen(text), FAIL_RUN) == 0, "%s", fail_text());
    ck_assert_int_eq(chmod(path, (mode_t)mode), 0);
}

static char *read_file(const char *path)
{
    struct file f;

    if (file_map(&f, path) != 0)
        return xstrdup("");
    char *text = xprintf("%.*s", (int)f.size, (const char *)f.data);
    file_unmap(&f);
    return text;
}

static const struct {
    const char *script; /* NULL: no such program */
    int code;
    const char *why;
} fakes[] = {
    { NULL, FAIL_TOOL, "not installed" },
    { "#!/bin/sh\necho; echo 'plot x'; echo '     ^'; echo '\"t.gp\" line 3: undefined variable: "
      "x' >&2\nexit 1\n",
      FAIL_TOOL, "exit 1): \"t.gp\" line 3: undefined variable: x" },
    { "#!/bin/sh\nexit 3\n", FAIL_TOOL, "exit 3): no message" },
    { "#!/bin/sh\nkill -9 $$\n", FAIL_TOOL, "killed by signal 9" },
    { "#!/bin/sh\nwhile :; do :; done\n", FAIL_TOOL, "did not finish within" },
    { "#!/bin/sh\nexit 0\n", FAIL_STORE, "did not write" },
    { "#!/bin/sh\nprintf '%%PDF-1.5 half' >\"$OUT/.t-$PPID.pdf\"\n", FAIL_STORE,
      "incomplete (13 bytes)" },
};

START_TEST(fake_gnuplot)
{
    static const char *const formats[] = { "pdf", NULL };
    const char *bin = kit_path("bin"), *out = kit_path("out");
    char *program = path_join(bin, "gnuplot"), *old = path_join(out, "t.pdf");
    char *path = xstrdup(getenv("PATH")), *path_bin = xprintf("%s", bin);

    ck_assert_int_eq(make_dirs(bin), 0);
    ck_assert_int_eq(make_dirs(out), 0);
    write_file(old, "the older figure", 0644);
    unlink(program);
    if (fakes[_i].script)
        write_file(program, fakes[_i].script, 0755);
    setenv("OUT", out, 1);
    setenv("PATH", path_bin, 1);
    gnuplot_timeout_s = 0.5;
    int rc = gnuplot_draw(out, "t", formats);
    setenv("PATH", path, 1);
    ck_assert_int_eq(rc, -1);
    ck_assert_msg(strstr(fail_text(), fakes[_i].why), "%s", fail_text());
    ck_assert_int_eq(fail_code(), fakes[_i].code);
    char *left = read_file(old);
    ck_assert_str_eq(left, "the older figure");
    char *temporary = xprintf("%s/.t-%ld.pdf", out, (long)getpid());
    ck_assert(!file_exists(temporary));
    free(temporary);
    free(left);
    free(path_bin);
    free(path);
    free(old);
    free(program);
}
END_TEST

/* gnuplot reports success even if the disk is full. */
START_TEST(full_disk)
{
    static const char *const formats[] = { "svg", NULL };
    const char *out = kit_path("full");
    char *gp = path_join(out, "t.gp"), *svg = path_join(out, "t.svg");
    char *link = xprintf("%s/.t-%ld.svg", out, (long)getpid());

    if (!gnuplot_is_installed()) {
        skip("gnuplot is not installed");
        return;
    }
    ck_assert_int_eq(make_dirs(out), 0);
    write_file(gp, "set terminal svg\nset output stem.'.svg'\nplot x\nset output\n", 0644);
    ck_assert_int_eq(symlink("/dev/full", link), 0);
    ck_assert_int_eq(gnuplot_draw(out, "t", formats), -1);
    ck_assert_msg(fail_code() == FAIL_STORE || fail_code() == FAIL_TOOL, "%s", fail_text());
    ck_assert(!file_exists(svg));
    ck_assert_int_eq(gnuplot_draw(out, "t", formats), 0);
    ck_assert(file_exists(svg));
    free(link);
    free(svg);
    free(gp);
}
END_TEST

static void add_gnuplot_tests(TCase *tc)
{
    tcase_add_loop_test(tc, fake_gnuplot, 0, (int)ARRAY_LEN(fakes));
    tcase_add_test(tc, full_disk);
}

const struct suite suite_gnuplot = { "gnuplot", add_gnuplot_tests };
