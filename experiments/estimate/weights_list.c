/* weights_list.c - the tensors in a file of weights. */
#include "experiments/estimate/weights_list.h"
#include "core/base/text.h"
#include "core/format/weights.h"
#include "results/rows/rows.h"

#include <string.h>

static void add_tensor(struct rows *r, const struct st_tensor *t, bool several)
{
    const char *slash = strrchr(t->file->path, '/');
    struct text shape = { 0 };
    char count[40];

    for (int i = 0; i < t->n_dims; i++)
        text_join(&shape, " x ", "%zu", t->shape[i]);
    snprintf(count, sizeof count, "%zu", t->count);
    rows_add(r, (const char *[]){ st_escaped(t->name), text_string(&shape), st_dtype_name(t->dtype),
                                  count, several ? (slash ? slash + 1 : t->file->path) : NULL });
    text_free(&shape);
}

int weights_list(const char *path, int format)
{
    static const char *const columns[] = { "tensor", "shape", "type", "values", "file", NULL };
    static const char *const fewer[] = { "tensor", "shape", "type", "values", NULL };
    char tensors[60], count[40];
    struct weights w;
    struct rows r;
    size_t total = 0;
    bool overflow = false;

    if (weights_open(&w, path) != 0)
        return -1;
    rows_init(&r, w.n_parts > 1 ? columns : fewer);
    for (int i = 0; i < w.n; i++) {
        add_tensor(&r, &w.t[i], w.n_parts > 1);
        overflow |= __builtin_add_overflow(total, w.t[i].count, &total);
    }
    snprintf(tensors, sizeof tensors, "all %d tensors", w.n);
    snprintf(count, sizeof count, "%zu", total);
    if (format != ROWS_CSV && format != ROWS_JSON)
        rows_add(&r, (const char *[]){ tensors, NULL, NULL, overflow ? NULL : count, NULL });
    weights_close(&w);
    return rows_print_free(&r, format);
}
