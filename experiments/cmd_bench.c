/* cmd_bench.c - "lowrank bench": matrix products, a forward pass, and training steps on real
 * batches, timed. */
#include "core/cmd.h"
#include "core/base/cpu.h"
#include "core/base/opt.h"
#include "experiments/bench.h"

#include <string.h>

#define AT(f) offsetof(struct bench_cfg, f)
static const struct opt opts[] = {
    { "threads", 't', OPT_INT, AT(threads), "0", 0, 1024, NULL, "threads; 0 is all cores" },
    { "tokens", 0, OPT_INT, AT(tokens), "128", 1, 65536, NULL,
      "of a sequence (forward), rows of a product (gemm)" },
    { "sequences", 0, OPT_INT, AT(sequences), "1", 1, 4096, NULL, "in the batch (forward)" },
    { "seconds", 0, OPT_REAL, AT(seconds), "0.2", 0.001, 60, NULL, "for each product" },
    { "data", 0, OPT_STR, AT(data), NULL, 0, 0, NULL,
      "folder of data (default: LOWRANK_DATA, else HOME/data)" },
    HOME_OPTION(struct bench_cfg),
    FORMAT_OPTION(struct bench_cfg),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "bench",
    .usage = "gemm|forward|task [key=value...]",
    .about = "measure speed on this machine",
    .detail =
        "  gemm     products of MiniLM's shapes and a large one: OpenBLAS, and packed weights\n"
        "  forward  one batch through model=NAME on one thread\n"
        "  task     training steps of a recipe on the real, shuffled batches of its task; the "
        "first 3 do\n"
        "           not count, tokens are real ones. steps=N sets how many (30). The operations "
        "that a\n"
        "           step needs are put beside what packed products reach in the same minute.\n"
        "The keys are those of a recipe: model, task, method, batch, rank, ...",
    .example =
        "lowrank bench task model=minilm task=mrpc batch=16 rank=8 targets=q,v steps=30 -t 2",
    .min_args = 1,
    .max_args = -1,
};

static const struct {
    const char *name;
    int (*run)(const struct bench_cfg *c, int n, char **words);
} kinds[] = { { "gemm", bench_gemm }, { "forward", bench_forward }, { "task", bench_task } };

static int bench(const struct bench_cfg *c, int n, char **words)
{
    const char *names[ARRAY_LEN(kinds) + 1] = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        names[i] = kinds[i].name;
        if (strcmp(words[0], names[i]) == 0)
            return kinds[i].run(c, n - 1, words + 1);
    }
    const char *near = nearest(words[0], names);
    return near ? fail(FAIL_USAGE, "cannot measure '%s'; did you mean '%s'?", words[0], near)
                : fail(FAIL_USAGE, "cannot measure '%s'; there are gemm, forward and task",
                       words[0]);
}

static int work(void *cfg, int argc, char **argv)
{
    struct bench_cfg *c = cfg;

    if (c->threads == 0)
        c->threads = cpu_info()->cores;
    home_option = c->home;
    data_option = c->data;
    math_thread_init();
    return bench(c, argc - 1, argv + 1);
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct bench_cfg), work, argc, argv);
}

const struct cmd cmd_bench = { "bench", "check", "measure speed on this machine", run };
