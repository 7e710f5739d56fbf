/* doctor.h - facts about this machine and this installation, each with a verdict and what to do. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "experiments/assets/session.h"
#include "results/store/store.h"

enum fact_state {
    FACT_OK,
    FACT_WARN,
    FACT_MISSING /* and needed to reproduce the paper's studies */
};
struct doctor {
    const struct session *session;
    struct rows rows;
    char *missing; /* names, comma-separated; owned */
    bool verify;   /* hash the files of models */
};
/* doctor_add - one fact. VALUE is text made by xprintf or xstrdup, which is taken over; ADVICE may
 * be NULL. */
void doctor_add(struct doctor *d, enum fact_state v, const char *fact, char *value,
                const char *advice);

void doctor_machine(struct doctor *d); /* program, CPU, memory, BLAS, speed */
void doctor_tools(struct doctor *d);   /* gnuplot, pip, fonts, WordNet */
int doctor_home(
    struct doctor *d); /* folders, models, tasks, database. Errors: a broken file of the program */
#endif
