/* prompts.c - lines of a file as prompts. */
#include "experiments/apply/prompts.h"

#include "core/base/stop.h"
#include "core/format/json.h"
#include "core/generate/generate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first byte that is not part of a UTF-8 character, or -1. */
static long bad_byte(const char *s, size_t n)
{
    const char *p = s, *end = s + n;

    while (p < end) {
        const char *at = p;
        if (utf8_next(&p, end) == 0xFFFD && (p - at != 3 || memcmp(at, "\xEF\xBF\xBD", 3) != 0))
            return at - s;
    }
    return -1;
}

static int take_text(struct prompt *p, const char *s, size_t n, const struct tok *t)
{
    long bad = bad_byte(s, n);

    if (bad >= 0)
        return fail(FAIL_INPUT, "byte %ld is not valid UTF-8", bad + 1);
    if (!t)
        return fail(FAIL_INPUT, "the model has no tokenizer; give prompts as token ids");
    p->text = xalloc(n + 1, 1);
    memcpy(p->text, s, n);
    tok_join(t, s, n, NULL, 0, 0, &p->ids, NULL);
    return 0;
}

static int take_id(struct prompt *p, double x, const char *shown)
{
    if (!(x >= 0 && x <= 2147483647 && x == (double)(int)x))
        return fail(FAIL_INPUT, "'%s' is not a token id", shown);
    ids_push(&p->ids, (int)x);
    return 0;
}

static int take_ids(struct prompt *p, char *line)
{
    char *rest = line, *word, *end;

    while ((word = strsep(&rest, " \t\r")) != NULL) {
        if (!*word)
            continue;
        long x = strtol(word, &end, 10);
        if (take_id(p, *end ? -1 : (double)x, word) != 0)
            return -1;
    }
    return 0;
}

static int take_json(struct prompt *p, const char *line, size_t n, const struct tok *t)
{
    json_error_t e;
    json_t *j = json_parse(line, n, JSON_REJECT_DUPLICATES, &e), *x;
    const json_t *text = json_object_get(j, "prompt"), *ids = json_object_get(j, "ids");
    size_t i;
    int rc = 0;

    if (!json_is_object(j))
        rc = fail(FAIL_INPUT, "not an object of JSON%s%s", j ? "" : ": ", j ? "" : e.text);
    else if (json_is_string(text) && !ids)
        rc = take_text(p, json_string_value(text), json_string_length(text), t);
    else if (!text && json_is_array(ids))
        json_array_foreach((json_t *)(uintptr_t)ids, i, x)
        {
            char *shown = json_dumps(x, JSON_ENCODE_ANY | JSON_COMPACT);
            rc = rc != 0 ? rc : take_id(p, json_is_integer(x) ? json_number_value(x) : -1, shown);
            free(shown);
        }
    else
        rc = fail(FAIL_INPUT, "it must have either a string \"prompt\" or an array \"ids\"");
    if (rc == 0)
        p->id = json_incref(json_object_get(j, "id"));
    json_decref(j);
    return rc;
}

static int take_line(struct prompt *p, char *line, size_t n, enum prompt_input input,
                     const struct model *m, const struct tok *t)
{
    int rc = input == PROMPT_TEXT   ? take_text(p, line, n, t)
             : input == PROMPT_JSON ? take_json(p, line, n, t)
                                    : take_ids(p, line);

    return rc != 0 ? rc : generate_check(m, p->ids.id, p->ids.n);
}

int prompts_read(struct prompts *p, FILE *from, const char *name, enum prompt_input input,
                 const struct model *m, const struct tok *t)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    int rc = 0, room = 0;

    *p = (struct prompts){ 0 };
    while (rc == 0 && (n = getline(&line, &cap, from)) >= 0) {
        size_t size = (size_t)n - (n > 0 && line[n - 1] == '\n');
        line[size] = 0;
        if (p->n == room)
            p->item = xgrow(p->item, (size_t)(room = 2 * room + 16), sizeof *p->item);
        struct prompt *new = &p->item[p->n++];
        *new = (struct prompt){ 0 };
        rc = take_line(new, line, size, input, m, t);
        if (rc != 0)
            rc = fail_context("%s, line %d", name, p->n);
        else if (!new->id)
            new->id = json_integer(p->n);
        if (rc == 0)
            rc = stop_check();
    }
    if (rc == 0 && ferror(from))
        rc = fail(FAIL_INPUT, "cannot read %s: %s", name, strerror(errno));
    if (rc == 0 && p->n == 0)
        rc = fail(FAIL_INPUT, "%s has no line; each line is a prompt", name);
    free(line);
    return rc;
}

void prompts_free(struct prompts *p)
{
    for (int i = 0; i < p->n; i++) {
        json_decref(p->item[i].id);
        free(p->item[i].text);
        ids_free(&p->item[i].ids);
        json_decref(p->item[i].references);
    }
    free(p->item);
    *p = (struct prompts){ 0 };
}
