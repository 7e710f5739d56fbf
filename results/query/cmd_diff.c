/* cmd_diff.c - "lowrank diff": in what two runs, or two cells, differ. */
#include "core/cmd.h"
#include "results/query/found.h"
#include "results/query/query.h"
#include "results/query/read_options.h"
#include "results/query/sections.h"

static const struct {
    const char *title, *query, *none;
} parts[] = {
    { "recipe", "cmd_diff_recipe", "the same" },
    { "inputs", "cmd_diff_inputs", "the same" },
    { "provenance", "cmd_diff_provenance", "the same" },
    { "results", "cmd_diff_results", "the same" },
};

static int print_differences(struct store *s, enum rows_format f, const struct found *a,
                             const struct found *b)
{
    const char *const params[] = { "a", a->name, "b", b->name, NULL };
    const char *const with_kind[] = {
        "a",     a->name, "b",
        b->name, "cells", a->kind == FOUND_CELL || b->kind == FOUND_CELL ? "1" : "0",
        NULL
    };
    struct sections o;

    sections_begin(&o, s, f);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (sections_add(&o, parts[i].title, parts[i].none, query_find(parts[i].query),
                         i == 0 ? with_kind : params) != 0)
            return -1;
    return sections_end(&o);
}

static int diff_work(void *cfg, int argc, char **argv)
{
    const struct read_options *o = cfg;
    struct found a = { 0 }, b = { 0 };
    struct store *s = NULL;
    int rc = -1;

    (void)argc;
    if (read_options_open(&s, o) == 0 && found_read(&a, s, argv[1], FOUND_RUN | FOUND_CELL) == 0 &&
        found_read(&b, s, argv[2], FOUND_RUN | FOUND_CELL) == 0)
        rc = print_differences(s, (enum rows_format)o->format, &a, &b);
    found_free(&a);
    found_free(&b);
    store_close(s);
    return rc;
}

static const struct opt_usage usage = {
    .command = "diff",
    .usage = "RUN|CELL RUN|CELL",
    .about = "Print in what two runs or two cells differ, and nothing else: recipe, input files, "
             "provenance, results.",
    .detail = "Input files are compared by content. Of a cell, results are means over its finished "
              "runs, and n_a and n_b how many there are; 'lowrank compare' tests the difference.",
    .example = "lowrank diff 3fa9c1d2 a7b1",
    .min_args = 2,
    .max_args = 2,
};
static int diff_main(int argc, char **argv)
{
    return opt_command(&usage, read_options, sizeof(struct read_options), diff_work, argc, argv);
}

const struct cmd cmd_diff = { "diff", "look", "in what two runs or cells differ", diff_main };
