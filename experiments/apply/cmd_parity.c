/* cmd_parity.c - "lowrank parity": compare this program's results with those of another
 * implementation. */
#include "core/cmd.h"
#include "core/opt/home.h"
#include "core/opt/opt.h"
#include "core/parity/parity.h"
#include "experiments/assets/model_dir.h"

#include <stdlib.h>

struct flags {
    char *home, *adapter;
    double tol;
    int precision; /* enum precision */
};
static const struct opt opts[] = {
    { "adapter", 0, OPT_STR, offsetof(struct flags, adapter), NULL, 0, 0, NULL,
      "folder of a PEFT adapter (default: adapter/ next to EXPECTED)" },
    { "tol", 0, OPT_REAL, offsetof(struct flags, tol), "0", 0, 1e300, NULL,
      "largest relative difference; 0: 1e-5 (for training steps 1e-4), with bf16 4e-2, in double "
      "precision 1e-9" },
    { "precision", 0, OPT_CHOICE, offsetof(struct flags, precision), "f32", 0, 0, "f32|bf16",
      "of products with frozen weights; f32 means f64 in a build with REAL=double" },
    HOME_OPTION(struct flags),
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "parity",
    .usage = "MODEL EXPECTED.safetensors",
    .about =
        "compare hidden states, logits, losses, gradients and training steps with recorded ones",
    .detail =
        "MODEL is a folder or the name of a fetched model. EXPECTED contains inputs and what\n"
        "transformers and PEFT computed from them; this command computes all of it again. The "
        "exit\n"
        "status is 1 if a value differs by more than --tol times the largest magnitude in its\n"
        "tensor, or could not be checked.",
    .example = "lowrank parity tests/golden/bert tests/golden/bert/expected.safetensors",
    .min_args = 2,
    .max_args = 2,
};

static int parity_compare(const struct flags *f, const char *model, const char *expected)
{
    struct parity_cfg cfg = { .expected = expected,
                              .adapter = f->adapter,
                              .tol = f->tol,
                              .out = stdout,
                              .precision = (enum precision)f->precision };
    struct parity_result r;
    struct base_model b;
    char *dir = model_dir(f->home, model);
    int rc = -1;

    if (dir && base_model_load(&b, dir) == 0) {
        rc = parity_check(&r, &b, &cfg);
        base_model_free(&b);
    }
    free(dir);
    if (rc == 0 && r.n_bad + r.n_unknown > 0)
        rc = fail(FAIL_RUN, "'%s': %d of %d quantities differ, %d were not checked", expected,
                  r.n_bad, r.n_checked, r.n_unknown);
    else if (rc == 0 && r.n_checked == 0)
        rc = fail(FAIL_INPUT, "'%s' contains nothing to compare", expected);
    return rc;
}

static int parity_work(void *cfg, int argc, char **argv)
{
    (void)argc;
    return parity_compare(cfg, argv[1], argv[2]);
}

static int parity_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), parity_work, argc, argv);
}

const struct cmd cmd_parity = { "parity", "check",
                                "compare results with those of another implementation",
                                parity_command };
