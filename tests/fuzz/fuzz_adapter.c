/* fuzz_adapter.c - an adapter folder: any adapter_config.json and lowrank_adapter.json (first two
 * parts) and adapter_model.safetensors (the rest), for the model in tests/golden/bert. It is
 * refused with status 3, or the options are in range and every value that was read is finite. A
 * folder that is refused leaves the values of the model as they were. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/peft/peft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANK = 64 };

static struct base_model base;

static void load_into(const struct adapt *method, struct lora_cfg *cfg, int n_labels)
{
    struct head h = { .n_labels = n_labels ? n_labels : 2, .pooling = POOL_CLS, .pool_scale = 1 };
    struct model m;

    if (model_init(&m, &base, &h, method, cfg, 1, false) != 0) {
        fuzz_refused(FUZZ_USAGE | FUZZ_INPUT);
        return;
    }
    real *before = xalloc(m.n_train + 1, sizeof *before);
    memcpy(before, m.theta, m.n_train * sizeof *before);
    bool fits = peft_fits(&m, fuzz_dir()) == 0;
    if (peft_load(&m, fuzz_dir()) == 0) {
        CHECK(fits, "it loads and does not fit");
        for (size_t i = 0; i < m.n_train; i++)
            CHECK(isfinite(m.theta[i]), "value %zu", i);
    } else {
        fuzz_refused(FUZZ_INPUT);
        CHECK(memcmp(before, m.theta, m.n_train * sizeof *before) == 0, "the model has changed");
    }
    free(before);
    model_free(&m);
}

static void read_record(void)
{
    struct adapter_record r;

    if (adapter_record_read(&r, fuzz_dir()) != 0) {
        fuzz_refused(FUZZ_INPUT);
        return;
    }
    if (r.present)
        CHECK(r.pool_scale >= 1e-6 && r.pool_scale <= 1e6 && r.max_length >= 0, "%g, %ld",
              r.pool_scale, r.max_length);
    adapter_record_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);
    struct lora_cfg cfg;
    int n_labels;

    if (!base.arch)
        CHECK(base_model_load(&base, "tests/golden/bert") == 0, "%s", fail_text());
    fuzz_put("adapter_config.json", fuzz_part(&b));
    fuzz_put("lowrank_adapter.json", fuzz_part(&b));
    fuzz_put("adapter_model.safetensors", b);
    read_record();
    if (peft_has_task_head(fuzz_dir()) < 0)
        fuzz_refused(FUZZ_INPUT);
    const struct adapt *method = peft_method(fuzz_dir());
    if (!method)
        fuzz_refused(FUZZ_INPUT);
    if (peft_read_config(&cfg, &n_labels, fuzz_dir(), &base.dims) != 0) {
        fuzz_refused(FUZZ_INPUT);
    } else {
        CHECK(cfg.rank >= 1 && cfg.alpha >= 0 && cfg.dropout >= 0 && cfg.dropout < 1, "%ld, %g, %g",
              cfg.rank, cfg.alpha, cfg.dropout);
        CHECK(cfg.targets && *cfg.targets && n_labels >= 0, "'%s'", cfg.targets);
        if (method && cfg.rank <= MOST_RANK && n_labels <= MOST_RANK)
            load_into(method, &cfg, n_labels);
        free(cfg.targets);
    }
    fuzz_end();
    return 0;
}
