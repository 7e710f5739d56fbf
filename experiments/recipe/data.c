/* data.c - the tokenized examples that a run trains and is evaluated on. */
#include "experiments/recipe/data.h"
#include "core/base/text.h"
#include "core/data/demonstrations.h"
#include "core/os/sha256.h"
#include "experiments/assets/loaded_model.h"

#include <stdlib.h>
#include <string.h>

/* A split with what it depends on. */
struct kept_split {
    char *id;
    struct dataset d;
};

static void split_free(void *item)
{
    struct kept_split *k = item;

    free(k->id);
    dataset_free(&k->d);
}

/* Which rows of a split. */
static struct draw draw_of(const struct recipe *r, enum split s)
{
    const struct train_cfg *c = &r->train;
    bool of_train = s == SPLIT_TRAIN || s == SPLIT_SELECT;
    bool once = s == SPLIT_TEST && c->report == REPORT_TEST && !c->report_curve;

    if (of_train)
        return (struct draw){ c->train_n, recipe_data_seed(r), train_select(c) };
    return (struct draw){ once ? 0 : c->dev_n, EVAL_SUBSET_SEED, 0 };
}

/* What the task's file means with SHOTS before its prompts. */
static void spec_with(char out[65], const char *spec, const char *shots)
{
    char *text = xprintf("%s\n%s", spec, shots);

    sha256_hex(out, text, strlen(text));
    free(text);
}

/* SHOTS stands before every prompt, unless it is NULL. */
static int load_split(struct dataset *d, const struct recipe *r, const struct loaded_model *m,
                      enum split s, const struct draw *w, char *shots)
{
    const struct task_facts *t = r->task;
    enum split of = s == SPLIT_SELECT ? SPLIT_TRAIN : s;
    struct task with = shots ? demonstrations_task(&t->task, shots) : t->task;
    char *dir = home_path(r->session->home, "cache/tokens"), spec[65];
    struct token_cache c = { dir, t->file[of], t->spec, m->facts->tokenizer, r->session->planning };

    if (shots) {
        spec_with(spec, t->spec, shots);
        c.spec = spec;
    }
    int rc = token_cache_dataset(d, &with, s, t->dir, m->tok, r->train.max_len, w, &c);

    if (shots)
        free(with.prompt.part);
    free(dir);
    if (rc == 0 && strcmp(d->sha256, t->file[of]) != 0) {
        dataset_free(d);
        rc = fail(FAIL_INPUT, "'%s' changed since the plan; start the command again", t->path[of]);
    }
    return rc;
}

static void warn_of_few(const char *key, long limit, const char *path, int n)
{
    if (limit > n)
        warn("'%s' is %ld, but '%s' has only %d examples; all of them are used", key, limit, path,
             n);
}

static void warn_of_size(const struct recipe *r, const struct dataset *d, enum split s,
                         const struct draw *w)
{
    const char *path = r->task->path[s == SPLIT_SELECT ? SPLIT_TRAIN : s];
    int rows = recipe_rows(r);

    bool whole_inputs = d->generates && s != SPLIT_TRAIN; /* fewer rows than asked for are usual */

    if (w->select == 0 && s != SPLIT_TEST && !whole_inputs)
        warn_of_few(s == SPLIT_TRAIN ? "train_n" : "dev_n", w->limit, path,
                    d->n + (int)d->n_no_room);
    if (d->n_no_room)
        warn("%s: %ld of %ld rows were left out: 'max_len', %ld tokens, has no room for their "
             "prompt "
             "and their target; the first is row %ld",
             path, d->n_no_room, d->n + d->n_no_room, r->train.max_len, d->first_no_room);
    if (d->n_skipped && s != SPLIT_SELECT)
        warn("%s: %ld malformed row%s left out (skip_bad_rows: %ld), the first on line %ld", path,
             d->n_skipped, d->n_skipped == 1 ? " was" : "s were", r->task->task.skip_bad_rows,
             d->first_skipped);
    /* Where the method's own rows are what shortens the texts, this is worth a warning. */
    bool by_rows = rows > 0 && rows + r->train.max_len == r->model->dims.max_pos;
    if (d->n_truncated)
        (by_rows ? warn : note)("%s: %ld of %d examples truncated to %ld tokens", path,
                                d->n_truncated, d->n, r->train.max_len);
}

/* The training examples that stand before every prompt. */
static char *shots_of(const struct recipe *r, const struct loaded_model *m)
{
    const struct dataset *train = data_split(r, SPLIT_TRAIN);

    return train ? demonstrations_text(train, &r->task->task, m->tok, r->run.shots,
                                       recipe_data_seed(r))
                 : NULL;
}

