/* test_studies.c - the studies in ablations/: every file loads in both profiles with a small random
 * model, and its longer form varies what the shorter one does. */
#include "tests/kit/suite.h"
#include "core/opt/yaml.h"
#include "core/os/file.h"
#include "core/os/path.h"
#include "core/os/share.h"
#include "experiments/assets/find.h"
#include "experiments/study/arms.h"
#include "experiments/study/study.h"
#include "tests/kit/tiny_run.h"

#include <stdlib.h>
#include <string.h>

enum { WITH_FULL = 6 }; /* the studies from here on also have a longer form */
static const char *const studies[] = { "halving", "alpha",    "anchor",    "precision", "targets",
                                       "choice",  "rank",     "methods",   "params",    "lowdata",
                                       "combine", "alphalr",  "truncate",  "seeds",     "lr",
                                       "budget",  "capacity", "batchsize", "layers" };
static const char toy[] =
    "task: toy\nkind: classification\ndir: .\nformat: tsv\nheader: true\n"
    "columns: {text: text, label: label}\nlabels: [x, y]\n"
    "splits: {train: train.tsv, dev: dev.tsv}\nmetrics: [accuracy]\nmax_len: 16\n";

/* Words that replace a study's model and task by a small model and a task of two lines. Loading a
 * study reads no weights, and the model's config allows every rank and length. */
static void small_words(struct settings *words, const char *dir)
{
    static const char config[] =
        "{\"model_type\": \"bert\", \"num_hidden_layers\": 6, \"hidden_size\": 256,"
        " \"num_attention_heads\": 4, \"intermediate_size\": 256, \"vocab_size\": 40,"
        " \"max_position_embeddings\": 256}";

    temp_file(dir, "config.json", config);
    write_vocab(dir);
    temp_file(dir, "train.tsv", "text\tlabel\na b\tx\nb c\ty\n");
    temp_file(dir, "dev.tsv", "text\tlabel\na c\tx\nb b\ty\n");
    settings_set(words, "model", dir, location_named("test"));
    settings_set(words, "task", temp_file(dir, "toy.yaml", toy), location_named("test"));
}

static void load(const char *name, struct session *ses, const struct settings *words,
                 enum profile profile)
{
    char *path = find_recipe(name);
    struct study s;

    ck_assert_msg(path != NULL, "%s", fail_text());
    int rc = study_load(&s, ses, path, words, 0, profile, false);
    /* This study compares f32 with bf16, and a program in double precision has neither. */
    if (sizeof(real) == sizeof(double) && strcmp(name, "precision") == 0) {
        ck_assert_int_eq(rc, -1);
        ck_assert_ptr_nonnull(strstr(fail_text(), "'precision' must be"));
        free(path);
        return;
    }
    ck_assert_msg(rc == 0, "%s: %s", name, fail_text());
    ck_assert_str_eq(s.name, name);
    ck_assert_int_gt(s.n_runs, s.n_cells);
    for (int i = 0; s.arms && i < arms_search(&s)->n_seeds; i++)
        for (int k = 0; k < s.arms->grid.n_seeds; k++)
            ck_assert_msg(arms_search(&s)->seeds[i] != s.arms->grid.seeds[k],
                          "%s tunes with seed %ld, which it reports", name, s.arms->grid.seeds[k]);
    study_free(&s);
    free(path);
}

START_TEST(every_study_loads)
{
    struct tiny t;
    struct session ses;
    struct settings words = { 0 };

    verbosity = -1;
    tiny_init(&t, 8, false, "lora", 1);
    session_init(&ses, t.dir, t.dir);
    small_words(&words, t.dir);
    load(studies[_i], &ses, &words, PROFILE_QUICK);
    if (_i >= WITH_FULL)
        load(studies[_i], &ses, &words, PROFILE_FULL);
    settings_free(&words);
    session_free(&ses);
    tiny_free(&t);
}
END_TEST

/* The axes of a longer form replace the others altogether. */
START_TEST(longer_forms_have_all_axes)
{
    char *dir = share_path("ablations");
    glob_t g = path_glob(dir, "*.yaml");
    int n = 0;

    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct yaml *y = yaml_load(g.gl_pathv[i]);
        ck_assert_msg(y != NULL, "%s", fail_text());
        const struct yaml_node *axes = yaml_get(yaml_root(y), "axes");
        const struct yaml_node *full = yaml_get(yaml_root(y), "full");
        const struct yaml_node *longer = full ? yaml_get(full, "axes") : NULL;
        for (int k = 0; longer && k < yaml_count(axes); k++, n++)
            ck_assert_msg(yaml_get(longer, yaml_key(axes, k)) != NULL, "%s: 'full' has no '%s'",
                          g.gl_pathv[i], yaml_key(axes, k));
        yaml_free(y);
    }
    ck_assert_int_gt(n, 10);
    globfree(&g);
    free(dir);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, every_study_loads, 0, (int)ARRAY_LEN(studies));
    tcase_add_test(tc, longer_forms_have_all_axes);
}

const struct suite suite_studies = { "studies", fill };
