/* fuzz_task.c - task_load and model_card_load on any YAML: refused with status 2, or a task has
 * what training relies on (its files, columns and metrics; at least two labels, all different, or a
 * range that is not empty), and a model card has file names that stay in the model's folder. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/data/task.h"
#include "core/metric/metric.h"
#include "experiments/sources/model_card.h"

#include <string.h>

static void check_labels(const struct task *t)
{
    CHECK(!t->labels || t->n_labels >= 2, "%d labels", t->n_labels);
    CHECK(!t->labels != !t->labels_file, "labels and a file of labels");
    for (int i = 0; i < t->n_labels; i++)
        for (int k = 0; k < i; k++)
            CHECK(strcmp(t->labels[i], t->labels[k]) != 0, "'%s' twice", t->labels[i]);
}

static void check_task(const struct task *t)
{
    CHECK(t->name && *t->name && t->dir && t->col_text && t->col_label, "a key is missing");
    CHECK(t->file[SPLIT_TRAIN] && t->file[SPLIT_DEV], "a split is missing");
    CHECK(t->n_metrics >= 1 && t->n_metrics <= TASK_MAX_METRICS, "%d metrics", t->n_metrics);
    for (int i = 0; i < t->n_metrics; i++)
        CHECK((metric_find(t->metrics[i])->of == METRIC_OF_TARGETS) == t->regression, "'%s'",
              t->metrics[i]);
    CHECK(t->max_len >= 0 && t->skip_bad_rows >= 0, "%ld, %ld", t->max_len, t->skip_bad_rows);
    if (t->regression)
        CHECK(t->lo < t->hi, "range %g to %g", t->lo, t->hi);
    else
        check_labels(t);
}

static void check_card(const struct model_card *c)
{
    uint64_t parts = 0;

    CHECK(c->n_files > 0 && strlen(c->sha256) == 64, "%d files", c->n_files);
    for (int i = 0; i < c->n_files; i++) {
        const char *path = c->files[i].path;
        CHECK(*path && *path != '/' && !strstr(path, ".."), "'%s'", path);
    }
    CHECK(!strchr(c->name, '/') && !strchr(c->archive, '/'), "'%s', '%s'", c->name, c->archive);
    for (int i = 0; i < c->n_wheels; i++) {
        CHECK(!strchr(c->wheels[i].wheel, '/'), "'%s'", c->wheels[i].wheel);
        parts += c->wheels[i].part_size;
    }
    CHECK(parts == (c->wheels[0].part ? c->size : 0), "%d wheels", c->n_wheels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(fuzz_begin(data, size));
    struct task t;
    struct model_card c;

    if (task_load(&t, path) == 0) {
        check_task(&t);
        task_free(&t);
    } else {
        fuzz_refused(FUZZ_USAGE);
    }
    if (model_card_load(&c, path) == 0) {
        check_card(&c);
        model_card_free(&c);
    } else {
        fuzz_refused(FUZZ_USAGE);
    }
    fuzz_end();
    return 0;
}
