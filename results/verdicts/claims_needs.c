/* claims_needs.c - why a claim is undecided, and what would decide it. */
#include "results/verdicts/claims_needs.h"
#include "core/base/text.h"
#include "results/verdicts/claims_looks.h"
#include "results/verdicts/claims_region.h"
#include "results/verdicts/claims_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POWER 0.8        /* "would probably decide" */
#define MANY_UNITS 1e9   /* what is left of the variance then is of the examples */
enum { LEAST_GRID = 4 }; /* values that an optimum has to be chosen from */

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
    else if (p->mismatch)
        text =
            xprintf("the stored predictions do not give the stored numbers (%s), so the examples "
                    "cannot be tested",
                    p->label);
    else if (p->grid > 0 && p->grid < LEAST_GRID)
        text =
            xprintf("an optimum among %ld values is too coarse to rank (%s): study '%s' must try "
                    "at least %d",
                    p->grid, p->label, c->study, LEAST_GRID);
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

/* --- what would decide */

/* The level of one test of the row's decisive part: Bonferroni over all tests of the family, the
 * strictest that Holm's correction can ask for. */
static double strict_level(const struct claim_row *row, double share)
{
    double parts = row->inside ? 1 : row->n_parts;

    return CLAIMS_LEVEL * share / (double)row->part[row->decisive].tried / parts / row->n_tests;
}

double claims_power(const struct claim_row *row, double n, double more, bool fresh)
{
    if (row->n_tests == 0)
        return 0;
    const struct claim_part *p = &row->part[row->decisive];
    double planned = (double)row->claim->planned;
    double used = fresh ? 0 : claims_spent(fmax(row->units, row->look) / planned);
    double level = strict_level(row, claims_spent(n / planned) - used);
    double effect = fabs(p->d.mean - claims_boundary(row->claim, p->d.mean)), df;
    double v = stats_joint_variance(&p->joint, n, more, &df);

    if (!(level > 0) || !(effect > 0))
        return 0;
    if (!(v > 0)) /* equal numbers: the sign test */
        return ldexp(1, 1 - (int)fmin(n, 1000)) < level;
    double beyond = effect / sqrt(v) - stats_t_quantile(1 - level, df);
    double tail = stats_t_p(beyond, df) / 2;
    return beyond < 0 ? tail : 1 - tail;
}

char *claims_hours(double s)
{
    if (s < 90)
        return xprintf("%.0f second%s", s, s >= 0.5 && s < 1.5 ? "" : "s");
    return s < 5400 ? xprintf("%.0f minutes", s / 60) : xprintf("%.1f hours", s / 3600);
}

/* ", about 40 minutes of one worker", or "" without a measurement. */
static char *work(const struct claim *c, double units)
{
    if (isnan(c->unit_s))
        return xstrdup("");
    char *hours = claims_hours(c->unit_s * units);
    char *text = xprintf(", about %s of one worker", hours);
    free(hours);
    return text;
}

static char *units_would_decide(const struct claim_row *row, long n)
{
    const struct claim *c = row->claim;
    char *make = claims_command(c, n), *takes = work(c, (double)(n - row->units));
    bool helps = strcmp(make, c->make) != 0; /* else it repeats the same units */
    char *text = xprintf("%ld %s would probably decide%s%s%s", n, c->unit, helps ? takes : "",
                         helps ? ": " : "", helps ? make : "");

    free(takes);
    free(make);
    return text;
}

/* Stored adapters are scored on the rest of the split without training; of N units, those beyond
 * the present ones are trained first. Its numbers are another test, whose looks start anew. */
static char *examples_would_decide(const struct claim_row *row, long n)
{
    const struct claim *c = row->claim;
    bool more = n > row->units;
    char *make = more ? claims_command(c, n) : NULL;
    char *takes = more ? work(c, (double)(n - row->units)) : xstrdup(", without training");
    bool test = strncmp(row->metric, "test ", 5) == 0,
         apart = strncmp(row->metric, "chosen ", 7) == 0;
    char *text =
        xprintf("%ld %s with all of about %ld examples would probably decide%s: %s%s"
                "lowrank reevaluate %s split=%s adapter=%s",
                n, c->unit, row->part[row->decisive].all_examples, takes, more ? make : "",
                more ? "; " : "", c->study, test ? "test" : "dev", apart ? "chosen" : "last");

    free(takes);
    free(make);
    return text;
}

static char *what_would_decide(const struct claim_row *row)
{
    const struct claim *c = row->claim;
    const struct claim_part *p = &row->part[row->decisive];
    double more = p->n_examples > 0 ? (double)p->all_examples / (double)p->n_examples : 1;

    for (long n = row->units; (n = claims_next_look(c, n)) > 0;)
        if (claims_power(row, (double)n, 1, false) >= POWER)
            return units_would_decide(row, n);
    for (long n = row->units; more > 1 && n > 0; n = claims_next_look(c, n))
        if (claims_power(row, (double)n, more, true) >= POWER)
            return examples_would_decide(row, n);
    if (p->n_examples > 0 && claims_power(row, MANY_UNITS, more, true) < POWER)
        return xprintf("at this difference it cannot be decided with this task's %ld examples, "
                       "whatever the number of %s",
                       p->all_examples, c->unit);
    if (row->units >= c->planned)
        return xprintf("these are the planned %ld %s, so it stays undecided", c->planned, c->unit);
    return xprintf("at this difference and spread the planned %ld %s would probably not decide",
                   c->planned, c->unit);
}

char *claims_chance(const struct claim_row *row)
{
    const struct claim *c = row->claim;
    const struct claim_part *p = &row->part[row->decisive];
    struct text t = { 0 };

    if (row->reversed)
        text_add(&t, "the look at %d %s pointed the other way; ", row->look, c->unit);
    else
        text_add(&t, "p = %.2g at %d of %ld planned %s", row->p, row->units, c->planned, c->unit);
    if (!row->reversed && p->n_examples > 0)
        text_add(&t, " and %ld examples", p->n_examples);
    if (!row->reversed)
        text_add(&t, ", %.2g after correction for looks and claims; ", row->p_holm);
    char *what = what_would_decide(row);
    text_add(&t, "%s", what);
    free(what);
    return text_take(&t);
}
