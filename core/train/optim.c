/* optim.c - the settings of a training run, and the learning rate. */
#include "core/train/optim.h"
#include "core/opt/suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct train_cfg, field)

const struct opt train_opts[] = {
    { "lr", 0, OPT_REAL, AT(lr), "0.001", 0, 1e10, NULL, "peak learning rate of AdamW" },
    { "weight_decay", 0, OPT_REAL, AT(weight_decay), "0.01", 0, 1e3, NULL,
      "decoupled weight decay of all trainable parameters" },
    { "beta1", 0, OPT_REAL, AT(beta1), "0.9", 0, 1, NULL, "decay of AdamW's first moment" },
    { "beta2", 0, OPT_REAL, AT(beta2), "0.999", 0, 1, NULL, "decay of AdamW's second moment" },
    { "eps", 0, OPT_REAL, AT(eps), "1e-8", 1e-30, 1, NULL, "AdamW's epsilon" },
    { "clip", 0, OPT_REAL, AT(clip), "0", 0, 1e10, NULL,
      "largest norm of the gradient; 0: no clipping" },
    { "warmup", 0, OPT_REAL, AT(warmup), "0.06", 0, 1e9, NULL,
      "warm-up of the learning rate: below 1 a share of all steps, else a number of steps" },
    { "schedule", 0, OPT_CHOICE, AT(schedule), "linear", 0, 0, "linear|constant|cosine",
      "how the learning rate decays after warm-up" },
    { "epochs", 0, OPT_INT, AT(epochs), "3", 1, 1e6, NULL,
      "number of passes over the training examples" },
    { "steps", 0, OPT_INT, AT(steps), "0", 0, 1e9, NULL,
      "number of optimizer steps; 0: those of all epochs" },
    { "batch", 0, OPT_INT, AT(batch), "16", 1, 1e5, NULL, "examples per batch" },
    { "batch_tokens", 0, OPT_INT, AT(batch_tokens), "0", 0, 1e6, NULL,
      "largest number of tokens per batch, instead of batch (a batch has at least one example); "
      "0: use batch" },
    { "accumulate", 0, OPT_INT, AT(accumulate), "1", 1, 1e5, NULL,
      "batches per optimizer step, whose gradients are accumulated" },
    { "eval_every", 0, OPT_INT, AT(eval_every), "0", 0, 1e9, NULL,
      "optimizer steps between evaluations; 0: evaluate at the end of every epoch" },
    { "max_len", 0, OPT_INT, AT(max_len), "0", 0, 1e6, NULL,
      "largest number of tokens per input; longer ones are cut; 0: the task's" },
    { "train_n", 0, OPT_INT, AT(train_n), "0", 0, 1e9, NULL,
      "number of training examples, drawn at random with data_seed; 0: all" },
    { "dev_n", 0, OPT_INT, AT(dev_n), "0", 0, 1e9, NULL,
      "number of examples of the dev split and of the test split, drawn at random; 0: all; a "
      "test split that report names is scored once, on all of its examples" },
    { "select", 0, OPT_STR, AT(select), "dev", 0, 0, NULL,
      "what chooses the best evaluation: dev, or a share of the training examples, such as 0.1, "
      "that is left out of training, stratified by label" },
    { "report", 0, OPT_CHOICE, AT(report), "dev", 0, 0, "dev|test",
      "split that the result is of; where it is not the one that chooses, it is scored with the "
      "parameters of the chosen evaluation" },
    { "report_curve", 0, OPT_BOOL, AT(report_curve), "false", 0, 0, NULL,
      "with report=test: score dev_n examples of the test split at every evaluation, as is always "
      "done with dev" },
    { "patience", 0, OPT_INT, AT(patience), "0", 0, 1e6, NULL,
      "stop after so many evaluations in a row without a better one; 0: never" },
    { "order", 0, OPT_CHOICE, AT(order), "random", 0, 0, "random|file",
      "order of the training examples: every epoch another one, or always that of the file" },
    { "label_smoothing", 0, OPT_REAL, AT(label_smoothing), "0", 0, 0.999, NULL,
      "generation tasks: share of a target token's probability that is spread over the whole "
      "vocabulary in the training loss" },
    { "log_every", 0, OPT_INT, AT(log_every), "0", 0, 1e9, NULL,
      "optimizer steps between points of the training curve; 0: 10, or more in long runs" },
    { "pooling", 0, OPT_CHOICE, AT(pooling), "auto", 0, 0, POOLING_CHOICES,
      "what the classifier reads: the pooler's output for the first token (cls) or the mean of all "
      "tokens; auto: what the pretrained model uses" },
    { "pool_scale", 0, OPT_REAL, AT(pool_scale), "1", 1e-6, 1e6, NULL,
      "factor on the pooled vector before the classifier" },
    { "hidden_dropout", 0, OPT_REAL, AT(hidden_dropout), "-1", -1, 0.999, NULL,
      "dropout of hidden states; -1: the model's" },
    { "attn_dropout", 0, OPT_REAL, AT(attn_dropout), "-1", -1, 0.999, NULL,
      "dropout of attention probabilities; -1: the model's" },
    { "classifier_dropout", 0, OPT_REAL, AT(classifier_dropout), "-1", -1, 0.999, NULL,
      "dropout before the classifier; -1: the model's" },
    { "recompute", 0, OPT_STR, AT(recompute), "false", 0, 0, NULL,
      "activation checkpointing: false, true for all blocks, or a number of blocks whose "
      "activations the backward pass recomputes; the same results with less memory" },
    { "best_by", 0, OPT_STR, AT(best_by), "", 0, 0, NULL,
      "metric, or loss, that decides which evaluation is the best; empty: the task's first "
      "metric" },
    { NULL, 0, OPT_END, 0, NULL, 0, 0, NULL, NULL },
};

