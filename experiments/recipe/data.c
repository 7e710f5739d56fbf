/* data.c - the tokenized examples that a run trains and is evaluated on. */
#include "experiments/recipe/data.h"
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

static int load_split(struct dataset *d, const struct recipe *r, const struct loaded_model *m,
                      enum split s, long limit)
{
    const struct task_facts *t = r->task;
    char *dir = home_path(r->session->home, "cache/tokens");
    struct token_cache c = { dir, t->file[s], t->spec, m->facts->tokenizer };
    int rc = token_cache_dataset(d, &t->task, s, t->dir, m->tok, r->train.max_len, limit,
                                 SUBSET_SEED, &c);

    free(dir);
    if (rc == 0 && strcmp(d->sha256, t->file[s]) != 0) {
        dataset_free(d);
        rc = fail(FAIL_INPUT, "'%s' changed since the plan; start the command again", t->path[s]);
    }
    return rc;
}

static void warn_of_size(const struct recipe *r, const struct dataset *d, enum split s, long limit)
{
    const char *path = r->task->path[s];
    int rows = recipe_rows(r);

    if (limit > d->n && s != SPLIT_TEST)
        warn("'%s' is %ld, but '%s' has only %d examples; all of them are used",
             s == SPLIT_TRAIN ? "train_n" : "dev_n", limit, path, d->n);
    if (d->n_skipped)
        warn("%s: %ld malformed row%s left out (skip_bad_rows: %ld), the first on line %ld", path,
             d->n_skipped, d->n_skipped == 1 ? " was" : "s were", r->task->task.skip_bad_rows,
             d->first_skipped);
    /* Where the method's own rows are what shortens the texts, this is worth a warning. */
    bool by_rows = rows > 0 && rows + r->train.max_len == r->model->dims.max_pos;
    if (d->n_truncated)
        (by_rows ? warn : note)("%s: %ld of %d examples truncated to %ld tokens", path,
                                d->n_truncated, d->n, r->train.max_len);
}

const struct dataset *data_split(const struct recipe *r, enum split s, bool *absent)
{
    const struct task_facts *t = r->task;
    struct session_items *all = &r->session->splits;
    long limit = s == SPLIT_TRAIN ? r->train.train_n : r->train.dev_n;
    struct kept_split k = { 0 };

    if (absent)
        *absent = !t->path[s];
    const struct loaded_model *m = t->path[s] ? loaded_model(r->session, r->model) : NULL;
    if (!m)
        return NULL;
    k.id = xprintf("%s\n%s\n%d\n%ld\n%ld", t->name, m->facts->dir, (int)s, r->train.max_len, limit);
    for (int i = 0; i < all->n; i++) {
        const struct kept_split *kept = all->item[i];
        if (strcmp(kept->id, k.id) == 0) {
            free(k.id);
            return &kept->d;
        }
    }
    if (load_split(&k.d, r, m, s, limit) != 0) {
        free(k.id);
        return NULL;
    }
    warn_of_size(r, &k.d, s, limit);
    struct kept_split *kept = session_add(all, &k, sizeof k, split_free);
    return &kept->d;
}

/* An example that is in the training data as well makes a score look better than it is. */
static void warn_of_overlap(const struct run_data *d, const struct recipe *r, enum split s)
{
    const struct dataset *train = d->split[SPLIT_TRAIN], *other = d->split[s];

    if (!other ||
        !session_first(r->session, "overlap %p %p", (const void *)train, (const void *)other))
        return;
    long n = dataset_shared(train, other);
    if (n > 0)
        warn("task '%s': %ld of %d %s examples are in its training data too", d->task->name, n,
             other->n, split_names[s]);
}

int data_all(struct run_data *d, const struct recipe *r)
{
    const struct task_facts *t = r->task;

    *d = (struct run_data){ .task = &t->task };
    for (int s = 0; s < N_SPLITS; s++) {
        bool absent;
        d->split[s] = data_split(r, (enum split)s, &absent);
        if (!d->split[s] && absent && s != SPLIT_TEST)
            return fail(FAIL_USAGE, "task '%s' has no %s split", t->name, split_names[s]);
        if (!d->split[s] && !absent)
            return -1;
    }
    warn_of_overlap(d, r, SPLIT_DEV);
    warn_of_overlap(d, r, SPLIT_TEST);
    return 0;
}
