/* test_cli.c - the program as a user runs it: every tests/cli/NAME.sh is one test. A script exits 0
 * when all is well, 77 to be skipped (it says why), anything else with its last lines as the
 * message. */
#include "tests/kit/suite.h"
#include "core/base/base.h"
#include "core/base/file.h"

#include <glob.h>
#include <string.h>

static glob_t scripts;

START_TEST(script)
{
    char sh[] = "sh";
    char *argv[] = { sh, scripts.gl_pathv[_i], NULL };
    static char out[1 << 16];
    int rc = spawn_wait(argv, out, sizeof out, 110);

    if (rc == 77) {
        skip(out);
        return;
    }
    size_t n = strlen(out);
    ck_assert_msg(rc == 0, "%s: exit %d: %s", scripts.gl_pathv[_i], rc,
                  out + (n > 1500 ? n - 1500 : 0));
}
END_TEST

static void fill(TCase *tc)
{
    if (glob("tests/cli/*.sh", 0, NULL, &scripts) == 0)
        tcase_add_loop_test(tc, script, 0, (int)scripts.gl_pathc);
}

const struct suite suite_cli = { "cli", fill };
