/* test_wordnet.c - the WordNet tasks: shape, determinism, and no gloss in two splits. */
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "core/os/file.h"
#include "experiments/sources/wordnet.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { N_SPLIT = 3, MAX_ROWS = 200000 };
static const char *const files[N_SPLIT] = { "train.tsv", "dev.tsv", "test.tsv" };

static bool have_wordnet(void)
{
    const char *dir = getenv("WNSEARCHDIR");
    char *path = path_join(dir ? dir : "/usr/share/wordnet", "data.noun");
    bool ok = file_exists(path);

    free(path);
    if (!ok)
        skip("WordNet's files are not installed");
    return ok;
}

struct text {
    char *s;
    int split;
};

static int by_text(const void *a, const void *b)
{
    return strcasecmp(((const struct text *)a)->s, ((const struct text *)b)->s);
}

/* All texts of all splits of a task, without the labels, sorted. */
static struct text *read_texts(const char *dir, int *n)
{
    struct text *t = xalloc(2 * MAX_ROWS, sizeof *t);

    *n = 0;
    for (int k = 0; k < N_SPLIT; k++) {
        char *path = path_join(dir, files[k]), *line = NULL;
        FILE *f = fopen(path, "r");
        size_t cap = 0;
        ck_assert_ptr_nonnull(f);
        ck_assert(getline(&line, &cap, f) > 0);
        while (getline(&line, &cap, f) > 0) {
            char *save = NULL;
            *strrchr(line, '\t') = 0;
            for (char *c = strtok_r(line, "\t", &save); c; c = strtok_r(NULL, "\t", &save))
                t[(*n)++] = (struct text){ xstrdup(c), k };
        }
        fclose(f);
        free(line);
        free(path);
    }
    qsort(t, (size_t)*n, sizeof *t, by_text);
    return t;
}

static const char *const tasks[] = { "supersense", "hypernym" };

START_TEST(no_gloss_is_in_two_splits)
{
    struct wordnet w;
    char dir[64];
    int n, leaks = 0;

    if (!have_wordnet())
        return;
    temp_dir(dir);
    ck_assert_int_eq(wordnet_load(&w), 0);
    ck_assert_int_eq(w.n, 117659);
    ck_assert_int_eq(wordnet_write(&w, tasks[_i], dir), 0);
    struct text *t = read_texts(dir, &n);
    ck_assert_int_gt(n, 50000);
    for (int i = 1; i < n; i++)
        leaks += strcasecmp(t[i - 1].s, t[i].s) == 0 && t[i - 1].split != t[i].split;
    ck_assert_int_eq(leaks, 0);
    for (int i = 0; i < n; i++)
        free(t[i].s);
    free(t);
    wordnet_free(&w);
    temp_remove(dir);
}
END_TEST

START_TEST(missing_files_name_the_package)
{
    struct wordnet w;

    setenv("WNSEARCHDIR", "/nonexistent", 1);
    ck_assert_int_eq(wordnet_load(&w), -1);
    ck_assert_int_eq(fail_code(), FAIL_TOOL);
    ck_assert_ptr_nonnull(strstr(fail_text(), "wordnet-base"));
}
END_TEST

START_TEST(definitions_end_before_examples)
{
    struct wordnet w;

    if (!have_wordnet())
        return;
    ck_assert_int_eq(wordnet_load(&w), 0);
    int quoted = 0, empty = 0;
    for (int i = 0; i < w.n; i++) {
        quoted += strstr(w.s[i].gloss, "; \"") != NULL;
        empty += !w.s[i].gloss[0];
    }
    ck_assert_int_eq(quoted, 0);
    ck_assert_int_lt(empty, 5);
    wordnet_free(&w);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, no_gloss_is_in_two_splits, 0, 2);
    tcase_add_test(tc, missing_files_name_the_package);
    tcase_add_test(tc, definitions_end_before_examples);
}

const struct suite suite_wordnet = { "wordnet", fill };
