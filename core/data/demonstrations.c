/* demonstrations.c - examples in the prompt instead of training on them. */
#include "core/data/demonstrations.h"
#include "core/base/rng.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/* How many of each label are still wanted. */
struct quota {
    int *taken, n_labels;
    long base, more; /* of every label; labels that may have one more */
};

static bool quota_takes(struct quota *q, int label)
{
    int *taken = &q->taken[label];

    if (*taken > q->base || (*taken == q->base && q->more == 0))
        return false;
    q->more -= *taken == q->base;
    return ++*taken > 0;
}

/* PICK [N] becomes examples of D. Returns how many there are. */
static long draw_examples(int *pick, const struct dataset *d, int n_labels, long n, uint64_t seed)
{
    struct rng g = rng_make(seed, RNG_SHOTS, 0);
    int *order = xalloc((size_t)d->n, sizeof *order);
    bool labels = d->label && n_labels > 0;
    struct quota q = { .n_labels = n_labels };
    long found = 0;

    for (int i = 0; i < d->n; i++)
        order[i] = i;
    rng_shuffle(&g, order, d->n);
    if (labels) {
        q.taken = xalloc((size_t)n_labels, sizeof *q.taken);
        q.base = n / n_labels;
        q.more = n % n_labels;
    }
    for (int i = 0; i < d->n && found < n; i++)
        if (!labels || quota_takes(&q, d->label[order[i]]))
            pick[found++] = order[i];
    free(q.taken);
    free(order);
    return found;
}

/* The white space between a prompt and its target. */
static int lead_of(const struct task *t, const char **lead)
{
    *lead = t->target.n && !t->target.part[0].is_column ? t->target.part[0].text : "";
    return (int)strspn(*lead, " \t\r\n");
}

char *demonstrations_text(const struct dataset *d, const struct task *t, const struct tok *tok,
                          long n, uint64_t seed)
{
    int *pick = xalloc((size_t)n + 1, sizeof *pick);
    long found = draw_examples(pick, d, t->n_labels, n, seed);
    struct text out = { 0 };
    const char *lead;
    int n_lead = lead_of(t, &lead);

    for (long i = 0; i < found; i++) {
        int n_ids;
        const int *ids = dataset_prompt(d, pick[i], &n_ids);
        tok_decode(tok, ids, n_ids, true, &out);
        text_add(&out, "%.*s%s\n\n", n_lead, lead, dataset_reference(d, pick[i]));
    }
    free(pick);
    if (found == n)
        return text_take(&out);
    text_free(&out);
    fail_setting("shots", "'shots' is %ld, but only %ld training examples can be drawn, %s", n,
                 found, t->n_labels ? "as many of each label" : "which are all");
    return NULL;
}

struct task demonstrations_task(const struct task *t, char *text)
{
    struct task with = *t;

    with.prompt.n = t->prompt.n + 1;
    with.prompt.part = xalloc((size_t)with.prompt.n, sizeof *with.prompt.part);
    with.prompt.part[0] = (struct row_part){ .text = text };
    memcpy(with.prompt.part + 1, t->prompt.part, (size_t)t->prompt.n * sizeof *with.prompt.part);
    return with;
}
