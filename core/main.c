/* main.c - find the command in the generated table, run it, turn -1 into one line and an exit
 * status. */
#include "core/cmd.h"
#include "core/base/base.h"
#include "core/base/cpu.h"
#include "core/base/opt.h"
#include "core/math/mat.h"
#include "core/base/suggest.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void help(FILE *to)
{
    static const char *const groups[] = { "run", "look", "check", "models and data" };

    fprintf(to,
            "usage: lowrank COMMAND [options] [arguments]\n"
            "Low-rank adaptation (LoRA) ablations on a CPU: sweeps, a result database, figures.\n");
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        fprintf(to, "\n%s\n", groups[g]);
        for (const struct cmd *const *c = cmd_table; *c; c++)
            if (strcmp((*c)->group, groups[g]) == 0)
                fprintf(to, "  %-10s %s\n", (*c)->name, (*c)->summary);
    }
    fprintf(to, "\n'lowrank COMMAND --help' explains a command. Start with 'lowrank doctor'.\n");
}

static const struct cmd *find(const char *name)
{
    for (const struct cmd *const *c = cmd_table; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[128] = { 0 };
    int n = 0;

    for (const struct cmd *const *c = cmd_table; *c && n < 127; c++)
        names[n++] = (*c)->name;
    return suggest_fail(FAIL_USAGE, "command", name, names, "'lowrank help' lists them");
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return FAIL_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 && argc > 2) {
        char flag[] = "--help";
        char *again[] = { argv[2], flag, NULL };
        const struct cmd *c = find(argv[2]);
        return c ? c->run(2, again) : unknown(argv[2]);
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("lowrank %s (%s)\n", LOWRANK_VERSION, real_name());
        return 0;
    }
    const struct cmd *c = find(name);
    return c ? c->run(argc - 1, argv + 1) : unknown(name);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8"); /* numbers keep their point in every locale */
    cpu_reexec_for_blas(mat_blas_core(), argv);
    stop_install();
    int rc = dispatch(argc, argv);
    progress_end();
    if (rc == 0 && output_end(stdout) != 0)
        rc = -1;
    if (rc < 0) {
        fprintf(stderr, "lowrank: %s\n", fail_text());
        bool terminated = fail_code() == FAIL_STOPPED && stop_requested() == SIGTERM;
        rc = terminated ? 128 + SIGTERM : (int)fail_code();
    }
    return rc;
}
