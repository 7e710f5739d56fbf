/* template.c - find and parse the templates of figures. */
#include "plots/figure/template.h"
#include "core/opt/fill.h"
#include "core/os/file.h"
#include "core/opt/opt.h"
#include "core/opt/home.h"
#include "core/opt/suggest.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path)
{
    struct file f;

    if (file_map(&f, path) != 0)
        return NULL;
    char *text = xalloc(f.size + 1, 1);
    memcpy(text, f.data, f.size);
    file_unmap(&f);
    return text;
}

/* The characters from S to END without the blanks around them; the caller frees the string. */
static char *trimmed(const char *s, const char *end)
{
    while (s < end && strchr(" \t\r\n", *s))
        s++;
    while (end > s && strchr(" \t\r\n", end[-1]))
        end--;
    return xprintf("%.*s", (int)(end - s), s);
}

/* The first C from S to END, or NULL. */
static const char *find_char(const char *s, const char *end, char c)
{
    while (s < end && *s != c)
        s++;
    return s < end ? s : NULL;
}

static int add_word(struct words *w, const char *s, const char *end)
{
    if (w->n == TEMPLATE_WORDS)
        return fail(FAIL_INPUT, "a list has more than %d words", TEMPLATE_WORDS);
    w->word[w->n++] = trimmed(s, end);
    return *w->word[w->n - 1] ? 0 : fail(FAIL_INPUT, "a list has an empty word");
}

/* "a, b, c" */
static int split_words(struct words *w, const char *s, const char *end)
{
    while (s < end) {
        const char *comma = find_char(s, end, ',');
        if (add_word(w, s, comma ? comma : end) != 0)
            return -1;
        s = comma ? comma + 1 : end;
    }
    return 0;
}

/* "study=rank, kind=seed" */
static int split_params(struct words *w, const char *s, const char *end)
{
    while (s < end) {
        const char *comma = find_char(s, end, ',');
        const char *to = comma ? comma : end;
        const char *is = find_char(s, to, '=');
        if (!is)
            return fail(FAIL_INPUT, "'%.*s' must have the form name=value", (int)(to - s), s);
        if (add_word(w, s, is) != 0 || add_word(w, is + 1, to) != 0)
            return -1;
        s = comma ? comma + 1 : end;
    }
    return 0;
}

/* *word receives the first word of S; returns what follows it. */
static const char *take_word(char **word, const char *s, const char *end)
{
    while (s < end && *s == ' ')
        s++;
    const char *from = s;
    while (s < end && !strchr(" (:,", *s))
        s++;
    *word = trimmed(from, s);
    return s;
}

/* "[NAME ]QUERY[(p=v, ...)][ by KEY, ...][: COLUMN, ...]" */
static int parse_source(struct source *src, const char *s, const char *end, bool named)
{
    if (named)
        s = take_word(&src->name, s, end);
    s = take_word(&src->query, s, end);
    if (!*src->query || (named && !*src->name))
        return fail(FAIL_INPUT, "the name of a query is missing");
    if (s < end && *s == '(') {
        const char *close = find_char(s, end, ')');
        if (!close)
            return fail(FAIL_INPUT, "a closing parenthesis is missing");
        if (split_params(&src->params, s + 1, close) != 0)
            return -1;
        s = close + 1;
    }
    const char *colon = find_char(s, end, ':');
    const char *keys_end = colon ? colon : end;
    while (s < keys_end && *s == ' ')
        s++;
    if (keys_end - s > 3 && strncmp(s, "by ", 3) == 0) {
        if (split_words(&src->keys, s + 3, keys_end) != 0)
            return -1;
    } else if (s < keys_end) {
        return fail(FAIL_INPUT, "'%.*s' must have the form 'by KEY, ...'", (int)(keys_end - s), s);
    }
    return colon ? split_words(&src->cols, colon + 1, end) : 0;
}

static void words_free(struct words *w)
{
    for (int i = 0; i < w->n; i++)
        free(w->word[i]);
}

static void source_free(struct source *s)
{
    free(s->name);
    free(s->query);
    words_free(&s->params);
    words_free(&s->keys);
    words_free(&s->cols);
}

static int parse_size(struct template *t, const char *s, const char *end)
{
    const char *x = s;

    while (x + 3 <= end && strncmp(x, " x ", 3) != 0)
        x++;
    if (x + 3 > end)
        return fail(FAIL_INPUT, "a size must have the form WIDTH x HEIGHT");
    t->width = trimmed(s, x);
    t->height = trimmed(x + 3, end);
    return 0;
}

static int parse_data(struct template *t, const char *s, const char *end)
{
    t->data = xgrow(t->data, (size_t)t->n_data + 1, sizeof *t->data);
    struct source *src = &t->data[t->n_data++];
    *src = (struct source){ 0 };
    if (parse_source(src, s, end, true) != 0)
        return -1;
    return src->cols.n > 0 ? 0 : fail(FAIL_INPUT, "a data line must name its columns");
}

