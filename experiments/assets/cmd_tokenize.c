/* cmd_tokenize.c - "lowrank tokenize": lines of text to lines of JSON with their tokens, for
 * comparison with other tokenizers, and back. */
#include "core/cmd.h"
#include "core/format/json.h"
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
    bool pair, json, decode, skip_special;
};
static const struct opt table[] = {
    { .key = "pair",
      .type = OPT_BOOL,
      .at = offsetof(struct options, pair),
      .help = "split each line at its first tab into two segments" },
    { .key = "json",
      .type = OPT_BOOL,
      .at = offsetof(struct options, json),
      .help = "lines are JSON: a string, or a list of two" },
    { .key = "decode",
      .type = OPT_BOOL,
      .at = offsetof(struct options, decode),
      .help = "print the text of token ids instead" },
    { .key = "skip_special",
      .type = OPT_BOOL,
      .at = offsetof(struct options, skip_special),
      .help = "with --decode: without special tokens" },
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
        "A piece is the text of its id; bytes that are not UTF-8 are shown as U+FFFD.\n"
        "Without --pair a tab is a character like any other. With --pair, a line without a tab,\n"
        "or with nothing after it, is one segment, as in transformers. With --json a text can\n"
        "have line ends. --decode reads such lines of JSON, a list of ids in JSON, or ids with\n"
        "spaces between them, and prints the text of each line.",
    .example = "echo 'low-rank adaptation' | lowrank tokenize minilm",
    .min_args = 1,
    .max_args = 1,
};

/* Text as a JSON string. It may contain a part of a character; bytes that are not UTF-8 become
 * U+FFFD. */
static json_t *text_json(const char *text, size_t size)
{
    json_t *s = json_stringn(text, size);

    if (s)
        return s;
    const char *p = text, *end = text + size;
    char *clean = xalloc(3 * size + 1, 1);
    size_t n = 0;
    while (p < end)
        n += (size_t)utf8proc_encode_char((utf8proc_int32_t)utf8_next(&p, end),
                                          (utf8proc_uint8_t *)clean + n);
    s = json_stringn(clean, n);
    free(clean);
    return s;
}

/* Print TOKENS as a line. */
static void print_tokens(const struct tok *t, const struct ids *tokens)
{
    json_t *ids = json_array(), *pieces = json_array();
    json_t *line = json_pack("{s:o, s:o}", "ids", ids, "pieces", pieces);

    CHECK(line, "no JSON object");
    for (int i = 0; i < tokens->n; i++) {
        struct text piece = { 0 };
        tok_decode(t, &tokens->id[i], 1, false, &piece);
        json_array_append_new(ids, json_integer(tokens->id[i]));
        json_array_append_new(pieces, text_json(text_string(&piece), piece.n));
        text_free(&piece);
    }
    json_dumpf(line, stdout, 0);
    putchar('\n');
    json_decref(line);
}

/* What a line is turned into; LINE is NUL-terminated, and NUMBER counts from 1. */
struct work {
    const struct tok *tok;
    const struct options *o;
    struct ids tokens; /* scratch, empty */
    long number;
};

static void join_and_print(struct work *w, const char *a, size_t a_size, const char *b,
                           size_t b_size)
{
    tok_join(w->tok, a, a_size, b, b_size, 0, &w->tokens, NULL);
    print_tokens(w->tok, &w->tokens);
}

static json_t *parse_line(const struct work *w, const char *line, size_t size)
{
    json_error_t e;
    json_t *j = json_parse(line, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);

    if (!j)
        fail(FAIL_INPUT, "standard input line %ld, column %d: %s", w->number, e.column, e.text);
    return j;
}

static int encode_json(struct work *w, const char *line, size_t size)
{
    json_t *j = parse_line(w, line, size);
    const json_t *a = json_is_array(j) ? json_array_get(j, 0) : j, *b = json_array_get(j, 1);
    int rc = j ? 0 : -1;

    if (j && (!json_is_string(a) || (json_is_array(j) && json_array_size(j) != 2) ||
              (b && !json_is_string(b))))
        rc = fail(FAIL_INPUT, "standard input line %ld must be a JSON string, or a list of two",
                  w->number);
    if (rc == 0)
        join_and_print(w, json_string_value(a), json_string_length(a), json_string_value(b),
                       json_string_length(b));
    json_decref(j);
    return rc;
}

