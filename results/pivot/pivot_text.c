/* pivot_text.c - numbers of cells, and what they are, as people read them. */
#include "results/pivot/pivot.h"
#include "core/base/text.h"
#include "results/store/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Units other than those of metrics: the fewest digits that tell numbers apart. */
static void add_number(struct text *t, const struct pivot_number *x, double value)
{
    char buf[STORE_FIXED];

    if (x->percent)
        store_fixed(buf, 100 * value, 1);
    else
        store_fixed(buf, value, fabs(value) >= 1000 ? 0 : 4);
    text_add(t, "%s", buf);
}

char *pivot_text(const struct pivot_number *x)
{
    struct text t = { 0 };

    if (x->n > 0) {
        add_number(&t, x, x->shown);
        if (!isnan(x->half) && x->is_mean) {
            text_add(&t, " ± ");
            add_number(&t, x, x->half);
        }
        text_add(&t, " (%d)", x->n);
        if (x->n_diverged)
            text_add(&t, ", %d diverged", x->n_diverged);
    } else if (x->n_diverged) {
        text_add(&t, "%d diverged (0)", x->n_diverged);
    }
    return t.n ? text_take(&t) : xstrdup("");
}

static const char *metric_name(const char *m)
{
    static const char *const names[][2] = { { "f1", "F1" },
                                            { "f1_macro", "macro F1" },
                                            { "matthews", "Matthews correlation" },
                                            { "pearson", "Pearson correlation" },
                                            { "spearman", "Spearman correlation" },
                                            { "parameters", "trainable parameters" },
                                            { "train_s", "training time (s)" },
                                            { "wall_s", "time (s)" },
                                            { "tokens_per_s", "tokens per second" },
                                            { "peak_rss_mb", "peak memory (MB)" },
                                            { "best_step", "best step" } };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i][0], m) == 0)
            return names[i][1];
    return m;
}

/* Where the number was measured: "test", "dev", or "" for a fact of the run. */
static const char *split_of(const struct pivot *p)
{
    bool test = strncmp(p->which, "test", 4) == 0, select = strncmp(p->which, "select", 6) == 0;

    for (int i = 0; i < p->n && !select; i++)
        test |= strcmp(pivot_get(p, i, "report"), "test") == 0;
    return !*p->which ? "" : select ? " on the selection split" : test ? " on test" : " on dev";
}

char *pivot_label(const struct pivot *p, const struct pivot_ask *a)
{
    struct text t = { 0 };
    bool percent = true, share = true;

    for (int i = 0; i < p->n; i++) {
        const char *m = p->number[i].metric, *name = m ? metric_name(m) : NULL;
        percent &= p->number[i].percent;
        share &= m && (strcmp(m, "accuracy") == 0 || strncmp(m, "f1", 2) == 0);
        if (name && !strstr(text_string(&t), name))
            text_join(&t, ", ", "%s", name);
    }
    text_add(&t, "%s%s", split_of(p), !percent ? "" : share ? " (%)" : " × 100");
    if (a->stat == PIVOT_MEDIAN || a->stat == PIVOT_IQM)
        text_add(&t, ", %s", a->stat == PIVOT_MEDIAN ? "median" : "interquartile mean");
    return text_take(&t);
}

char *pivot_common(const struct pivot *p, bool n)
{
    static const char *const keys[] = { "model", "task", "method" };
    struct text t = { 0 };
    int least = p->number[0].n, most = least;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char **level;
        int levels = pivot_levels(&level, p, keys[i]);
        const char *slash = strrchr(level[0], '/'); /* a model may be a folder */
        if (levels == 1)
            text_join(&t, ", ", "%s", slash && slash[1] ? slash + 1 : level[0]);
        else
            text_join(&t, ", ", "several %ss", keys[i]);
        free(level);
    }
    for (int i = 0; i < p->n; i++) {
        least = p->number[i].n < least ? p->number[i].n : least;
        most = p->number[i].n > most ? p->number[i].n : most;
    }
    if (n)
        text_add(&t, least == most ? ", n = %d" : ", n = %d–%d", least, most);
    return text_take(&t);
}
