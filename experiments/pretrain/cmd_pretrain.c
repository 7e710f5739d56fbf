/* cmd_pretrain.c - "lowrank pretrain": a small GPT-2 and its tokenizer, from text alone. */
#include "core/cmd.h"
#include "experiments/pretrain/pretrain.h"

static const struct opt_usage usage = {
    .command = "pretrain",
    .usage = "TEXT DIR",
    .about = "train a small GPT-2 model and its tokenizer from plain text",
    .detail =
        "TEXT is a file of UTF-8 text, plain or packed by xz, or - for standard input; an empty\n"
        "line ends a document. DIR becomes a model folder that transformers and lowrank read\n"
        "(model=DIR). The model is measured on documents that are held out, in bits per byte. The\n"
        "same command continues an interrupted run, to the same bits. 'lowrank figure "
        "pretraining'\n"
        "draws the losses of all such runs, and 'lowrank table pretraining' lists the runs.",
    .example = "lowrank pretrain articles.txt.xz out/models/mini --megabytes 25",
    .min_args = 2,
    .max_args = 2,
};

static int work(void *cfg, int argc, char **argv)
{
    (void)argc;
    return pretrain(cfg, argv[1], argv[2]);
}

static int pretrain_main(int argc, char **argv)
{
    return opt_command(&usage, pretrain_opts, sizeof(struct pretrain_cfg), work, argc, argv);
}

const struct cmd cmd_pretrain = { "pretrain", "run", "train a small GPT-2 from plain text",
                                  pretrain_main };
