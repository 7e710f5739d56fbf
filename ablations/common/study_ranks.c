/* study_ranks.c - choose the ranks whose LoRA runs an analysis compares. */
#include "ablations/common/study_ranks.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/* Is GIVEN a list of whole numbers such as "4,64"? N is how many the analysis would choose. */
static int check_given_ranks(const char *given, int n)
{
    const char *s = given;
    int found = 0;

    for (char *end; *s; s = end) {
        long rank = strtol(s, &end, 10);
        if (end == s || rank < 1 || rank > 65536 || (*end && (*end != ',' || !end[1])))
            break;
        found++;
        end += *end == ',';
    }
    return !*s && found > 0 ? 0
                            : fail(FAIL_USAGE, "'ranks' must be a list of ranks like %s, not '%s'",
                                   n > 2 ? "4,8,64" : "8,64", given);
}

/* The first N - 1 of the ascending ranks in R that are at least FROM, and the largest. Returns how
 * many were listed. */
static int choose_ranks(struct text *list, const struct rows *r, long from, int n)
{
    int have = 0;

    for (int i = 0; i < r->n_rows; i++) {
        bool last = i == r->n_rows - 1;
        long rank = strtol(r->cell[i], NULL, 10);
        if (rank < from || (have == n - 1 && !last))
            continue;
        text_join(list, ",", "%ld", rank);
        have++;
    }
    return have;
}

static int fail_without_runs(struct store *s, const struct wanted_runs *w)
{
    char *recipe = study_runs_recipe(s, w->study);

    fail(FAIL_RUN, "study '%s' has no LoRA runs with targets %s%s%s: lowrank sweep %s", w->study,
         w->targets, w->task ? ", task " : "", w->task ? w->task : "", recipe);
    free(recipe);
    return -1;
}

int study_ranks(char **out, struct store *s, const struct wanted_runs *w, const char *given,
                long from, int n)
{
    struct text list = { 0 };
    struct rows r;
    int rc = 0;

    *out = NULL;
    if (given) {
        if (check_given_ranks(given, n) != 0)
            return -1;
        *out = xstrdup(given);
        return 0;
    }
    if (study_runs_ranks(&r, s, w) != 0)
        return -1;
    if (r.n_rows == 0)
        rc = fail_without_runs(s, w);
    else if (choose_ranks(&list, &r, from, n) < 2)
        rc = fail(FAIL_RUN,
                  "study '%s' does not have two ranks of at least %ld with targets %s; name the "
                  "ranks with --ranks",
                  w->study, from, w->targets);
    rows_free(&r);
    if (rc == 0)
        *out = text_take(&list);
    text_free(&list);
    return rc;
}
