/* test_cli.c - the program as a person uses it: every tests/cli/NAME.sh is one test, except the
 * files NAME_lib.sh that scripts source. A script exits with 0 when all is well, with 77 when it
 * was skipped (its last line says why), and with anything else after printing what is wrong. A
 * script that left out only a part prints a line "skip: WHY" and counts as skipped, too. */
#include "tests/kit/suite.h"
#include "core/base/base.h"
#include "core/os/file.h"

#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

static const char **script_path;

/* "NAME.sh: WHY" to the list of what was skipped. */
static void skip_script(const char *path, const char *why)
{
    char *text = xprintf("%s: %s", strrchr(path, '/') + 1, why);

    skip(text);
    free(text);
}

static const char *last_line(char *text)
{
    size_t n = strlen(text);

    while (n && text[n - 1] == '\n')
        text[--n] = 0;
    return strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text;
}

START_TEST(script)
{
    const char *path = script_path[_i], mark[] = "skip: ";
    char sh[] = "sh", *file = xstrdup(path);
    char *argv[] = { sh, file, NULL };
    static char out[1 << 16];
    int rc = spawn_wait(argv, out, sizeof out, 110);

    free(file);
    if (rc == 77) {
        skip_script(path, last_line(out));
        return;
    }
    size_t n = strlen(out);
    ck_assert_msg(rc == 0, "%s: exit %d: %s", path, rc, out + (n > 1500 ? n - 1500 : 0));
    for (const char *s = out; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
        if (strncmp(s, mark, strlen(mark)) == 0)
            skip_script(path, s + strlen(mark));
}
END_TEST

START_TEST(there_are_scripts)
{
    ck_assert_msg(script_path != NULL, "tests/cli/*.sh matches no script");
}
END_TEST

static void fill(TCase *tc)
{
    static glob_t found; /* keeps the paths */
    int n = 0;

    if (glob("tests/cli/*.sh", 0, NULL, &found) == 0) {
        script_path = xalloc(found.gl_pathc, sizeof *script_path);
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (fnmatch("*_lib.sh", found.gl_pathv[i], 0) != 0)
                script_path[n++] = found.gl_pathv[i];
    }
    tcase_add_test(tc, there_are_scripts);
    tcase_add_loop_test(tc, script, 0, n);
}

const struct suite suite_cli = { "cli", fill };