/* One header line "# KEY: ...", from KEY on. */
static int parse_line(struct template *t, const char *s, const char *end)
{
    enum { SIZE, LIKE, MAKE, RUNS, TEXT, DATA, SHOWS };
    static const char *const keys[] = { "size", "like",  "make", "runs", "text",
                                        "data", "shows", "kind", NULL };
    const char *colon = find_char(s, end, ':'), *rest = colon ? colon + 1 : end;
    const bool seen[] = { t->width,      t->like, t->make, t->runs.query,
                          t->text.query, false,   false,   false };
    char *key = trimmed(s, colon ? colon : end);
    int i = 0, rc = -1;

    while (keys[i] && strcmp(keys[i], key) != 0)
        i++;
    if (!keys[i])
        suggest_fail(FAIL_INPUT, "header line", key, keys, NULL);
    else if (seen[i])
        fail(FAIL_INPUT, "the line '%s' occurs twice", key);
    else if (i == SIZE)
        rc = parse_size(t, rest, end);
    else if (i == DATA)
        rc = parse_data(t, rest, end);
    else if (i == RUNS || i == TEXT)
        rc = parse_source(i == RUNS ? &t->runs : &t->text, rest, end, i == TEXT);
    else if (i >= SHOWS) /* shows_check reads them */
        rc = 0;
    else {
        *(i == LIKE ? &t->like : &t->make) = trimmed(rest, end);
        rc = 0;
    }
    free(key);
    return rc;
}

/* Append the commands of the figure that the line "like" names. */
static int append_commands_of_like(struct template *t)
{
    char *file = xprintf("plots/%s.gp", t->like), *path = share_path(file), *text = read_file(path);
    const char *s = text;

    while (s && *s == '#')
        s += strcspn(s, "\n"), s += *s == '\n';
    if (text) {
        char *own = t->body;
        t->body = xprintf("%s%s", own, s);
        free(own);
    }
    free(text);
    free(path);
    free(file);
    return text ? 0 : -1;
}

static int parse_template(struct template *t, const char *text)
{
    const char *s = text;

    for (int line = 1; *s == '#'; line++) {
        const char *from = s + 1 + strspn(s + 1, " "), *end = s + strcspn(s, "\n");
        if (from > end)
            from = end;
        if (line == 1)
            t->about = trimmed(from, end);
        else if (parse_line(t, from, end) != 0)
            return fail_context("line %d", line);
        s = *end ? end + 1 : end;
    }
    t->body = xstrdup(s);
    if (!t->about || !*t->about || !t->width || !t->make || t->n_data == 0)
        return fail(FAIL_INPUT,
                    "the header must begin with a caption and have the lines size, make and data");
    return t->like ? append_commands_of_like(t) : 0;
}

int template_names(char *name[MAX_FIGURES + 1])
{
    char *dir = share_path("plots");
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, NULL, alphasort), kept = 0;

    if (n < 0)
        fail(FAIL_INPUT, "cannot list the figures in '%s': %s", dir, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *file = entry[i]->d_name;
        size_t len = strlen(file);
        if (len > 3 && *file != '.' && strcmp(file + len - 3, ".gp") == 0 &&
            strcmp(file, "style.gp") != 0 && kept < MAX_FIGURES)
            name[kept++] = xprintf("%.*s", (int)(len - 3), file);
        free(entry[i]);
    }
    name[kept] = NULL;
    free(entry);
    free(dir);
    return n < 0 ? -1 : kept;
}

char *template_path(const char *home, const char *name)
{
    char *file = xprintf("plots/%s.gp", name), *own = home_path(home, file);
    char *shipped = share_path(file), *path = NULL;

    if (*name && !strpbrk(name, "/.'\"\\\n") && strcmp(name, "style") != 0) {
        if (file_exists(own))
            path = xstrdup(own);
        else if (file_exists(shipped))
            path = xstrdup(shipped);
    }
    free(shipped);
    free(own);
    free(file);
    return path;
}

/* The length of the comments that TEXT begins with. */
static size_t header_length(const char *text)
{
    const char *s = text;

    while (*s == '#')
        s += strcspn(s, "\n"), s += *s == '\n';
    return (size_t)(s - text);
}

static int fail_unknown(const char *name)
{
    char *all[MAX_FIGURES + 1];
    int n = template_names(all);

    if (n < 0)
        return -1;
    suggest_fail(FAIL_USAGE, "figure", name, (const char *const *)all,
                 "'lowrank figure --list' lists them");
    for (int i = 0; i < n; i++)
        free(all[i]);
    return -1;
}

int template_read(struct template *t, const char *name, const char *path)
{
    *t = (struct template){ 0 };
    char *style = share_path("plots/style.gp"), *text = NULL;
    int rc = -1;

    t->name = xstrdup(name);
    t->style = read_file(style);
    text = t->style ? read_file(path) : NULL;
    if (text) {
        t->header = xprintf("%.*s", (int)header_length(text), text);
        rc = parse_template(t, text);
        if (rc != 0)
            fail_context("figure '%s'", path);
    }
    if (rc != 0)
        template_free(t);
    free(text);
    free(style);
    return rc;
}

int template_load(struct template *t, const char *home, const char *name)
{
    size_t n = strlen(name);
    bool own = n > 3 && strcmp(name + n - 3, ".gp") == 0;
    char *path = own ? xstrdup(name) : template_path(home, name);
    const char *slash = strrchr(name, '/');
    char *stem = own ? xprintf("%.*s", (int)(name + n - 3 - (slash ? slash + 1 : name)),
                               slash ? slash + 1 : name)
                     : xstrdup(name);

    *t = (struct template){ 0 };
    int rc = !path ? fail_unknown(name) : template_read(t, stem, path);
    free(stem);
    free(path);
    return rc;
}

void template_free(struct template *t)
{
    for (int i = 0; i < t->n_data; i++)
        source_free(&t->data[i]);
    free(t->data);
    source_free(&t->runs);
    source_free(&t->text);
    free(t->name);
    free(t->header);
    free(t->about);
    free(t->make);
    free(t->like);
    free(t->width);
    free(t->height);
    free(t->body);
    free(t->style);
    *t = (struct template){ 0 };
}
