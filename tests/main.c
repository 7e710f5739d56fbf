/* main.c - run every suite; "tests.x NAME..." runs only those. */
#include "tests/kit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *shared_path(const char *name)
{
    static char path[4096];
    const char *dir = getenv("LOWRANK_SHARED");

    snprintf(path, sizeof path, "%s/%s", dir ? dir : "../shared", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

void skip(const char *why)
{
    fprintf(stderr, "skip: %s\n", why);
}

static int wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return 1;
    return argc == 1;
}

int main(int argc, char **argv)
{
    SRunner *sr = srunner_create(suite_create("lowrank"));

    for (const struct suite *const *s = suite_table; *s; s++) {
        if (!wanted((*s)->name, argc, argv))
            continue;
        Suite *su = suite_create((*s)->name);
        TCase *tc = tcase_create((*s)->name);
        tcase_set_timeout(tc, 120); /* check's own 4 s is short for a loaded machine */
        (*s)->fill(tc);
        suite_add_tcase(su, tc);
        srunner_add_suite(sr, su);
    }
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    int run = srunner_ntests_run(sr);
    srunner_free(sr);
    printf("%d passed, %d failed\n", run - failed, failed);
    return failed || run == 0;
}
