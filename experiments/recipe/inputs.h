/* inputs.h - the files that a run reads, by content: part of its key. */
#ifndef INPUTS_H
#define INPUTS_H

#include "experiments/recipe/recipe.h"

/* inputs_of - a new object: role ("weights", "config", "tokenizer", "task", a split) to SHA-256.
 * inputs_add_adapter - add "adapter", the file that training starts from, unless INIT_FROM is NULL
 * or "". Errors: FAIL_INPUT, FAIL_USAGE, as adapter_dir. */
json_t *inputs_of(const struct model_facts *m, const struct task_facts *t);
int inputs_add_adapter(json_t *inputs, struct session *s, const char *init_from);

/* inputs_check - are the files of a resolved recipe still those that it was resolved with? Files
 * whose size or time changed are hashed again. Errors: FAIL_INPUT "... changed since the plan". */
int inputs_check(const struct recipe *r);

/* The files that a run reads, and what they were when it began to read them. */
struct inputs_watch {
    int n;
    struct watched_file {
        char *path;
        const char *sha256; /* the recipe's */
        long long size, inode, mtime_ns, ctime_ns;
    } * file; /* weights, configuration, splits, adapter */
};
/* inputs_watch - note size, times, and inode of the files of R, which has to outlive W; to be
 * called before inputs_check. A file that is missing is noted as such. Errors: as adapter_dir.
 * inputs_unchanged - are they still the same? Weights are read through a map while a run trains,
 * so another process that writes to the file in place changes the run. A file whose size, times,
 * or inode differ is hashed again; if its content is the same, the new values are noted. Errors:
 * FAIL_INPUT "'FILE' changed while the run was training". inputs_fail - record the same of the file
 * PATH, which was seen to be truncated for a moment. inputs_watch_free - also for a zeroed struct.
 */
int inputs_watch(struct inputs_watch *w, const struct recipe *r);
int inputs_unchanged(struct inputs_watch *w);
int inputs_fail(const char *path);
void inputs_watch_free(struct inputs_watch *w);
#endif
