/* claims_text.c - claims and their numbers in words. */
#include "results/verdicts/claims_text.h"
#include "core/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same_row(const struct claim_number *x, const struct claim_number *y)
{
    return strcmp(x->tab, y->tab) == 0 && strcmp(x->row, y->row) == 0;
}

char *claims_paper(const struct claim *c)
{
    struct text t = { 0 };

    for (int i = 0; i < c->n_numbers; i++) {
        const struct claim_number *x = &c->number[i];
        const char *value = x->value ? x->value : "-";
        if (i > 0 && same_row(x, x - 1))
            text_add(&t, ", %s %s", x->col, value);
        else
            text_join(&t, "; ", "%s %s: %s %s", x->tab, x->row, x->col, value);
    }
    return text_take(&t);
}

const char *claims_shown(char buf[32], const struct claim_row *row, double x, bool sign)
{
    sign &= x != 0;
    snprintf(buf, 32, row->percent ? (sign ? "%+.1f" : "%.1f") : (sign ? "%+.3g" : "%.3g"),
             row->percent ? 100 * x : x);
    return buf;
}

char *claims_ours(const struct claim_row *row, const struct claim_part *p)
{
    char a[32], b[32], d[32], lo[32], hi[32];

    if (p->d.n == 0)
        return xstrdup("-");
    claims_shown(d, row, p->d.mean, true);
    char *range = p->d.n < 2 ? xstrdup("")
                             : xprintf(" [%s, %s]", claims_shown(lo, row, p->lo, true),
                                       claims_shown(hi, row, p->hi, true));
    char *text = row->claim->kind == KIND_CORRELATION
                     ? xprintf("rho = %s%s", d, range)
                     : xprintf("%s against %s: %s%s", claims_shown(a, row, p->a.mean, false),
                               claims_shown(b, row, p->b.mean, false), d, range);
    free(range);
    return text;
}

char *claims_size(const struct claim_row *row, const struct claim_part *p)
{
    const char *unit = row->claim->unit;
    int first = (int)strcspn(unit, " "); /* "pairs of adapters", of which one is a "pair" */
    int shown = p->d.n == 1 && first > 1 && unit[first - 1] == 's' ? first - 1 : first;

    return p->n_examples > 0 ? xprintf("%d %.*s%s, %ld examples", p->d.n, shown, unit, unit + first,
                                       p->n_examples)
                             : xprintf("%d %.*s%s", p->d.n, shown, unit, unit + first);
}

char *claims_tuned(const struct claim_row *row)
{
    int most = 0;

    for (int i = 0; i < row->n_parts; i++)
        most = row->part[i].n_tuned > most ? row->part[i].n_tuned : most;
    return most ? xprintf("the settings were chosen with %d of these %s, so that their scores are "
                          "a little too good",
                          most, row->claim->unit)
                : NULL;
}

char *claims_changed(const struct claim *c)
{
    if (!c->changed)
        return NULL;
    /* Equal days: which came first is not known. */
    bool after = c->first_day && strncmp(c->changed, c->first_day, 10) >= 0;
    return after ? xprintf("%.10s, after its first run here (%s): %s", c->changed, c->first_day,
                           c->changed + 12)
                 : xprintf("%.10s, before any of its runs here: %s", c->changed, c->changed + 12);
}

char *claims_asks(const struct claim_row *row)
{
    const struct claim *c = row->claim;
    char m[32];

    switch ((enum claim_kind)c->kind) {
    case KIND_BETTER: return xprintf("> %s", claims_shown(m, row, c->margin, true));
    case KIND_NOT_WORSE: return xprintf("> %s", claims_shown(m, row, -c->margin, true));
    case KIND_EQUAL: return xprintf("within %s", claims_shown(m, row, c->margin, false));
    case KIND_ABOVE: return xprintf("above %.3g", c->bound);
    case KIND_BELOW: return xprintf("below %.3g", c->bound);
    default: return xprintf("rho %s %.3g", c->bound < 0 ? "<" : ">", c->bound);
    }
}