double train_select(const struct train_cfg *c)
{
    const char *s = c->select;
    char *end = NULL;

    if (!s || strcmp(s, "dev") == 0)
        return 0;
    double share = *s && strspn(s, "+.0123456789eE-") == strlen(s) ? strtod(s, &end) : 0;
    if (end && !*end && share > 0 && share < 1)
        return share;
    return fail_setting("select",
                        "'select' must be dev or a share of the training examples between 0 and 1, "
                        "such as 0.1, not '%s'",
                        s);
}

enum split train_reports(const struct train_cfg *c)
{
    return c->report == REPORT_TEST ? SPLIT_TEST : SPLIT_DEV;
}

bool train_apart(const struct train_cfg *c)
{
    return c->report == REPORT_TEST || train_select(c) > 0;
}

static int check_select(const struct train_cfg *c, const struct task *t)
{
    if (train_select(c) < 0)
        return -1;
    if (c->report == REPORT_TEST && !task_file(t, SPLIT_TEST))
        return fail_setting("report",
                            "'report' is test, but task '%s' has no test split; 'held_out' in its "
                            "file makes one of training examples",
                            t->name);
    return 0;
}

static int check_best_by(const struct train_cfg *c, const struct task *t)
{
    const char *words[TASK_MAX_METRICS + 2] = { "loss" };
    char hint[SUGGEST_HINT];

    if (!c->best_by || !*c->best_by || strcmp(c->best_by, "loss") == 0)
        return 0;
    for (int i = 0; i < t->n_metrics; i++) {
        if (strcmp(c->best_by, t->metrics[i]) == 0)
            return 0;
        words[i + 1] = t->metrics[i];
    }
    return fail_setting("best_by", "unknown best_by '%s' for task '%s'%s", c->best_by, t->name,
                        suggest_hint(hint, c->best_by, words, NULL));
}

int train_recompute(const struct train_cfg *c)
{
    enum { ALL = 1 << 20 };
    const char *s = c->recompute;
    char *end;

    if (!s || strcmp(s, "false") == 0)
        return 0;
    if (strcmp(s, "true") == 0)
        return ALL;
    long n = strtol(s, &end, 10);
    if (*s < '0' || *s > '9' || *end || n > ALL)
        return fail_setting("recompute",
                            "'recompute' must be false, true or a number of blocks, not '%s'", s);
    return (int)n;
}

int train_cfg_check(const struct train_cfg *c, const struct task *t)
{
    const struct {
        const char *key;
        double p;
    } drop[] = { { "hidden_dropout", c->hidden_dropout },
                 { "attn_dropout", c->attn_dropout },
                 { "classifier_dropout", c->classifier_dropout } };

    for (size_t i = 0; i < ARRAY_LEN(drop); i++)
        if (drop[i].p != -1 && !(drop[i].p >= 0 && drop[i].p < 1))
            return fail_setting(
                drop[i].key, "'%s' must be at least 0 and below 1, or -1 for the model's, not %g",
                drop[i].key, drop[i].p);
    if (c->beta1 >= 1 || c->beta2 >= 1)
        return fail_setting(c->beta1 >= 1 ? "beta1" : "beta2", "'%s' must be below 1",
                            c->beta1 >= 1 ? "beta1" : "beta2");
    if (c->batch < 1 || c->accumulate < 1 || (c->epochs < 1 && c->steps < 1))
        return fail_setting("batch,accumulate,epochs,steps",
                            "'batch', 'accumulate' and 'epochs' or 'steps' must be at least 1");
    if (c->label_smoothing > 0 && !t->generates)
        return fail_setting("label_smoothing",
                            "'label_smoothing' is for generation tasks, and task '%s' is none",
                            t->name);
    return train_recompute(c) < 0 || check_select(c, t) != 0 ? -1 : check_best_by(c, t);
}

double train_lr(const struct train_cfg *c, long s, long n)
{
    long w = c->warmup >= 1 ? (long)c->warmup : (long)(c->warmup * (double)n);

    if (c->warmup > 0 && w < 1)
        w = 1;
    double rise = w > 0 ? (double)(s + 1) / (double)w : 1;
    double rest = (double)(n - w > 1 ? n - w : 1);
    switch (c->schedule) {
    case SCHED_LINEAR: return c->lr * fmin(rise, fmax(0, (double)(n - s) / rest));
    case SCHED_CONSTANT: return c->lr * fmin(rise, 1);
    case SCHED_COSINE: break;
    default: CHECK(0, "schedule %d", c->schedule);
    }
    if (s < w)
        return c->lr * rise;
    return c->lr / 2 * (1 + cos(3.14159265358979323846 * fmin(1, (double)(s - w) / rest)));
}
