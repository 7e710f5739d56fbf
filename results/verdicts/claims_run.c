/* claims_run.c - adding runs where they decide most. */
#include "results/verdicts/claims_run.h"
#include "core/base/text.h"
#include "core/os/spawn.h"
#include "results/verdicts/claims_looks.h"
#include "results/verdicts/claims_needs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_GAIN 0.05

/* Seeds for a unit: a pair of adapters takes two. 0: more seeds give no more units. */
static long seeds_for_unit(const struct claim *c)
{
    return strstr(c->make, "{2n}") ? 2 : strstr(c->make, "{n}") ? 1 : 0;
}

static bool may_gain(const struct claims *c, const struct claim_row *row, const bool *wanted,
                     const char *study)
{
    return wanted[row->claim - c->claim] && row->verdict == UNDECIDED && row->n_parts > 0 &&
           !row->uninformative && strcmp(row->claim->study, study) == 0 &&
           seeds_for_unit(row->claim) > 0;
}

static double gain_of(const struct claims *c, const bool *wanted, const char *study, long seeds)
{
    double gain = 0;

    for (const struct claim_row *row = c->row; row < c->row + c->n_rows; row++) {
        if (!may_gain(c, row, wanted, study))
            continue;
        long n = seeds / seeds_for_unit(row->claim);
        n = n < row->claim->planned ? n : row->claim->planned;
        if (n > row->units && row->n_tests > 0)
            gain += claims_power(row, (double)n, 1, false);
        else if (row->n_tests == 0 && row->part[row->decisive].d.n < row->claim->units)
            gain += n >= row->claim->units ? 0.5 : 0;
    }
    return gain;
}

bool claims_best_step(struct claims_step *best, const struct claims *c, const bool *wanted,
                      double budget_s)
{
    bool found = false;

    for (const struct claim_row *row = c->row; row < c->row + c->n_rows; row++) {
        const struct claim *x = row->claim;
        if (!may_gain(c, row, wanted, x->study) || isnan(x->unit_s))
            continue;
        for (long n = row->units; (n = claims_next_look(x, n)) > 0;) {
            struct claims_step s = { .study = x->study, .seeds = n * seeds_for_unit(x) };
            s.gain = gain_of(c, wanted, s.study, s.seeds);
            s.seconds = fmax(1, x->unit_s * ((double)s.seeds - x->units_done));
            if (s.gain < LEAST_GAIN || s.seconds > budget_s)
                continue;
            if (!found || s.gain / s.seconds > best->gain / best->seconds)
                *best = s;
            found = true;
        }
    }
    return found;
}

/* "lowrank sweep rank --seeds 6" as this program's own command. */
static int run_command(const char *line, const char *home)
{
    char *words = xstrdup(line), *save = NULL, *argv[32] = { 0 };
    int n = 0;

    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        CHECK(n < 28, "'%s' has too many words", line);
        argv[n++] = w;
    }
    CHECK(n > 1 && strcmp(argv[0], "lowrank") == 0, "'%s' is no command of this program", line);
    argv[0] = "/proc/self/exe";
    if (home)
        argv[n++] = "--home", argv[n++] = (char *)home;
    int rc = spawn_wait(argv, NULL, 0, 0);
    free(words);
    if (rc > 0)
        rc = stop_check() != 0 ? -1 : fail(FAIL_RUN, "'%s' failed with exit status %d", line, rc);
    return rc;
}

int claims_take_step(const struct claims_step *step, const struct claims *c, const bool *wanted,
                     const char *home)
{
    struct text done = { 0 };
    int rc = 0;

    for (const struct claim_row *row = c->row; row < c->row + c->n_rows && rc == 0; row++) {
        if (!may_gain(c, row, wanted, step->study))
            continue;
        char *all = claims_command(row->claim, step->seeds / seeds_for_unit(row->claim));
        char *save = NULL;
        for (char *line = strtok_r(all, ";", &save); line && rc == 0;
             line = strtok_r(NULL, ";", &save)) {
            line += strspn(line, " ");
            char *once = xprintf("\n%s\n", line);
            if (!strstr(text_string(&done), once)) {
                text_add(&done, "%s", once);
                rc = run_command(line, home);
            }
            free(once);
        }
        free(all);
    }
    text_free(&done);
    return rc;
}
