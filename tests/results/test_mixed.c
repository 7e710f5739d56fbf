/* test_mixed.c - no table and no figure mixes cells: each is given a study with one axis more than
 * it shows, and must show that axis or refuse and name it. */
#include "tests/kit/suite.h"
#include "core/cmd.h"
#include "core/opt/yaml.h"
#include "core/os/file.h"
#include "core/os/path.h"
#include "core/os/share.h"
#include "plots/figure/figure_find.h"
#include "results/pivot/study_table.h"
#include "results/store/analyses.h"
#include "results/store/metrics.h"
#include "tests/kit/store_kit.h"

#include <stdlib.h>
#include <string.h>

enum { RUNS = 8 };
/* Two ranks, two values of the axis that nothing shows, two seeds. */
static struct store *mixed_store(void)
{
    struct run_spec r[RUNS];
    struct store *s;
    struct lease c;
    char *db = xstrdup(kit_path("lowrank.db"));

    ck_assert_msg(store_open(&s, db, STORE_WRITE) == 0, "%s", fail_text());
    for (int i = 0; i < RUNS; i++) {
        int rank = i & 1 ? 8 : 4, decay = i >> 1 & 1, seed = 1 + (i >> 2);
        r[i] = (struct run_spec){
            .key = xprintf("a%063d", i),
            .cell = xprintf("b%063d", i & 3),
            .point = xprintf("c%063d", i & 3),
            .trial = "{}",
            .config = xprintf("{\"model\":\"m\",\"task\":\"t\",\"method\":\"lora\",\"targets\":"
                              "[\"q\",\"v\"],\"rank\":%d,\"alpha\":16,\"lr\":0.001,\"batch\":8,"
                              "\"shots\":0,"
                              "\"train_n\":100,\"weight_decay\":0.%d,\"seed\":%d}",
                              rank, decay, seed),
        };
    }
    const struct sweep_spec w = {
        .name = "x",
        .spec = "{\"axes\":{\"rank\":[4,8],\"weight_decay\":[0,0.1]},\"metric\":\"accuracy\","
                "\"recipe\":\"x\"}",
    };
    ck_assert_int_eq(store_plan(s, &w, r, RUNS), 0);
    for (int i = 0; i < RUNS; i++) {
        const struct attempt_end e = { .state = STATE_DONE, .trainable = 20, .trainable_head = 10 };
        ck_assert_int_eq(lease_take(s, "x", NULL, 60, &c), 1);
        ck_assert_int_eq(metrics_add(s, &c, 1, "best", "accuracy", 0.5 + 0.01 * i), 0);
        ck_assert_int_eq(metrics_add(s, &c, 1, "dev", "accuracy", 0.5 + 0.01 * i), 0);
        ck_assert_int_eq(lease_finish(s, &c, &e, false), 1);
        lease_free(&c);
        free((char *)r[i].key);
        free((char *)r[i].cell);
        free((char *)r[i].point);
        free((char *)r[i].config);
    }
    static const char *const kinds[] = { "amplify", "weights", "subspace", "intervene" };
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
        for (int run = 1; run <= RUNS; run++) {
            const struct analysis_set set = { "x", kinds[k], "" };
            const struct analysis_row row = { run, 0, 1, "q", 1, 1, "factor", 0.5 };
            ck_assert_int_eq(analyses_put(s, &set, &row, 1), 0);
        }
    free(db);
    return s;
}

static const char *const of_x[] = { "study", "x", NULL };
static const char *const of_part[] = { "study", "x", "weight_decay", "0.1", NULL };

/* The line "shows" of a query or template; "" without one. */
static const char *shows_of(const char *text)
{
    const char *at = strstr(text, " shows: ");

    return at ? at + strlen(" shows: ") : "";
}

static void check_refused(const char *name, int rc)
{
    ck_assert_msg(rc != 0, "%s mixes cells", name);
    ck_assert_msg(fail_code() == FAIL_USAGE && strstr(fail_text(), "'weight_decay' (0; 0.1)") &&
                      strstr(fail_text(), "weight_decay=0"),
                  "%s: %s", name, fail_text());
}

