/* cmd_convert.c - "lowrank convert": an adapter in a file of loralib, as an adapter folder. */
#include "core/cmd.h"
#include "core/opt/opt.h"
#include "core/peft/loralib.h"

#include <stdio.h>

struct flags {
    double alpha;
};
static const struct opt opts[] = {
    { .key = "alpha",
      .type = OPT_REAL,
      .at = offsetof(struct flags, alpha),
      .min = 0,
      .max = 1e6,
      .help = "LoRA's alpha in training, which the file does not hold" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "convert",
    .usage = "FILE OUT_DIR --alpha A",
    .about = "make an adapter folder from a file of loralib",
    .detail =
        "FILE is a state dict as the authors of LoRA released them: lora_A and lora_B under the\n"
        "names of transformers, and the classifier. OUT_DIR becomes a folder in PEFT's format,\n"
        "which logits and merge read. The file does not hold alpha: the scripts of the released\n"
        "RoBERTa-base adapters train with 16, and Table 9 of the paper has 8.",
    .example = "lowrank convert roberta_base_lora_mnli.bin mnli_adapter --alpha 16",
    .min_args = 2,
    .max_args = 2,
};

static int convert_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;

    (void)argc;
    if (!(f->alpha > 0))
        return fail(FAIL_USAGE,
                    "'%s' does not hold alpha; --alpha must say what the adapter was "
                    "trained with",
                    argv[1]);
    if (loralib_convert(argv[1], argv[2], f->alpha) != 0)
        return -1;
    printf("%s\n", argv[2]);
    return 0;
}

static int convert_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), convert_work, argc, argv);
}

const struct cmd cmd_convert = { "convert", "models and data",
                                 "make an adapter folder from a file of loralib", convert_command };
