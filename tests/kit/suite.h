/* suite.h - one check suite a file: tests/test_NAME.c defines "const struct suite suite_NAME". */
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
 * ../shared), or NULL when it is not there: the test then calls skip(). The text lives until the
 * next call. */
const char *shared_path(const char *name);
/* skip - print one clear line "skip SUITE: WHY" and count it; the test returns at once. */
void skip(const char *why);
#endif