START_TEST(queries)
{
    static const char *const own[] = { "fig_",   "claim_",  "page_",  "cmd_",
                                       "pivot_", "beside_", "export_" };
    struct store *s = mixed_store();
    int refused = 0;

    for (const char *const *q = query_names(); *q; q++) {
        const char *sql = query_find(*q), *shows = shows_of(sql);
        struct study_table t;
        bool people = true;
        for (size_t i = 0; i < ARRAY_LEN(own); i++)
            people &= strncmp(*q, own[i], strlen(own[i])) != 0;
        if (!people || !query_takes(sql, "study"))
            continue;
        ck_assert_msg(*shows || strcmp(*q, "analysed") == 0, "%s does not say what it shows", *q);
        if (!*shows || strncmp(shows, "all", 3) == 0)
            continue;
        check_refused(*q, study_table(&t, s, NULL, *q, of_x, true));
        study_table_free(&t);
        int rc = study_table(&t, s, NULL, *q, of_part, true);
        ck_assert_msg(rc == 0 || !strstr(fail_text(), "weight_decay"), "%s: %s", *q, fail_text());
        study_table_free(&t);
        refused++;
    }
    ck_assert_int_gt(refused, 8);
    store_close(s);
}
END_TEST

START_TEST(templates)
{
    char *name[MAX_FIGURES + 1];
    struct store *s = mixed_store();
    int n = template_names(name), refused = 0;

    for (int i = 0; i < n; i++) {
        struct template t;
        struct figure f = { 0 };
        ck_assert_int_eq(template_load(&t, NULL, name[i]), 0);
        const char *shows = shows_of(t.header);
        bool of_study = query_takes(query_find(t.data[0].query), "study");
        ck_assert_msg(*shows || !of_study, "%s does not say what it shows", name[i]);
        if (of_study && strncmp(shows, "all", 3) != 0) {
            check_refused(name[i], figure_find(&f, s, NULL, name[i], of_x));
            refused++;
        }
        figure_free(&f);
        template_free(&t);
        free(name[i]);
    }
    ck_assert_int_gt(refused, 6);
    store_close(s);
}
END_TEST

/* Tables and figures that files of studies describe, and those of a study without any words. */
START_TEST(studies)
{
    struct store *s = mixed_store();
    char *dir = share_path("ablations");
    glob_t g = path_glob(dir, "*.yaml");
    int tables = 0, figures = 0;

    for (size_t i = 0; i <= g.gl_pathc; i++) {
        struct yaml *y = i < g.gl_pathc ? yaml_load(g.gl_pathv[i]) : NULL;
        const char *name = y ? yaml_str(yaml_root(y), "study", "") : "x";
        const char *const none[] = { NULL }, *const *params = y ? of_x : none;
        const struct yaml_node *table = y ? yaml_get(yaml_root(y), "table") : NULL;
        const struct yaml_node *figure = y ? yaml_get(yaml_root(y), "figure") : NULL;
        if (!y || (table && yaml_kind(table) == YAML_MAP)) {
            struct study_table t;
            ck_assert_msg(study_table(&t, s, NULL, name, params, true) == 0, "%s", fail_text());
            char *cols = xstrdup("");
            for (int c = 0; c < t.r.n_cols; c++) {
                char *more = xprintf("%s %s", cols, t.r.col[c]);
                free(cols);
                cols = more;
            }
            ck_assert_msg(strstr(cols, "weight_decay"), "table %s:%s", name, cols);
            free(cols);
            study_table_free(&t);
            tables++;
        }
        if (!y || (figure && yaml_kind(figure) == YAML_MAP)) {
            struct figure f = { 0 };
            ck_assert_msg(figure_find(&f, s, NULL, name, params) == 0, "%s", fail_text());
            char *data = figure_data(&f), *script = figure_script(&f);
            ck_assert_msg(strstr(data, "weight_decay = 0.1") || strstr(script, "weight\\\\_decay"),
                          "figure %s", name);
            free(data);
            free(script);
            figure_free(&f);
            figures++;
        }
        yaml_free(y);
    }
    ck_assert_int_gt(tables, 5);
    ck_assert_int_gt(figures, 7);
    globfree(&g);
    free(dir);
    store_close(s);
}
END_TEST

