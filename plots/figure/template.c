/* template.c - find and read the templates of figures. */
#include "plots/figure/template.h"
#include "core/base/file.h"
#include "core/base/opt.h"
#include "core/base/suggest.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path)
{
    struct file f;

    if (file_map(&f, path) != 0)
        return NULL;
    char *text = xalloc(f.size + 1, 1);
    memcpy(text, f.data, f.size);
    file_unmap(&f);
    return text;
}

/* The text from S to END without the blanks around it; caller frees. */
static char *trimmed(const char *s, const char *end)
{
    while (s < end && strchr(" \t\r\n", *s))
        s++;
    while (end > s && strchr(" \t\r\n", end[-1]))
        end--;
    return xprintf("%.*s", (int)(end - s), s);
}

/* The first C in S up to END, or NULL. */
static const char *find(const char *s, const char *end, char c)
{
    while (s < end && *s != c)
        s++;
    return s < end ? s : NULL;
}

static int add_word(struct words *w, const char *s, const char *end)
{
    if (w->n == TEMPLATE_WORDS)
        return fail(FAIL_INPUT, "more than %d words", TEMPLATE_WORDS);
    w->word[w->n++] = trimmed(s, end);
    return *w->word[w->n - 1] ? 0 : fail(FAIL_INPUT, "an empty word in a list");
}

/* "a, b, c" */
static int split(struct words *w, const char *s, const char *end)
{
    while (s < end) {
        const char *comma = find(s, end, ',');
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
        const char *comma = find(s, end, ',');
        const char *to = comma ? comma : end;
        const char *is = find(s, to, '=');
        if (!is)
            return fail(FAIL_INPUT, "'%.*s' is not name=value", (int)(to - s), s);
        if (add_word(w, s, is) != 0 || add_word(w, is + 1, to) != 0)
            return -1;
        s = comma ? comma + 1 : end;
    }
    return 0;
}

/* One word of S into *WORD; returns what follows it. */
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
        return fail(FAIL_INPUT, "no query");
    if (s < end && *s == '(') {
        const char *close = find(s, end, ')');
        if (!close)
            return fail(FAIL_INPUT, "no closing bracket");
        if (split_params(&src->params, s + 1, close) != 0)
            return -1;
        s = close + 1;
    }
    const char *colon = find(s, end, ':');
    const char *keys_end = colon ? colon : end;
    while (s < keys_end && *s == ' ')
        s++;
    if (keys_end - s > 3 && strncmp(s, "by ", 3) == 0) {
        if (split(&src->keys, s + 3, keys_end) != 0)
            return -1;
    } else if (s < keys_end) {
        return fail(FAIL_INPUT, "'%.*s' is not 'by KEY, ...'", (int)(keys_end - s), s);
    }
    return colon ? split(&src->cols, colon + 1, end) : 0;
}

static void free_words(struct words *w)
{
    for (int i = 0; i < w->n; i++)
        free(w->word[i]);
}

static void free_source(struct source *s)
{
    free(s->name);
    free(s->query);
    free_words(&s->params);
    free_words(&s->keys);
    free_words(&s->cols);
}

static int parse_size(struct template *t, const char *s, const char *end)
{
    const char *x = s;

    while (x + 3 <= end && strncmp(x, " x ", 3) != 0)
        x++;
    if (x + 3 > end || t->width)
        return fail(FAIL_INPUT, "a size is WIDTH x HEIGHT, once");
    t->width = trimmed(s, x);
    t->height = trimmed(x + 3, end);
    return 0;
}

