/* cmd_bench.c - "lowrank bench": the speed of this machine, measured in several ways. */
#include "core/cmd.h"
#include "core/os/cpu.h"
#include "core/opt/suggest.h"
#include "core/math/mat.h"
#include "experiments/bench/bench.h"
#include "results/rows/rows.h"

#include <string.h>

#define AT(f) offsetof(struct bench_cfg, f)
static const struct opt opts[] = {
    { "threads", 't', OPT_INT, AT(threads), "0", 0, 1024, NULL, "threads, 0: one per core" },
    { "jobs", 'j', OPT_INT, AT(jobs), "0", 0, 256, NULL,
      "workers of 'sweep', 0: as many as threads" },
    { "runs", 0, OPT_INT, AT(runs), "0", 0, 10000, NULL, "runs of 'sweep', 0: 8" },
    { "sequences", 0, OPT_INT, AT(sequences), "0", 0, 100000, NULL,
      "sequences in a batch, 0: 8, or 1 for 'forward'" },
    { "tokens", 0, OPT_INT, AT(tokens), "0", 0, 65536, NULL,
      "tokens in a sequence, or rows of a product for 'gemm', 0: 128" },
    { "axis", 0, OPT_CHOICE, AT(axis), "all", 0, 0, BENCH_AXES, "what 'scale' varies" },
    { "seconds", 0, OPT_REAL, AT(seconds), "0.2", 0.001, 60, NULL, "time to measure each product" },
    { "no_store", 0, OPT_BOOL, AT(no_store), "false", 0, 0, NULL,
      "do not store the numbers in HOME/lowrank.db" },
    DATA_OPTION(struct bench_cfg),
    HOME_OPTION(struct bench_cfg),
    FORMAT_OPTION(struct bench_cfg),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "bench",
    .usage = "KIND [GEOMETRY|TASK] [key=value...]",
    .about = "measure the speed of this machine",
    .detail = "KIND is one of\n"
              "  gemm     matrix products, by library, precision, operation, and shape\n"
              "             lowrank bench gemm gpt2-small --tokens 256\n"
              "  step     training steps of a geometry with random weights and examples\n"
              "             lowrank bench step minilm rank=8 --sequences 16 --tokens 64 -t 2\n"
              "  task     training steps on the shuffled batches of a task\n"
              "             lowrank bench task mrpc batch=16 rank=8 --data DIR\n"
              "  sweep    short runs side by side, compared with one after another\n"
              "             lowrank bench sweep mrpc --runs 16 -j 2 --data DIR\n"
              "  forward  forward passes on one thread: the base model, the base model with\n"
              "           an update merged into it, and a model with adapters beside it\n"
              "             lowrank bench forward minilm rank=8 --tokens 128\n"
              "  scale    time and memory as model, length, batch, rank, or runs grow\n"
              "             lowrank bench scale --axis length && lowrank figure bench_scale\n"
              "\n"
              "GEOMETRY is tiny, minilm, roberta-base, gpt2-small, gpt2-medium, a model that\n"
              "was fetched, or a folder. Keys are those of a recipe: method, rank, targets,\n"
              "batch, steps, ...\n"
              "\n"
              "Some columns of the tables:\n"
              "  needed_gflops  speed, counting only operations that cannot be avoided\n"
              "  gemm_gflops    speed of packed products with the shapes of this model,\n"
              "                 the mean of measurements before and after (GFLOP/s)\n"
              "  ratio          needed_gflops divided by gemm_gflops\n"
              "  ..._pct        time by kind of work, in percent of threads x time\n"
              "\n"
              "The numbers are stored together with the facts of this machine:\n"
              "'lowrank query bench' lists them.",
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

static int run_kind(const struct bench_cfg *c, int n, char **words)
{
    const char *names[ARRAY_LEN(kinds) + 1] = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        names[i] = kinds[i].name;
        if (strcmp(words[0], names[i]) == 0)
            return kinds[i].run(c, n - 1, words + 1);
    }
    return suggest_fail(FAIL_USAGE, "kind of measurement", words[0], names, NULL);
}

static int bench_work(void *cfg, int argc, char **argv)
{
    struct bench_cfg *c = cfg;
    struct session ses;

    if (c->threads == 0)
        c->threads = cpu_info()->cores;
    session_init(&ses, c->home, c->data);
    c->session = &ses;
    math_thread_init();
    int rc = run_kind(c, argc - 1, argv + 1);
    session_free(&ses);
    return rc;
}

static int bench_main(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct bench_cfg), bench_work, argc, argv);
}

const struct cmd cmd_bench = { "bench", "check", "measure the speed of this machine", bench_main };
