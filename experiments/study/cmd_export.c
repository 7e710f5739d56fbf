/* cmd_export.c - "lowrank export": the results of a study as files for pandas, R, and DuckDB. */
#include "core/cmd.h"
#include "core/os/file.h"
#include "experiments/recipe/keys.h"
#include "results/query/dictionary.h"
#include "results/query/query.h"
#include "results/query/recorded.h"

#include <stdlib.h>
#include <string.h>

struct flags {
    char *home, *out;
    int format;
};
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    { "out", 'o', OPT_STR, offsetof(struct flags, out), NULL, 0, 0, NULL,
      "folder to write to instead of HOME/export/STUDY" },
    { "format", 'f', OPT_CHOICE, offsetof(struct flags, format), "csv", 0, 0, "csv|json",
      "how to write the files" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "export",
    .usage = "STUDY",
    .about = "write the results of a study as tidy data for pandas, R, or DuckDB",
    .detail =
        "results has one row for each run, kind of number and metric, with every recipe key;\n"
        "curves one row for each point; both name the run, by which they can be joined.\n"
        "dictionary says what each column is. Numbers are not rounded for reading: accuracy is\n"
        "from 0 to 1.",
    .example = "lowrank export rank",
    .min_args = 1,
    .max_args = 1,
};

/* R without the columns that have no value in any row, and without numbers of the database. */
static void drop_empty(struct rows *r)
{
    static const char *const inner[] = { "cell_id", "apart" };
    int kept = 0, n = r->n_cols;
    int *col = xalloc((size_t)n + 1, sizeof *col);

    for (int i = 0; i < n; i++) {
        bool some = false;
        for (int row = 0; row < r->n_rows && !some; row++)
            some = r->cell[(size_t)row * (size_t)n + (size_t)i] != NULL;
        for (size_t k = 0; k < ARRAY_LEN(inner); k++)
            some &= strcmp(inner[k], r->col[i]) != 0;
        if (some)
            col[kept++] = i;
    }
    const char **head = xalloc((size_t)kept + 1, sizeof *head),
               **line = xalloc((size_t)kept + 1, sizeof *line);
    for (int i = 0; i < kept; i++)
        head[i] = r->col[col[i]];
    struct rows out;
    rows_init(&out, head);
    for (int row = 0; row < r->n_rows; row++) {
        for (int i = 0; i < kept; i++)
            line[i] = r->cell[(size_t)row * (size_t)n + (size_t)col[i]];
        rows_add(&out, line);
    }
    free(line);
    free(head);
    free(col);
    rows_free(r);
    *r = out;
}

static void describe(struct rows *dictionary, const char *file, const struct rows *r)
{
    for (int i = 0; i < r->n_cols; i++) {
        char *text = dictionary_find("column", r->col[i]);
        const struct opt *key = text ? NULL : keys_find(r->col[i]);
        rows_add(dictionary, (const char *[]){ file, r->col[i],
                                               text  ? text
                                               : key ? key->help
                                                     : "recipe key" });
        free(text);
    }
}

static int write_rows(const char *dir, const char *name, const struct rows *r, int json)
{
    char *path = xprintf("%s/%s.%s", dir, name, json ? "json" : "csv"), *text = NULL;
    size_t size;
    FILE *to = xmemstream(&text, &size);
    int rc = rows_print(to, r, json ? ROWS_JSON : ROWS_CSV);

    xmemstream_end(to);
    if (rc == 0)
        rc = file_write(path, text, size, FAIL_STORE);
    if (rc == 0)
        printf("%s\n", path);
    free(text);
    free(path);
    return rc;
}

static int write_all(struct store *s, const char *study, const char *dir, int json)
{
    static const char *const names[][2] = { { "results", "export_results" },
                                            { "curves", "export_curves" } };
    static const char *const cols[] = { "file", "column", "explanation", NULL };
    const char *const params[] = { "study", study, NULL };
    struct rows dictionary;
    int rc = make_dirs(dir);

    rows_init(&dictionary, cols);
    for (size_t i = 0; i < ARRAY_LEN(names) && rc == 0; i++) {
        struct rows r = { 0 };
        rc = query_named(s, &r, names[i][1], params);
        if (rc == 0 && i == 0 && r.n_rows == 0)
            rc = fail(FAIL_RUN,
                      "study '%s' has no finished runs yet; 'lowrank status' shows how far "
                      "it is",
                      study);
        if (rc == 0) {
            drop_empty(&r);
            describe(&dictionary, names[i][0], &r);
            rc = write_rows(dir, names[i][0], &r, json);
        }
        rows_free(&r);
    }
    if (rc == 0)
        rc = write_rows(dir, "dictionary", &dictionary, json);
    rows_free(&dictionary);
    return rc;
}

static int export_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    char *path = home_path(f->home, "lowrank.db"), *name = xprintf("export/%s", argv[1]);
    char *dir = f->out ? xstrdup(f->out) : home_path(f->home, name);
    struct store *s = NULL;
    int rc = store_open(&s, path, STORE_READ);

    (void)argc;
    if (rc == 0)
        rc = recorded_check_study(s, argv[1]);
    if (rc == 0)
        rc = write_all(s, argv[1], dir, f->format);
    store_close(s);
    free(dir);
    free(name);
    free(path);
    return rc;
}

static int export_run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), export_work, argc, argv);
}

const struct cmd cmd_export = { "export", "look", "results of a study as tidy data", export_run };