static const struct dataset *draw_split(const struct recipe *r, enum split s, struct draw w)
{
    const struct task_facts *t = r->task;
    struct session_items *all = &r->session->splits;
    struct kept_split k = { 0 };

    if (!task_file(&t->task, s)) {
        fail(FAIL_USAGE, "task '%s' has no %s split", t->name, split_names[s]);
        return NULL;
    }
    const struct loaded_model *m = loaded_model(r->session, r->model);
    if (!m)
        return NULL;
    char *shots = NULL;
    if (r->run.shots > 0 && s != SPLIT_TRAIN && !(shots = shots_of(r, m)))
        return NULL;
    k.id = xprintf("%s\n%s\n%d\n%ld\n%ld %llu %.17g\n%s", t->name, m->facts->dir, (int)s,
                   r->train.max_len, w.limit,
                   w.limit > 0 || w.select > 0 ? (unsigned long long)w.seed : 0, w.select,
                   shots ? shots : "");
    for (int i = 0; i < all->n; i++) {
        const struct kept_split *kept = all->item[i];
        if (strcmp(kept->id, k.id) == 0) {
            free(k.id);
            free(shots);
            return &kept->d;
        }
    }
    int rc = load_split(&k.d, r, m, s, &w, shots);
    free(shots);
    if (rc != 0) {
        free(k.id);
        return NULL;
    }
    warn_of_size(r, &k.d, s, &w);
    struct kept_split *kept = session_add(all, &k, sizeof k, split_free);
    return &kept->d;
}

const struct dataset *data_split(const struct recipe *r, enum split s)
{
    return draw_split(r, s, draw_of(r, s));
}

const struct dataset *data_evaluated(const struct recipe *r, enum split s, long n)
{
    return draw_split(r, s, (struct draw){ n, EVAL_SUBSET_SEED, 0 });
}

/* Of the training examples and the part of them that is the selection split. */
static void warn_of_part(const struct run_data *d, const struct recipe *r)
{
    const struct dataset *train = d->split[SPLIT_TRAIN], *part = d->split[SPLIT_SELECT];
    const struct task *t = d->task;
    int missing = 0, first = 0;

    if (!part || !session_first(r->session, "part %p", (const void *)part))
        return;
    warn_of_few("train_n", r->train.train_n, part->path,
                train->n + part->n + (int)(train->n_no_room + part->n_no_room));
    if (!part->label)
        return;
    int *seen = xalloc((size_t)t->n_labels, sizeof *seen); /* 1: in train; 2: in the part */
    for (int i = 0; i < train->n; i++)
        seen[train->label[i]] = 1;
    for (int i = 0; i < part->n; i++)
        seen[part->label[i]] = 2;
    for (int k = t->n_labels - 1; k >= 0; k--)
        if (seen[k] == 1)
            first = k, missing++;
    free(seen);
    if (missing)
        warn("task '%s': the selection split (n = %d) lacks %d of the labels of the training "
             "examples, such as '%s'; a larger 'select' or 'train_n' has more",
             t->name, part->n, missing, t->labels[first]);
}

/* Does the run use this split? */
static bool is_needed(const struct recipe *r, enum split s)
{
    const struct train_cfg *c = &r->train;
    bool part = train_select(c) > 0;

    switch (s) {
    case SPLIT_DEV: return !part || c->report == REPORT_DEV;
    case SPLIT_TEST: return c->report == REPORT_TEST || (!part && r->task->path[SPLIT_TEST]);
    case SPLIT_SELECT: return part;
    default: return true;
    }
}

/* An example that is in the training data as well makes a score look better than it is. One line
 * for each task: seeds draw other training examples. */
static void warn_of_overlap(const struct run_data *d, const struct recipe *r, enum split s)
{
    const struct dataset *train = d->split[SPLIT_TRAIN], *other = d->split[s];

    if (!other ||
        !session_first(r->session, "overlap %p %p", (const void *)train, (const void *)other))
        return;
    long n = dataset_shared(train, other);
    if (n > 0 && session_first(r->session, "overlap %s %s", d->task->name, split_names[s]))
        warn("task '%s': %ld of %d %s examples are in its training data too", d->task->name, n,
             other->n, split_names[s]);
}

int data_all(struct run_data *d, const struct recipe *r)
{
    *d = (struct run_data){ .task = &r->task->task };
    for (int s = 0; s < N_SPLITS; s++)
        if (is_needed(r, (enum split)s) && !(d->split[s] = data_split(r, (enum split)s)))
            return -1;
    warn_of_part(d, r);
    for (int s = SPLIT_DEV; s < N_SPLITS; s++)
        warn_of_overlap(d, r, (enum split)s);
    return 0;
}

char *data_describe(const struct run_data *d, const struct recipe *r)
{
    enum split chooses = run_selects(d), reported = train_reports(&r->train);
    struct text line = { 0 };
    bool drawn = r->train.train_n > 0 || chooses == SPLIT_SELECT;

    text_add(&line, "%d training examples", d->split[SPLIT_TRAIN]->n);
    if (drawn)
        text_add(&line, ", drawn with data_seed");
    if (chooses == reported)
        text_add(&line, "; %d of %s choose and are reported", d->split[reported]->n,
                 split_names[reported]);
    else
        text_add(&line, "; %d of %s choose; %d of %s are reported", d->split[chooses]->n,
                 chooses == SPLIT_SELECT ? "train" : split_names[chooses], d->split[reported]->n,
                 split_names[reported]);
    return text_take(&line);
}
