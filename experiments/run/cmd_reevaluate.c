/* cmd_reevaluate.c - "lowrank reevaluate": stored adapters, scored on another split. */
#include "core/cmd.h"
#include "core/math/mat.h"
#include "core/opt/suggest.h"
#include "core/os/file.h"
#include "experiments/run/reevaluate.h"
#include "experiments/study/study_flags.h"
#include "results/query/query.h"
#include "results/query/read_options.h"

#include <stdlib.h>
#include <string.h>

static const struct opt table[] = {
    { "threads", 't', OPT_INT, OPTION_AT(threads), "0", 0, 256, NULL,
      "threads, 0: one per core; results do not depend on it" },
    HOME_OPTION(struct study_flags),
    DATA_OPTION(struct study_flags),
    FORMAT_OPTION(struct study_flags),
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "reevaluate",
    .usage = "STUDY|RUN|CELL [name=value...]",
    .about = "score stored adapters of finished runs on another split, and keep the numbers",
    .detail =
        "Of a study, the runs of the best trial of each cell are scored. RUN and CELL are the "
        "first digits of a key. What is stored already is not computed again.\n\n"
        "words:\n"
        "  split=test      or dev\n"
        "  n=0             examples, drawn at random as dev_n draws them; 0: all\n"
        "  adapter=chosen  with the parameters of the chosen evaluation, or of the last\n",
    .example = "lowrank reevaluate rank split=test",
    .min_args = 1,
    .max_args = -1,
};

static int set_word(struct reevaluation *e, const char *name, const char *value)
{
    static const char *const names[] = { "split", "n", "adapter", NULL };
    const struct opt count = { "n", 0, OPT_INT, 0, "0", 0, 1e9, NULL, NULL };

    if (strcmp(name, "n") == 0)
        return opt_set(&count, &e->n, value);
    if (strcmp(name, "split") == 0) {
        e->split = strcmp(value, "dev") == 0 ? SPLIT_DEV : SPLIT_TEST;
        return strcmp(value, split_names[e->split]) == 0
                   ? 0
                   : fail(FAIL_USAGE, "'split' must be dev or test, not '%s'", value);
    }
    if (strcmp(name, "adapter") == 0) {
        e->last = strcmp(value, "last") == 0;
        return e->last || strcmp(value, "chosen") == 0
                   ? 0
                   : fail(FAIL_USAGE, "'adapter' must be chosen or last, not '%s'", value);
    }
    return suggest_fail(FAIL_USAGE, "word", name, names, "'lowrank reevaluate --help' lists them");
}

static int reevaluate_and_print(struct reevaluation *e, int format)
{
    char n[32];
    const char *filter[] = { NULL, e->of, "split", split_names[e->split], "n", n, NULL };
    static const char *const kinds[] = { "study", "run", "cell" };
    int rc = reevaluate(e);

    if (e->n_done + e->n_were + e->n_unfinished > 0)
        note("%ld run%s scored, %ld had been before%s", e->n_done, e->n_done == 1 ? "" : "s",
             e->n_were, e->n_unfinished ? "; runs that are not finished are left out" : "");
    snprintf(n, sizeof n, "%ld", e->n);
    for (size_t i = 0, rows_shown = 0; i < ARRAY_LEN(kinds) && rc == 0 && !rows_shown; i++) {
        struct rows rows;
        filter[0] = kinds[i];
        rc = query_named(e->store, &rows, "reevaluated", filter);
        if (rc == 0 && (rows_shown = (size_t)rows.n_rows) > 0)
            rc = rows_print(stdout, &rows, (enum rows_format)format);
        rows_free(&rows);
    }
    return rc;
}

static int reevaluate_work(void *cfg, int argc, char **argv)
{
    const struct study_flags *c = cfg;
    struct session ses;
    struct reevaluation e = { .session = &ses, .of = argv[1], .split = SPLIT_TEST };
    const char **words = read_options_params(argv + 2, argc - 2);
    int rc = words ? 0 : -1;

    for (int i = 0; rc == 0 && words[i]; i += 2)
        rc = set_word(&e, words[i], words[i + 1]);
    free(words);
    if (rc != 0)
        return -1;
    session_init(&ses, c->home, c->data);
    math_thread_init();
    char *path = home_path(c->home, "lowrank.db");
    /* reading a store that does not exist fails with the command that makes one */
    rc = study_flags_store(&e.store, c->home, file_exists(path) ? STORE_WRITE : STORE_READ);
    free(path);
    if (rc == 0)
        e.pool = pool_new(c->threads > 0 ? (int)c->threads : cpu_info()->cores);
    rc = e.pool ? reevaluate_and_print(&e, c->format) : -1;
    pool_free(e.pool);
    store_close(e.store);
    session_free(&ses);
    return rc;
}

static int reevaluate_main(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct study_flags), reevaluate_work, argc, argv);
}

const struct cmd cmd_reevaluate = { "reevaluate", "run", "score stored adapters on another split",
                                    reevaluate_main };
