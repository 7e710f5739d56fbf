/* cmd_tokenize.c - "lowrank tokenize": lines of text to lines of JSON with their tokens, for
 * comparison with other tokenizers. */
#include "core/cmd.h"
#include "core/opt/home.h"
#include "core/text/tok.h"
#include "experiments/assets/model_dir.h"
#include "experiments/assets/sentence.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct options {
    char *home;
    bool pair;
};
static const struct opt table[] = {
    { .key = "pair",
      .type = OPT_BOOL,
      .at = offsetof(struct options, pair),
      .help = "split each line at its first tab into two segments" },
    HOME_OPTION(struct options),
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "tokenize",
    .usage = "MODEL",
    .about = "print the token ids of every line of standard input",
    .detail =
        "MODEL is a folder or the name of a model. Each line of text becomes a line of JSON,\n"
        "{\"ids\": [...], \"pieces\": [...]}, including the special tokens that the model gets.\n"
        "Without --pair a tab is a character like any other. With --pair, a line without a tab,\n"
        "or with nothing after it, is one segment, as in transformers.",
    .example = "echo 'low-rank adaptation' | lowrank tokenize minilm",
    .min_args = 1,
    .max_args = 1,
};

/* A piece as a JSON string. It may be a part of a character; bytes that are not UTF-8 become
 * U+FFFD. */
static json_t *piece_json(const char *piece)
{
    json_t *s = json_string(piece);

    if (s)
        return s;
    const char *p = piece, *end = piece + strlen(piece);
    char *clean = xalloc(3 * strlen(piece) + 1, 1);
    size_t n = 0;
    while (p < end)
        n += (size_t)utf8proc_encode_char((utf8proc_int32_t)utf8_next(&p, end),
                                          (utf8proc_uint8_t *)clean + n);
    s = json_string(clean);
    free(clean);
    return s;
}

/* Print TOKENS as a line, and empty them. */
static void print_tokens(const struct tok *t, struct ids *tokens)
{
    json_t *ids = json_array(), *pieces = json_array();
    json_t *line = json_pack("{s:o, s:o}", "ids", ids, "pieces", pieces);

    CHECK(line, "no JSON object");
    for (int i = 0; i < tokens->n; i++) {
        const char *piece = tok_piece(t, tokens->id[i]);
        json_array_append_new(ids, json_integer(tokens->id[i]));
        json_array_append_new(pieces, piece_json(piece ? piece : ""));
    }
    tokens->n = 0;
    json_dumpf(line, stdout, 0);
    putchar('\n');
    json_decref(line);
}

static int tokenize_lines(const struct tok *t, const struct options *o)
{
    struct ids tokens = { 0 };
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    int rc = 0;

    while (rc == 0 && !ferror(stdout) && (n = getline(&line, &cap, stdin)) >= 0) {
        size_t size = (size_t)n - (n > 0 && line[n - 1] == '\n');
        const char *tab = o->pair ? memchr(line, '\t', size) : NULL;
        size_t first = tab ? (size_t)(tab - line) : size;
        const char *b = tab && first + 1 < size ? tab + 1 : NULL;
        tok_join(t, line, first, b, b ? size - first - 1 : 0, 0, &tokens, NULL);
        print_tokens(t, &tokens);
        if (stop_requested())
            rc = fail(FAIL_STOPPED, "stopped");
    }
    if (rc == 0 && ferror(stdin))
        rc = fail(FAIL_INPUT, "cannot read standard input: %s", strerror(errno));
    if (rc == 0)
        rc = output_end(stdout);
    free(line);
    ids_free(&tokens);
    return rc;
}

static int tokenize_work(void *cfg, int argc, char **argv)
{
    const struct options *o = cfg;
    char *dir = model_dir(o->home, argv[1]);
    struct tok *t = dir ? sentence_tok(dir) : NULL;
    int rc = t ? tokenize_lines(t, o) : -1;

    (void)argc;
    tok_free(t);
    free(dir);
    return rc;
}

static int tokenize_command(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct options), tokenize_work, argc, argv);
}

const struct cmd cmd_tokenize = { "tokenize", "check", "print the token ids of standard input",
                                  tokenize_command };