/* One "# word: rest" line. */
static int parse_line(struct template *t, const char *s, const char *end)
{
    const char *rest = find(s, end, ':');
    size_t n = rest ? (size_t)(rest - s) : 0;

    if (n == 4 && strncmp(s, "size", n) == 0)
        return parse_size(t, rest + 1, end);
    if (n == 4 && strncmp(s, "runs", n) == 0 && !t->runs.query)
        return parse_source(&t->runs, rest + 1, end, false);
    if (n == 4 && strncmp(s, "text", n) == 0 && !t->text.query)
        return parse_source(&t->text, rest + 1, end, true);
    if (n == 4 && strncmp(s, "make", n) == 0 && !t->make)
        return (t->make = trimmed(rest + 1, end)) ? 0 : -1;
    if (n == 4 && strncmp(s, "like", n) == 0 && !t->like)
        return (t->like = trimmed(rest + 1, end)) ? 0 : -1;
    if (n == 4 && strncmp(s, "data", n) == 0) {
        t->data = xgrow(t->data, (size_t)t->n_data + 1, sizeof *t->data);
        struct source *src = &t->data[t->n_data++];
        *src = (struct source){ 0 };
        if (parse_source(src, rest + 1, end, true) != 0)
            return -1;
        return src->cols.n > 0 ? 0 : fail(FAIL_INPUT, "data without columns");
    }
    return fail(FAIL_INPUT,
                "a line that is none of size, like, make, runs, text and data, or comes twice");
}

/* The commands of the figure that T is like. */
static int borrow(struct template *t)
{
    char *file = xprintf("plots/%s.gp", t->like), *path = share_path(file), *text = read_text(path);
    const char *s = text;

    while (s && *s == '#')
        s += strcspn(s, "\n") + 1;
    if (text) {
        free(t->body);
        t->body = xstrdup(s);
    }
    free(text);
    free(path);
    free(file);
    return text ? 0 : -1;
}

static int parse(struct template *t, const char *text)
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
        return fail(FAIL_INPUT, "the header lacks what it shows, size, make or data");
    return t->like ? borrow(t) : 0;
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

static int unknown(const char *name)
{
    char *all[MAX_FIGURES + 1];
    int n = template_names(all);

    if (n < 0)
        return -1;
    const char *near = suggest_word(name, (const char *const *)all);
    if (near)
        fail(FAIL_USAGE, "unknown figure '%s'; did you mean '%s'?", name, near);
    else
        fail(FAIL_USAGE, "unknown figure '%s'; 'lowrank figure --list' lists them", name);
    for (int i = 0; i < n; i++)
        free(all[i]);
    return -1;
}

int template_load(struct template *t, const char *name)
{
    *t = (struct template){ 0 };
    char *file = xprintf("plots/%s.gp", name), *path = share_path(file);
    char *style = share_path("plots/style.gp"), *text = NULL;
    int rc = -1;

    if (!*name || strpbrk(name, "/.'\"\\\n") || strcmp(name, "style") == 0 || !file_exists(path)) {
        unknown(name);
        goto out;
    }
    t->name = xstrdup(name);
    t->style = read_text(style);
    text = t->style ? read_text(path) : NULL;
    if (!text)
        goto out;
    rc = parse(t, text);
    if (rc != 0)
        fail_context("figure '%s'", path);
out:
    if (rc != 0)
        template_free(t);
    free(text);
    free(style);
    free(path);
    free(file);
    return rc;
}

void template_free(struct template *t)
{
    for (int i = 0; i < t->n_data; i++)
        free_source(&t->data[i]);
    free(t->data);
    free_source(&t->runs);
    free_source(&t->text);
    free(t->name);
    free(t->about);
    free(t->make);
    free(t->like);
    free(t->width);
    free(t->height);
    free(t->body);
    free(t->style);
    *t = (struct template){ 0 };
}

int template_list(FILE *to)
{
    char *all[MAX_FIGURES + 1];
    int n = template_names(all), rc = n < 0 ? -1 : 0;

    for (int i = 0; i < n; i++) {
        struct template t;
        if (rc == 0 && (rc = template_load(&t, all[i])) == 0) {
            fprintf(to, "%-16s %s\n", t.name, t.about);
            template_free(&t);
        }
        free(all[i]);
    }
    return rc;
}
