/* suite.h - a suite is one file test_NAME.c that defines "const struct suite suite_NAME"; the
 * Makefile collects the table. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>
#undef fail /* a macro of check that would hide core/base's fail() */

struct suite {
    const char *name;
    void (*fill)(TCase *tc); /* adds the tests */
};
extern const struct suite *const suite_table[]; /* generated, NULL-terminated */

/* shared_path - "DIR/NAME" in the folder of shared development data (LOWRANK_SHARED, else
 * ../shared), or NULL when it is not there: the test then calls skip(). The string is valid until
 * the next call. */
const char *shared_path(const char *name);
/* skip - count the running test as skipped instead of passed and list WHY (its first line) at the
 * end of the output. The test then returns; several calls in one test count once. */
void skip(const char *why);
#endif
