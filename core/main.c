/* main.c - run the command that the first word names, and turn a failure into one line on standard
 * error and an exit status. */
#include "core/cmd.h"
#include "core/base/base.h"
#include "core/os/alloc_hooks.h"
#include "core/os/cpu.h"
#include "core/os/file.h"
#include "core/opt/suggest.h"
#include "core/help/help.h"
#include "core/math/mat.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int unknown_command(const char *name)
{
    const char **names = cmd_names(NULL);

    suggest_fail(FAIL_USAGE, "command", name, names, "'lowrank help' lists them");
    free(names);
    return -1;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        help_overview(stderr);
        return FAIL_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help_overview(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("lowrank %s (%s)\n", LOWRANK_VERSION, real_name());
        return 0;
    }
    const struct cmd *c = cmd_find(name);
    return c ? c->run(argc - 1, argv + 1) : unknown_command(name);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8"); /* only this category: numbers keep their decimal point */
    cpu_reexec_for_blas(mat_blas_core(), argv);
    stop_install();
    alloc_hooks_install();
    if (mat_blas_check() != 0) {
        fprintf(stderr, "lowrank: %s\n", fail_text());
        _exit((int)fail_code()); /* exit would wait for OpenBLAS's threads, which wait for memory */
    }
    int rc = dispatch(argc, argv);
    progress_end();
    /* A file that was truncated is the cause of whatever was made of it. */
    if ((rc == 0 || (rc < 0 && fail_code() != FAIL_STOPPED)) && file_check() != 0)
        rc = -1;
    if (rc == 0 && output_end(stdout) != 0)
        rc = -1;
    if (rc < 0) {
        fprintf(stderr, "lowrank: %s\n", fail_text());
        bool terminated = fail_code() == FAIL_STOPPED && stop_requested() == SIGTERM;
        rc = terminated ? 128 + SIGTERM : (int)fail_code();
    }
    return rc;
}
