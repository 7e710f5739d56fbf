/* claims_needs.c - why a claim is undecided, and the command that helps. */
#include "results/verdicts/claims_needs.h"
#include "results/verdicts/claims_region.h"
#include "results/verdicts/claims_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_UNITS = 50, MOST_EXAMPLES = 100000 };

/* TEXT, which is freed, with N in place of every MARK. */
static char *replace_mark(char *text, const char *mark, long n)
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
    return replace_mark(replace_mark(xstrdup(c->make), "{n}", n), "{2n}", 2 * n);
}

char *claims_untested(const struct claim *c, const struct claim_part *p)
{
    char *make = claims_command(c, c->units), *text = NULL;

    if (p->lost_a)
        text = xprintf("%d of %d %s diverged or have no value (%s): %s", p->n_lost, p->n_seen,
                       c->unit, p->label, make);
    else if (p->unrun)
        text = xprintf("a setting to choose from has no finished run (%s): %s", p->label, make);
    else if (p->twice)
        text = xprintf("some of the %s occur more than once (%s): the runs differ in a key that "
                       "the claim does not name",
                       c->unit, p->label);
    else if (p->d.n < c->units)
        text = xprintf("only %d of %ld %s (%s): %s", p->d.n, c->units, c->unit, p->label, make);
    else if (p->edge)
        text =
            xprintf("%s (%s): study '%s' must try values beyond it", p->edge, p->label, c->study);
    free(make);
    return text;
}

/* The lower end of the 95 % interval; infinite for fewer than two units, which show nothing. */
static double lower_end(const struct stats_mean *m)
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
            if (!best || lower_end(side[k]) > lower_end(best))
                best = side[k];
    }
    if (!best || isnan(row->floor) || lower_end(best) > row->floor)
        return NULL;
    return xprintf("uninformative: no side is above %s (%s); the best has %s ± %s",
                   claims_shown(floor, row, row->floor, false),
                   row->floor == 0 ? "no correlation" : "the share of the largest class",
                   claims_shown(mean, row, best->mean, false),
                   claims_shown(half, row, best->half, false));
}

/* How many examples would decide at LEVEL with a power of 0.8; 0: too many. */
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
        return xstrdup("dev has no more examples");
    if (n == 0)
        return xprintf("more than %d examples would be needed to decide", MOST_EXAMPLES);
    char *make = claims_command(c, p->d.n);
    char *text = xprintf("at this difference about %ld examples would decide (dev_n=0 uses all of "
                         "dev): %s dev_n=0",
                         n, make);
    free(make);
    return text;
}

static char *more_units(const struct claim *c, const struct claim_part *p, double level)
{
    double effect = fabs(p->d.mean - claims_boundary(c, p->d.mean));
    int n = stats_units_needed(effect, p->d.sd, level, p->d.n + 1, MOST_UNITS);

    if (n == 0)
        return xprintf("more than %d %s would be needed to decide", MOST_UNITS, c->unit);
    char *make = claims_command(c, n);
    bool helps = strcmp(make, c->make) != 0; /* else it repeats the same units */
    char *text = xprintf("at this difference and spread about %d %s would decide%s%s", n, c->unit,
                         helps ? ": " : "", helps ? make : "");
    free(make);
    return text;
}

char *claims_chance(const struct claim_row *row)
{
    const struct claim *c = row->claim;
    const struct claim_part *p = &row->part[row->decisive];
    bool examples = p->n_examples > 0 && p->p_examples >= p->p_units;
    /* Bonferroni's level, the strictest that Holm's correction can ask for. */
    double level = CLAIMS_LEVEL / (double)p->tried / (p->inside ? 1 : row->n_parts) / row->n_tests;
    char *of = examples ? xprintf("%ld examples", p->n_examples) : xstrdup(c->unit);
    char *what = row->p < CLAIMS_LEVEL
                     ? xprintf("p = %.2g over the %s before Holm's correction, too large after it",
                               row->p, of)
                     : xprintf("too close to the boundary to decide from these %s", of);
    char *more = examples ? more_examples(c, p, level) : more_units(c, p, level);
    char *text = xprintf("%s; %s", what, more);

    free(more);
    free(what);
    free(of);
    return text;
}
