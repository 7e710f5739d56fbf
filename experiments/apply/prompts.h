/* prompts.h - lines of a file as prompts of token ids. */
#ifndef PROMPTS_H
#define PROMPTS_H

#include "core/data/task.h"
#include "core/nn/model.h"
#include "core/text/tok.h"
#include "experiments/assets/session.h"

#include <jansson.h>

/* How a line is read: as a text; as JSON, {"prompt": TEXT} or {"ids": [..]}, with any "id"; or as
 * token ids between spaces. */
#define PROMPT_INPUTS "text|json|ids"
enum prompt_input { PROMPT_TEXT, PROMPT_JSON, PROMPT_IDS };

struct prompt {
    json_t *id; /* "id" of a line of JSON, else its number */
    char *text; /* NULL: it was given as ids */
    struct ids ids;
    json_t *references; /* an array of strings, of a task; else NULL */
};
struct prompts {
    struct prompt *item;
    int n;
};

/* prompts_read - the lines of FROM, which messages call NAME, for the decoder M with the tokenizer
 * T (NULL: ids only). Errors: FAIL_INPUT, with the line: it is empty, not UTF-8, not JSON, or too
 * long for the model, or has ids that are not in the vocabulary. prompts_free - of a zeroed struct:
 * nothing. */
int prompts_read(struct prompts *p, FILE *from, const char *name, enum prompt_input input,
                 const struct model *m, const struct tok *t);
void prompts_free(struct prompts *p);

/* prompts_task - the inputs of split S of the task named TASK, at most MOST of them (0: all), those
 * that a run with generate_n takes of all rows; "id" is the row of the first reference. What the
 * model has no room for is cut as the task says. Errors: FAIL_USAGE: no such task or split, or it
 * has no prompts; FAIL_INPUT. */
int prompts_task(struct prompts *p, struct session *ses, const char *task, enum split s, long most,
                 const struct model *m, const struct tok *t);
#endif
