/* bench_words.c - the words of a measurement: those of the command line, and those of its table. */
#include "experiments/bench/bench_words.h"

#include <stdlib.h>
#include <string.h>

int bench_words(struct settings *v, const char *first, int n, char **words)
{
    for (int i = 0; i < n; i++) {
        if (i == 0 && !strchr(words[i], '='))
            settings_set(v, first, words[i], location_command_line);
        else if (settings_word(v, words[i]) != 0)
            return -1;
    }
    return 0;
}

const char *bench_words_model(const struct settings *v)
{
    const struct setting *model = settings_get(v, "model");

    return model ? model->value : "minilm";
}

const char *bench_words_method(char buf[120], const struct recipe *r)
{
    static const char *const keys[] = { "rank", "targets", "top_layers", "adapt_layers",
                                        "rank_pattern" };
    int at = snprintf(buf, 120, "%s", r->method->name);

    for (size_t i = 0; i < ARRAY_LEN(keys) && at < 120; i++) {
        const struct opt *o = r->method->opts ? opt_find(r->method->opts, keys[i]) : NULL;
        char value[80];
        if (o && !adapt_unused(o, r->method_cfg))
            at += snprintf(buf + at, (size_t)(120 - at), " %s=%s", keys[i],
                           opt_text(o, r->method_cfg, value, sizeof value));
    }
    return buf;
}

/* Does M multiply with any frozen matrix? */
static bool has_frozen_product(const struct model *m)
{
    int n = m->base->dims.n_layers * N_GROUP;
    unsigned char *need = xalloc((size_t)n, 1);
    bool any = false;

    model_packs(m, need);
    for (int i = 0; i < n; i++)
        any |= need[i] != PACK_NONE;
    free(need);
    return any;
}

const char *bench_words_precision(char buf[16], const struct recipe *r, const struct model *m)
{
    bool frozen = !m || has_frozen_product(m);

    snprintf(buf, 16, "%s", precision_name(frozen ? recipe_precision(r) : PRECISION_F32));
    return buf;
}
