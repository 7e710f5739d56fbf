/* main.c - runs every suite, or only those named on the command line: "tests.x NAME...". Its last
 * line is "N passed, N failed, N skipped"; the lines before it list the reasons of the skips. */
#include "tests/kit/suite.h"
#include "core/base/base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the tests report to main(). Each test runs in a child process, so this is shared memory. */
struct skips {
    int tests; /* tests that skipped something */
    int n;     /* lines in use */
    struct {
        int times;
        char text[1000]; /* "TEST: WHY" */
    } line[200];
};
static struct skips *skips;
static bool counted; /* the running test is in skips->tests */

const char *shared_path(const char *name)
{
    static char path[4096];
    const char *dir = getenv("LOWRANK_SHARED");

    snprintf(path, sizeof path, "%s/%s", dir ? dir : "../shared", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

void skip(const char *why)
{
    int length = (int)strcspn(why, "\n"), i = 0;
    char text[sizeof skips->line[0].text];

    snprintf(text, sizeof text, "%s: %.*s", tcase_name(), length, why);
    while (i < skips->n && strcmp(skips->line[i].text, text) != 0)
        i++;
    CHECK(i < (int)ARRAY_LEN(skips->line), "%s", text);
    if (i == skips->n)
        strcpy(skips->line[skips->n++].text, text);
    skips->line[i].times++;
    skips->tests += !counted;
    counted = true;
}

static void test_begin(void)
{
    counted = false;
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 1;
}

/* Every NAME on the command line must be a suite: a misspelled one must not pass by running
 * nothing. */
static bool all_known(int argc, char **argv)
{
    bool known = true;

    for (int i = 1; i < argc; i++) {
        const struct suite *const *s = suite_table;
        while (*s && strcmp((*s)->name, argv[i]) != 0)
            s++;
        if (!*s)
            fprintf(stderr, "unknown suite '%s'\n", argv[i]);
        known &= *s != NULL;
    }
    return known;
}

int main(int argc, char **argv)
{
    SRunner *sr = srunner_create(suite_create("lowrank"));

    if (!all_known(argc, argv))
        return 2;
    skips = mmap(NULL, sizeof *skips, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(skips != MAP_FAILED, "%zu bytes of shared memory", sizeof *skips);
    for (const struct suite *const *s = suite_table; *s; s++) {
        if (!wanted((*s)->name, argc, argv))
            continue;
        Suite *su = suite_create((*s)->name);
        TCase *tc = tcase_create((*s)->name);
        tcase_set_timeout(tc, 120); /* check's default of 4 s is too short on a loaded machine */
        tcase_add_checked_fixture(tc, test_begin, NULL);
        (*s)->fill(tc);
        suite_add_tcase(su, tc);
        srunner_add_suite(sr, su);
    }
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    int run = srunner_ntests_run(sr);
    srunner_free(sr);
    for (int i = 0; i < skips->n; i++)
        printf("skipped %d: %s\n", skips->line[i].times, skips->line[i].text);
    printf("%d passed, %d failed, %d skipped\n", run - failed - skips->tests, failed, skips->tests);
    return failed || run == 0;
}
