/* end_tokens.c - the tokens at which a model's text ends. */
#include "experiments/assets/end_tokens.h"

#include "core/format/json.h"
#include "core/os/path.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

/* The id of a word of --end; -1: there is none. */
static int id_of(const char *word, const struct tok *t, int vocab)
{
    char *end;
    long id = strtol(word, &end, 10);

    if (*word && !*end)
        return id >= 0 && id < vocab ? (int)id : -1;
    for (int i = 0; t && i < tok_vocab(t); i++) {
        const char *piece = tok_piece(t, i);
        if (piece && strcmp(piece, word) == 0)
            return i;
    }
    return -1;
}

static int ends_asked(int *end, const char *asked, const struct tok *t, int vocab)
{
    char *copy = xstrdup(asked), *rest = copy, *word;
    int n = 0;

    while (n >= 0 && (word = strsep(&rest, ",")) != NULL) {
        int id = id_of(word, t, vocab);
        if (id < 0)
            n = fail_setting("end",
                             "'end' has '%s', which is neither an id below %d nor a piece of "
                             "the tokenizer",
                             word, vocab);
        else if (n == GEN_MOST_ENDS)
            n = fail_setting("end", "'end' has more than %d tokens", GEN_MOST_ENDS);
        else
            end[n++] = id;
    }
    free(copy);
    return n;
}

/* Those of a file of settings; 0: it has none. */
static int ends_of_file(int *end, const char *dir, const char *name, int vocab)
{
    char *path = path_join(dir, name);
    json_t *j = file_exists(path) ? json_read(path) : NULL, *value, *x;
    int n = file_exists(path) && !j ? -1 : 0;
    size_t i;

    value = json_object_get(j, "eos_token_id");
    json_t *list = json_is_array(value) ? json_incref(value) : json_array();
    if (json_is_integer(value))
        json_array_append(list, value);
    json_array_foreach(list, i, x)
    {
        json_int_t id = json_is_integer(x) ? json_integer_value(x) : -1;
        if (n < 0)
            break;
        if (id < 0 || id >= vocab || n == GEN_MOST_ENDS)
            n = fail(FAIL_INPUT, "'%s': eos_token_id must be at most %d ids below %d", path,
                     GEN_MOST_ENDS, vocab);
        else
            end[n++] = (int)id;
    }
    json_decref(list);
    json_decref(j);
    free(path);
    return n;
}

int end_tokens(int end[GEN_MOST_ENDS], const char *asked, const char *dir, const struct tok *t,
               int vocab)
{
    static const char *const files[] = { "generation_config.json", "config.json" };
    int n = 0, own = t ? tok_role(t, TOK_EOS) : -1;

    if (asked)
        return strcmp(asked, "none") == 0 ? 0 : ends_asked(end, asked, t, vocab);
    for (size_t i = 0; n == 0 && i < ARRAY_LEN(files); i++)
        n = ends_of_file(end, dir, files[i], vocab);
    if (n == 0 && own >= 0 && own < vocab)
        end[n++] = own;
    return n;
}
