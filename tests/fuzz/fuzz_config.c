/* fuzz_config.c - dims_load and sentence_max_len on any config.json, 1_Pooling/config.json and
 * sentence_bert_config.json: refused with status 3, or every dimension is positive and fits the
 * others, and every rate is a finite number in its range. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/os/file.h"
#include "core/weights/arch.h"
#include "core/weights/dims.h"
#include "experiments/assets/sentence.h"

#include <math.h>
#include <stdlib.h>

static void check_dims(const struct dims *d)
{
    CHECK(arch_find(d->arch), "'%s'", d->arch);
    CHECK(d->n_layers > 0 && d->d_model > 0 && d->n_heads > 0 && d->d_ffn > 0, "%d x %d / %d, %d",
          d->n_layers, d->d_model, d->n_heads, d->d_ffn);
    CHECK(d->d_head * d->n_heads == d->d_model, "%d x %d", d->d_head, d->n_heads);
    CHECK(d->vocab > 0 && d->pad_id < d->vocab, "pad %d of %d", d->pad_id, d->vocab);
    CHECK(d->max_pos > 0 && d->n_types >= 0 && d->n_labels >= 0, "%d, %d, %d", d->max_pos,
          d->n_types, d->n_labels);
    CHECK(isfinite(d->init_range) && d->ln_eps > 0 && d->ln_eps <= 1, "%g, %g", d->init_range,
          d->ln_eps);
    const double rate[] = { d->hidden_dropout, d->attn_dropout, d->classifier_dropout };
    for (size_t i = 0; i < ARRAY_LEN(rate); i++)
        CHECK(rate[i] >= 0 && rate[i] < 1, "dropout %zu is %g", i, rate[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *pooling;
    struct fuzz_bytes b = fuzz_begin(data, size);
    struct dims d;
    int max_len;

    if (!pooling) {
        pooling = path_join(fuzz_dir(), "1_Pooling");
        CHECK(make_dirs(pooling) == 0, "%s", fail_text());
    }
    fuzz_put("config.json", fuzz_part(&b));
    fuzz_put("1_Pooling/config.json", fuzz_part(&b));
    fuzz_put("sentence_bert_config.json", b);
    if (dims_load(&d, fuzz_dir()) == 0) {
        check_dims(&d);
        free(d.problem);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    if (sentence_max_len(&max_len, fuzz_dir()) == 0)
        CHECK(max_len == 0 || max_len >= 3, "%d", max_len);
    else
        fuzz_refused(FUZZ_INPUT);
    fuzz_end();
    return 0;
}