static int encode_line(struct work *w, const char *line, size_t size)
{
    const char *tab = w->o->pair ? memchr(line, '\t', size) : NULL;
    size_t first = tab ? (size_t)(tab - line) : size;
    const char *b = tab && first + 1 < size ? tab + 1 : NULL;

    join_and_print(w, line, first, b, b ? size - first - 1 : 0);
    return 0;
}

static int push_id(struct work *w, long long id)
{
    if (id < 0 || id >= tok_vocab(w->tok) || !tok_piece(w->tok, (int)id))
        return fail(FAIL_INPUT,
                    "standard input line %ld: there is no token %lld; ids are from 0 to "
                    "%d",
                    w->number, id, tok_vocab(w->tok) - 1);
    ids_push(&w->tokens, (int)id);
    return 0;
}

static int read_json_ids(struct work *w, const char *line, size_t size)
{
    json_t *j = parse_line(w, line, size), *v;
    const json_t *list = json_is_object(j) ? json_object_get(j, "ids") : j;
    int rc = !j ? -1
             : json_is_array(list)
                 ? 0
                 : fail(FAIL_INPUT, "standard input line %ld must have a list of ids", w->number);
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)list, i, v) if (rc == 0) rc =
        json_is_integer(v)
            ? push_id(w, json_integer_value(v))
            : fail(FAIL_INPUT, "standard input line %ld: id %zu is not a whole number", w->number,
                   i + 1);
    json_decref(j);
    return rc;
}

static int read_ids(struct work *w, const char *line, size_t size)
{
    const char *p = line;

    if (*line == '{' || *line == '[')
        return read_json_ids(w, line, size);
    for (p += strspn(p, " \t\r"); *p; p += strspn(p, " \t\r")) {
        size_t n = strcspn(p, " \t\r");
        char *end;
        errno = 0;
        long long id = strtoll(p, &end, 10);
        if (end != p + n || errno)
            return fail(FAIL_INPUT, "standard input line %ld: '%.*s' is not a token id", w->number,
                        (int)(n < 60 ? n : 60), p);
        if (push_id(w, id) != 0)
            return -1;
        p = end;
    }
    return p == line + size ? 0
                            : fail(FAIL_INPUT, "standard input line %ld has a NUL byte", w->number);
}

static int decode_line(struct work *w, const char *line, size_t size)
{
    struct text out = { 0 };

    if (read_ids(w, line, size) != 0)
        return -1;
    tok_decode(w->tok, w->tokens.id, w->tokens.n, w->o->skip_special, &out);
    fwrite(text_string(&out), 1, out.n, stdout);
    putchar('\n');
    text_free(&out);
    return 0;
}

static int tokenize_lines(const struct tok *t, const struct options *o)
{
    struct work w = { .tok = t, .o = o };
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    int rc = 0;

    while (rc == 0 && !ferror(stdout) && (n = getline(&line, &cap, stdin)) >= 0) {
        size_t size = (size_t)n - (n > 0 && line[n - 1] == '\n');
        line[size] = '\0';
        w.number++;
        w.tokens.n = 0;
        rc = (o->decode ? decode_line : o->json ? encode_json : encode_line)(&w, line, size);
        if (rc == 0 && stop_requested())
            rc = fail(FAIL_STOPPED, "stopped");
    }
    if (rc == 0 && ferror(stdin))
        rc = fail(FAIL_INPUT, "cannot read standard input: %s", strerror(errno));
    if (rc == 0)
        rc = output_end(stdout);
    free(line);
    ids_free(&w.tokens);
    return rc;
}

static int check_options(const struct options *o)
{
    if (o->decode && (o->pair || o->json))
        return fail(FAIL_USAGE, "--decode reads token ids; it does not go with --%s",
                    o->pair ? "pair" : "json");
    if (o->pair && o->json)
        return fail(FAIL_USAGE, "--pair splits plain text; with --json, a pair is a list of two");
    if (o->skip_special && !o->decode)
        return fail(FAIL_USAGE, "--skip-special needs --decode");
    return 0;
}

static int tokenize_work(void *cfg, int argc, char **argv)
{
    const struct options *o = cfg;
    char *dir = check_options(o) == 0 ? model_dir(o->home, argv[1]) : NULL;
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
