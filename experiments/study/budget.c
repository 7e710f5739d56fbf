/* budget.c - the rank that spends a given number of trainable parameters. */
#include "experiments/study/budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static long count_at(struct recipe *r, const struct opt *key, const struct dims *d, long value)
{
    long *at = (long *)(void *)((char *)r->method_cfg + key->at);
    long old = *at;

    *at = value;
    long n = adapt_count(r->method, r->method_cfg, d);
    *at = old;
    return n;
}

/* The key that determines how much a method trains, and its largest value on this model. */
static const struct opt *size_key(long *most, const struct recipe *r, const struct dims *d)
{
    const struct opt *o = r->method->opts ? opt_find(r->method->opts, "rank") : NULL;

    *most = d->d_model < d->d_ffn ? d->d_model : d->d_ffn;
    if (!o && (o = r->method->opts ? opt_find(r->method->opts, "prefix") : NULL))
        *most = d->max_pos > 0 ? d->max_pos : 65536;
    if (o && o->max > 0 && (double)*most > o->max)
        *most = (long)o->max;
    return o && o->type == OPT_INT ? o : NULL;
}

int budget_find(struct budget *b, struct recipe *r, const struct dims *d, long params)
{
    long lo = 1, hi, most;
    const struct opt *key = size_key(&most, r, d);

    if (!key)
        return fail(FAIL_USAGE,
                    "a budget determines 'rank' or 'prefix', which the method '%s' does not have",
                    r->method->name);
    if (count_at(r, key, d, 1) > params)
        return fail(FAIL_USAGE, "a budget of %ld parameters is too small: %s 1 trains %ld", params,
                    key->key, count_at(r, key, d, 1));
    for (hi = most; lo < hi;) { /* the count increases with the value */
        long mid = lo + (hi - lo + 1) / 2;
        if (count_at(r, key, d, mid) <= params)
            lo = mid;
        else
            hi = mid - 1;
    }
    *(long *)(void *)((char *)r->method_cfg + key->at) = lo;
    if (b)
        *b = (struct budget){ .key = key->key,
                              .value = lo,
                              .count = count_at(r, key, d, lo),
                              .above = lo < most ? count_at(r, key, d, lo + 1) : 0 };
    return 0;
}

int budget_parse(long *params, const char *text)
{
    static const struct {
        const char *suffix;
        double factor;
    } units[] = { { "", 1 }, { "k", 1e3 }, { "K", 1e3 }, { "M", 1e6 }, { "B", 1e9 }, { "G", 1e9 } };
    size_t number = strspn(text, "0123456789.");
    char *end;
    double x = strtod(text, &end);

    if (number > 0 && end == text + number)
        for (size_t i = 0; i < ARRAY_LEN(units); i++) {
            double n = round(x * units[i].factor);
            if (strcmp(end, units[i].suffix) != 0 || n < 1 || n > 1e15)
                continue;
            *params = (long)n;
            return 0;
        }
    return fail(FAIL_USAGE,
                "'budget' must be a number of parameters such as 36864, 0.3M or 18M, not '%s'",
                text);
}