/* Words of the command line are a promise. */
START_TEST(words)
{
    static const char *const rank[] = { "rows", "rank", NULL };
    static const char *const both[] = { "rows", "rank", "cols", "weight_decay", NULL };
    static const char *const part[] = { "rows", "rank", "weight_decay", "0.1", NULL };
    static const char *const x[] = { "x", "rank", "series", "task", NULL };
    static const char *const series[] = { "x", "rank", "series", "weight_decay", NULL };
    static const char *const heat[] = { "x", "rank", "y", "alpha", "series", "weight_decay", NULL };
    struct store *s = mixed_store();
    struct study_table t;
    struct figure f = { 0 };

    check_refused("rows=rank", study_table(&t, s, NULL, "x", rank, true));
    study_table_free(&t);
    ck_assert_msg(study_table(&t, s, NULL, "x", both, true) == 0, "%s", fail_text());
    ck_assert_int_eq(t.r.n_rows, 2);
    ck_assert_str_eq(rows_get(&t.r, 0, "weight_decay=0.1"), "54.0 ± 25.4 (2)");
    study_table_free(&t);
    ck_assert_msg(study_table(&t, s, NULL, "x", part, true) == 0, "%s", fail_text());
    ck_assert_str_eq(rows_get(&t.r, 0, "value"), "54.0 ± 25.4 (2)");
    study_table_free(&t);
    check_refused("series=task", figure_find(&f, s, NULL, "x", x));
    figure_free(&f);
    ck_assert_msg(figure_find(&f, s, NULL, "x", series) == 0, "%s", fail_text());
    ck_assert_int_eq(f.rows[0].n_rows, 4);
    ck_assert_int_eq(f.rows[1].n_rows, RUNS);
    figure_free(&f);
    /* A heat map has no lines: each value of the series is a panel, not a square under another. */
    ck_assert_msg(figure_find(&f, s, NULL, "x", heat) == 0, "%s", fail_text());
    ck_assert_str_eq(rows_get(&f.rows[0], 0, "panel"), "weight_decay = 0");
    ck_assert_str_eq(rows_get(&f.rows[0], 3, "panel"), "weight_decay = 0.1");
    figure_free(&f);
    store_close(s);
}
END_TEST

extern const struct cmd cmd_export;

/* Every run and metric on one row, and each column explained. */
START_TEST(exported)
{
    char command[] = "export", study[] = "x", home[] = "--home", *at = xstrdup(kit_path("."));
    char *argv[] = { command, study, home, at, NULL };
    struct file f;

    store_close(mixed_store());
    ck_assert_msg(cmd_export.run(4, argv) == 0, "%s", fail_text());
    static const char *const want[][2] = { { "export/x/results.csv", "weight_decay" },
                                           { "export/x/curves.csv", ",dev,accuracy,1,0.5\n" },
                                           { "export/x/dictionary.csv",
                                             "results,weight_decay,decoupled weight decay" } };
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        ck_assert_msg(file_map(&f, kit_path(want[i][0])) == 0, "%s", fail_text());
        char *text = xprintf("%.*s", (int)f.size, (const char *)f.data);
        ck_assert_msg(strstr(text, want[i][1]), "%s: %s", want[i][1], text);
        int rows = 0;
        for (const char *s = text; *s; s++)
            rows += *s == '\n';
        ck_assert(i != 0 || rows == RUNS + 1);
        free(text);
        file_unmap(&f);
    }
    free(at);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, exported);
    tcase_add_test(tc, queries);
    tcase_add_test(tc, templates);
    tcase_add_test(tc, studies);
    tcase_add_test(tc, words);
}

const struct suite suite_mixed = { "mixed", fill };
