/* prompts_task.c - the inputs of a task's split as prompts. */
#include "experiments/apply/prompts.h"
#include "core/data/groups.h"
#include "core/generate/generate.h"
#include "experiments/assets/task_facts.h"
#include "experiments/recipe/data.h"

#include <stdlib.h>

/* Most tokens of a prompt and its target: the task's, as far as the model has positions. */
static long room_for(const struct task *t, const struct model *m)
{
    long room = generate_room(m, 0);

    return t->max_len > 0 && t->max_len < room ? t->max_len : room;
}

static void take_input(struct prompt *p, const struct dataset *d, const int *example, int n,
                       const struct tok *t)
{
    struct text raw = { 0 }, clean = { 0 };
    int n_ids;
    const int *ids = dataset_prompt(d, example[0], &n_ids);

    for (int i = 0; i < n_ids; i++)
        ids_push(&p->ids, ids[i]);
    tok_decode(t, ids, n_ids, false, &raw);
    text_put_utf8(&clean, text_string(&raw), raw.n);
    text_free(&raw);
    p->text = text_take(&clean);
    p->id = json_integer(d->line[example[0]]);
    p->references = json_array();
    for (int k = 0; k < n; k++)
        json_array_append_new(p->references, json_string(dataset_reference(d, example[k])));
}

int prompts_task(struct prompts *p, struct session *ses, const char *task, enum split s, long most,
                 const struct model *m, const struct tok *t)
{
    const struct task_facts *f = task_facts(ses, task);
    struct dataset d = { 0 };
    struct groups g;

    *p = (struct prompts){ 0 };
    if (!f)
        return -1;
    if (!f->task.generates)
        return fail(FAIL_USAGE, "task '%s' has no prompts; those with 'kind: generation' have them",
                    f->name);
    if (!task_file(&f->task, s))
        return fail(FAIL_USAGE, "task '%s' has no %s split", f->name, split_names[s]);
    if (dataset_load(&d, &f->task, s, f->dir, t, room_for(&f->task, m), NULL) != 0)
        return -1;
    groups_init(&g, &d, most, EVAL_SUBSET_SEED);
    p->n = g.n;
    p->item = xalloc((size_t)g.n, sizeof *p->item);
    for (int i = 0; i < g.n; i++)
        take_input(&p->item[i], &d, g.example + g.from[i], g.from[i + 1] - g.from[i], t);
    groups_free(&g);
    dataset_free(&d);
    return 0;
}
