/* test_cli.c - the program as a person uses it, and under injected faults: every tests/cli/NAME.sh
 * and tests/faults/NAME.sh is one test, except the files NAME_lib.sh that scripts source. With
 * LOWRANK_SLOW=1 the suite "faults" is the scripts in tests/faults/slow instead. A script exits
 * with 0 when all is well, with 77 when it was skipped (its last line says why), and with anything
 * else after printing what is wrong. A script that left out only a part prints a line "skip: WHY"
 * and counts as skipped, too. */
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
    ck_assert_msg(script_path[_i] != NULL, "the folder has no script");
}
END_TEST

/* A test for each script that matches PATTERN; those of several suites stand one after another. */
static void fill(TCase *tc, const char *pattern)
{
    static size_t n;
    size_t first = n;
    glob_t found;

    if (glob(pattern, 0, NULL, &found) == 0) {
        script_path = xgrow(script_path, n + found.gl_pathc + 1, sizeof *script_path);
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (fnmatch("*_lib.sh", found.gl_pathv[i], 0) != 0)
                script_path[n++] = xstrdup(found.gl_pathv[i]);
        script_path[n] = NULL;
        globfree(&found);
    }
    if (n == first)
        script_path = xgrow(script_path, n + 2, sizeof *script_path), script_path[n++] = NULL;
    tcase_add_loop_test(tc, there_are_scripts, (int)first, (int)first + 1);
    if (script_path[first])
        tcase_add_loop_test(tc, script, (int)first, (int)n);
}

static void fill_cli(TCase *tc)
{
    fill(tc, "tests/cli/*.sh");
}

static void fill_faults(TCase *tc)
{
    const char *slow = getenv("LOWRANK_SLOW");

    fill(tc, slow && *slow ? "tests/faults/slow/*.sh" : "tests/faults/*.sh");
}

const struct suite suite_cli = { "cli", fill_cli };
const struct suite suite_faults = { "faults", fill_faults };
