/* doctor.h - facts about this machine and this installation, each with advice. Private to this
 * folder. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "core/base/text.h"
#include "experiments/assets/session.h"
#include "results/rows/rows.h"

enum fact_state {
    FACT_OK,
    FACT_WARN,    /* it works, but not as well as it could */
    FACT_MISSING, /* and 'make reproduce' needs it */
    N_FACT_STATES
};
struct doctor {
    const struct session *session;
    struct rows rows;    /* fact, state, value, advice */
    struct text missing; /* names of missing facts, separated by commas */
    bool verify;         /* hash the files of models */
};
/* doctor_init - no facts yet. doctor_free - free them. */
void doctor_init(struct doctor *d, const struct session *ses, bool verify);
void doctor_free(struct doctor *d);

/* doctor_add - one fact. VALUE is a string that doctor_add frees; ADVICE may be NULL. */
void doctor_add(struct doctor *d, enum fact_state state, const char *fact, char *value,
                const char *advice);

/* doctor_print - the facts as lines for people, with advice on lines of their own. */
void doctor_print(const struct doctor *d);

/* Each of these adds facts. doctor_machine - program, CPU, memory, BLAS, speed. doctor_tools -
 * gnuplot, fonts, pip, WordNet. doctor_home - folders, models, tasks, database; Errors:
 * FAIL_USAGE or FAIL_INPUT, for a file of the program that is damaged. */
void doctor_machine(struct doctor *d);
void doctor_tools(struct doctor *d);
int doctor_home(struct doctor *d);

/* doctor_version - the first line that PROGRAM prints when it is called with FLAG; the caller
 * frees it. NULL: it is not installed. */
char *doctor_version(const char *program, const char *flag);
#endif
