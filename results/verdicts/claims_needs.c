/* claims_needs.c - what an undecided claim needs, with the command that makes it. */
#include "results/verdicts/claims_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_UNITS = 50, MOST_EXAMPLES = 100000 };

/* TEXT (owned) with N for every MARK. */
static char *filled(char *text, const char *mark, long n)
{
    for (char *at; (at = strstr(text, mark)) != NULL;) {
        char *more = xprintf("%.*s%ld%s", (int)(at - text), text, n, at + strlen(mark));
        free(text);
        text = more;
    }
    return text;
}

char *claims_command(const struct claim *c, long n)
{
    return filled(filled(xstrdup(c->make), "{n}", n), "{2n}", 2 * n);
}

char *claims_untested(const struct claim *c, const struct claim_part *p)
{
    char *make = claims_command(c, c->units), *text = NULL;

    if (p->lost_a)
        text = xprintf("%d of %d %s diverged or have no number (%s): %s", p->n_lost, p->n_seen,
                       c->unit, p->label, make);
    else if (p->unrun)
        text = xprintf("a setting to choose from has no finished run (%s): %s", p->label, make);
    else if (p->twice)
        text = xprintf("some of the %s come twice (%s): runs differ in more than the claim names",
                       c->unit, p->label);
    else if (p->d.n < c->units)
        text = xprintf("%d of %ld %s (%s): %s", p->d.n, c->units, c->unit, p->label, make);
    else if (p->edge)
        text = xprintf("%s (%s): more values of it are needed in study '%s'", p->edge, p->label,
                       c->study);
    free(make);
    return text;
}

/* The 95 % interval's lower end; of fewer than two units nothing is known: infinite. */
static double surely(const struct stats_mean *m)
{
    return m->n < 2 ? INFINITY : m->mean - m->half;
}

char *claims_uninformative(const struct claim_row *row)
{
    const struct stats_mean *best = NULL;
    char floor[32], mean[32], half[32];

    for (int i = 0; i < row->n_parts; i++) {
        const struct stats_mean *side[] = { &row->part[i].a, &row->part[i].b };
        for (int k = 0; k < 2; k++)
            if (!best || surely(side[k]) > surely(best))
                best = side[k];
    }
    if (!best || isnan(row->floor) || surely(best) > row->floor)
        return NULL;
    return xprintf("uninformative: no side is above %s, %s; the nearest has %s ± %s",
                   claims_shown(floor, row, row->floor, false),
                   row->floor == 0 ? "no correlation" : "the share of the largest class",
                   claims_shown(mean, row, best->mean, false),
                   claims_shown(half, row, best->half, false));
}

/* How many examples would decide at LEVEL with a power of 0.8; 0: out of reach. */
static long examples_needed(const struct claim_part *p, double boundary, double level)
{
    double z = stats_t_quantile(1 - level, 10000) + stats_t_quantile(0.6, 10000);
    double more = z * p->ex_sd / (p->ex_d - boundary), n = (double)p->n_examples * more * more;

    return n < MOST_EXAMPLES ? lround(ceil(n)) : 0;
}

static char *more_examples(const struct claim *c, const struct claim_part *p, double level)
{
    long n = examples_needed(p, claims_boundary(c, p->ex_d), level);

    if (p->dev_whole)
        return xstrdup("dev has no more");
    if (n == 0)
        return xprintf("not within reach: more than %d would be needed", MOST_EXAMPLES);
    char *make = claims_command(c, p->d.n);
    char *text =
        xprintf("by this difference about %ld would do (dev_n=0: all of dev): %s dev_n=0", n, make);
    free(make);
    return text;
}

static char *more_units(const struct claim *c, const struct claim_part *p, double level)
{
    double effect = fabs(p->d.mean - claims_boundary(c, p->d.mean));
    int n = stats_units_needed(effect, p->d.sd, level, p->d.n + 1, MOST_UNITS);

    if (n == 0)
        return xprintf("not within reach: more than %d %s would be needed", MOST_UNITS, c->unit);
    char *make = claims_command(c, n);
    bool helps = strcmp(make, c->make) != 0; /* else it makes the same ones again */
    char *text = xprintf("by this difference and spread about %d %s would do%s%s", n, c->unit,
                         helps ? ": " : "", helps ? make : "");
    free(make);
    return text;
}

char *claims_chance(const struct claim_row *row)
{
    const struct claim *c = row->claim;
    const struct claim_part *p = &row->part[row->decisive];
    bool examples = p->n_examples > 0 && p->p_examples >= p->p_units;
    /* Bonferroni's, which Holm's is at worst. */
    double level = CLAIMS_LEVEL / (double)p->tried / (p->inside ? 1 : row->n_parts) / row->n_tests;
    char *of = examples ? xprintf("%ld examples", p->n_examples) : xstrdup(c->unit);
    char *what = row->p < CLAIMS_LEVEL
                     ? xprintf("p = %.2g before Holm's correction, by the %s", row->p, of)
                     : xprintf("the boundary is within chance of the %s", of);
    char *more = examples ? more_examples(c, p, level) : more_units(c, p, level);
    char *text = xprintf("%s; %s", what, more);

    free(more);
    free(what);
    free(of);
    return text;
}
