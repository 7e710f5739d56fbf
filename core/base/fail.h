/* fail.h - assertions, and failures as one line of text with an exit status. */
#ifndef FAIL_H
#define FAIL_H

#include "core/base/macros.h"

/* CHECK - assert COND, which only a bug in this program can violate: print where it failed and the
 * formatted values, then abort. Compiled into every build. */
#define CHECK(cond, ...) ((cond) ? (void)0 : bug(__FILE__, __LINE__, #cond, __VA_ARGS__))
_Noreturn void bug(const char *file, int line, const char *cond, const char *fmt, ...) PRINTF(4, 5);

/* What kind of failure it was. The code becomes the exit status of the program when the failure
 * reaches main; fail_statuses says what each means. */
enum fail_code {
    FAIL_RUN = 1,
    FAIL_USAGE = 2,
    FAIL_INPUT = 3,
    FAIL_STORE = 4,
    FAIL_MEMORY = 5,
    FAIL_TOOL = 6,
    FAIL_STOPPED = 130
};

/* fail_statuses - the exit statuses of the program, 0 included, as "status" and "meaning"; the last
 * entry has MEANING NULL. 'lowrank help exit' and the man pages print it. */
struct fail_status {
    const char *status, *meaning;
};
extern const struct fail_status fail_statuses[];

/* fail - record a failure as one line: what failed first, the subject in quotes, no capital letter,
 * no full stop. text_one_line removes what a terminal must not see. The most recent call counts.
 * Returns -1, so that a function can end with "return fail(...)". */
int fail(enum fail_code code, const char *fmt, ...) PRINTF(2, 3);

/* fail_context - put "TEXT: " in front of the recorded line and keep its code; returns -1. */
int fail_context(const char *fmt, ...) PRINTF(1, 2);

/* fail_setting - fail(FAIL_USAGE, ...) because a setting has a wrong value, and record its KEY as
 * well; of several settings that together are wrong, their keys as "batch,steps". fail_about -
 * record KEYS for the failure that is recorded already. Both return -1. */
int fail_setting(const char *keys, const char *fmt, ...) PRINTF(2, 3);
int fail_about(const char *keys);

/* fail_text, fail_code - the recorded line and its code. fail_keys - the keys of the settings that
 * the recorded failure is about, "" when none were recorded. */
const char *fail_text(void);
enum fail_code fail_code(void);
const char *fail_keys(void);
#endif
