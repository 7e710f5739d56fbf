/* cmd_bench.c - "lowrank bench": speed on this machine, measured in several ways. */
#include "core/cmd.h"
#include "core/base/cpu.h"
#include "core/base/opt.h"
#include "experiments/bench/bench.h"
#include "core/base/suggest.h"

#include <string.h>

#define AT(f) offsetof(struct bench_cfg, f)
static const struct opt opts[] = {
    { "threads", 't', OPT_INT, AT(threads), "0", 0, 1024, NULL, "threads; 0 is all cores" },
    { "jobs", 'j', OPT_INT, AT(jobs), "0", 0, 256, NULL, "workers of sweep; 0: as threads" },
    { "runs", 0, OPT_INT, AT(runs), "0", 0, 10000, NULL, "runs of sweep; 0: 8" },
    { "sequences", 0, OPT_INT, AT(sequences), "0", 0, 100000, NULL,
      "in a batch; 0: 8, for forward 1" },
    { "tokens", 0, OPT_INT, AT(tokens), "0", 0, 65536, NULL,
      "in a sequence, for gemm rows of a product; 0: 128" },
    { "axis", 0, OPT_CHOICE, AT(axis), "all", 0, 0, BENCH_AXES, "what scale varies" },
    { "seconds", 0, OPT_REAL, AT(seconds), "0.2", 0.001, 60, NULL, "for each product" },
    { "no_store", 0, OPT_BOOL, AT(no_store), "false", 0, 0, NULL,
      "do not keep the numbers in HOME/lowrank.db" },
    DATA_OPTION(struct bench_cfg),
    HOME_OPTION(struct bench_cfg),
    FORMAT_OPTION(struct bench_cfg),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "bench",
    .usage = "KIND [GEOMETRY|TASK] [key=value...]",
    .about = "measure speed on this machine",
    .detail =
        "  gemm     products by library, precision, operation and shape\n"
        "             lowrank bench gemm gpt2-small --tokens 256\n"
        "  step     training steps of a geometry: random weights, random examples\n"
        "             lowrank bench step minilm rank=8 --sequences 16 --tokens 64 -t 2\n"
        "  task     training steps on the shuffled batches of a task: real tokens\n"
        "             lowrank bench task mrpc batch=16 rank=8 --data DIR\n"
        "  sweep    short runs side by side, against the same one after another\n"
        "             lowrank bench sweep mrpc --runs 16 -j 2 --data DIR\n"
        "  forward  one batch on one thread: base, merged update, adapters beside it\n"
        "             lowrank bench forward minilm rank=8 --tokens 128\n"
        "  scale    time and memory against model, length, batch, rank and runs\n"
        "             lowrank bench scale --axis length && lowrank figure bench_scale\n"
        "Geometries: tiny, minilm, roberta-base, gpt2-small, gpt2-medium, or a fetched model\n"
        "or a folder. Keys are those of a recipe: method, rank, targets, batch, steps, ...\n"
        "needed_gflops: operations that cannot be avoided, over time; ratio: of gemm_gflops,\n"
        "what packed products of the model's shapes reach before and after. Shares in % of\n"
        "threads x time. Numbers are kept with the machine's facts: 'lowrank query bench'.",
    .example = "lowrank bench task mrpc batch=16 rank=8 targets=q,v steps=30 -t 2",
    .min_args = 1,
    .max_args = -1,
};

static const struct {
    const char *name;
    int (*run)(const struct bench_cfg *c, int n, char **words);
} kinds[] = {
    { "gemm", bench_gemm },   { "step", bench_step },       { "task", bench_task },
    { "sweep", bench_sweep }, { "forward", bench_forward }, { "scale", bench_scale },
};

static int bench(const struct bench_cfg *c, int n, char **words)
{
    const char *names[ARRAY_LEN(kinds) + 1] = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        names[i] = kinds[i].name;
        if (strcmp(words[0], names[i]) == 0)
            return kinds[i].run(c, n - 1, words + 1);
    }
    const char *near = suggest_word(words[0], names);
    if (near)
        return fail(FAIL_USAGE, "cannot measure '%s'; did you mean '%s'?", words[0], near);
    return fail(FAIL_USAGE,
                "cannot measure '%s'; there are gemm, step, task, sweep, forward and scale",
                words[0]);
}

static int work(void *cfg, int argc, char **argv)
{
    struct bench_cfg *c = cfg;
    struct session ses;

    if (c->threads == 0)
        c->threads = cpu_info()->cores;
    session_init(&ses, c->home, c->data);
    c->session = &ses;
    math_thread_init();
    int rc = bench(c, argc - 1, argv + 1);
    session_free(&ses);
    return rc;
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct bench_cfg), work, argc, argv);
}

const struct cmd cmd_bench = { "bench", "check", "measure speed on this machine", run };
