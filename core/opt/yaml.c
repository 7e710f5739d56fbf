/* yaml.c - a YAML document as a read-only tree, built from libfyaml's events. */
#include "core/opt/yaml.h"
#include "core/base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST = 1 << 20, DEEPEST = 32, MOST_KEYS = 4096 };

struct entry {
    char *key; /* NULL: an item of a sequence */
    struct location location;
    struct yaml_node *value;
};

struct yaml_node {
    enum yaml_kind kind;
    struct location location; /* the name is the document's */
    char *text;               /* of a scalar */
    struct entry *items;
    int n, room;
};

struct yaml {
    char *name;
    struct yaml_node *root;
};

/* The tree while it grows: the open collections, outermost first, and for each open mapping the key
 * that waits for its value. */
struct builder {
    struct yaml *doc;
    struct yaml_node *open[DEEPEST];
    struct entry pending[DEEPEST];
    int depth;
    struct location location; /* of the event, or of the last one that had a place */
};

static void node_free(struct yaml_node *n)
{
    if (!n)
        return;
    for (int i = 0; i < n->n; i++) {
        free(n->items[i].key);
        node_free(n->items[i].value);
    }
    free(n->items);
    free(n->text);
    free(n);
}

void yaml_free(struct yaml *y)
{
    if (!y)
        return;
    node_free(y->root);
    free(y->name);
    free(y);
}

static void node_append(struct yaml_node *to, struct entry e)
{
    if (to->n == to->room) {
        to->room = to->room ? 2 * to->room : 8;
        to->items = xgrow(to->items, (size_t)to->room, sizeof *to->items);
    }
    to->items[to->n++] = e;
}

/* Attach a new node to the innermost open collection, or as a key. Takes N, also on an error. */
static int node_attach(struct builder *b, struct yaml_node *n)
{
    if (b->depth == 0) {
        if (n->kind == YAML_MAP) {
            b->doc->root = n;
            return 0;
        }
        location_fail(&n->location, "the document must be a mapping ('key: value' lines)");
        node_free(n);
        return -1;
    }
    struct yaml_node *to = b->open[b->depth - 1];
    struct entry *key = &b->pending[b->depth - 1];
    if (to->kind == YAML_SEQ) {
        node_append(to, (struct entry){ .value = n });
        return 0;
    }
    if (key->key) {
        key->value = n;
        node_append(to, *key);
        *key = (struct entry){ 0 };
        return 0;
    }
    int rc = 0;
    if (n->kind != YAML_SCALAR)
        rc = location_fail(&n->location, "a key must be a string, not a list or a mapping");
    else if (to->n == MOST_KEYS) /* looking for duplicates takes quadratic time */
        rc = location_fail(&n->location, "more than %d keys in one mapping", MOST_KEYS);
    for (int i = 0; i < to->n && rc == 0; i++)
        if (strcmp(to->items[i].key, n->text) == 0)
            rc = location_fail(&n->location, "duplicate key '%s', first given on line %d", n->text,
                               to->items[i].location.line);
    if (rc == 0) {
        *key = (struct entry){ .key = n->text, .location = n->location };
        n->text = NULL;
    }
    node_free(n);
    return rc;
}

static int add_node(struct builder *b, enum yaml_kind kind, struct fy_event *e)
{
    struct yaml_node *n = xalloc(1, sizeof *n);

    n->kind = kind;
    n->location = b->location;
    if (fy_event_get_anchor_token(e)) {
        location_fail(&n->location, "anchors ('&name') are not accepted");
        goto refused;
    }
    if (fy_event_get_tag_token(e)) {
        location_fail(&n->location, "tags ('!name') are not accepted");
        goto refused;
    }
    if (kind == YAML_SCALAR) {
        size_t size = 0;
        const char *s = fy_token_get_text(fy_event_get_token(e), &size);
        if (s && memchr(s, 0, size)) {
            location_fail(&n->location, "the text contains a zero byte");
            goto refused;
        }
        n->text = xprintf("%.*s", (int)size, s ? s : "");
    } else if (b->depth == DEEPEST) {
        location_fail(&n->location, "nested deeper than %d levels", DEEPEST);
        goto refused;
    }
    if (node_attach(b, n) != 0)
        return -1;
    if (kind != YAML_SCALAR)
        b->open[b->depth++] = n;
    return 0;
refused:
    node_free(n);
    return -1;
}

/* libfyaml counts from 0, and from behind the quote or the star. An empty value ("key:") has no
 * place. */
static void set_location(struct builder *b, struct fy_event *e)
{
    const struct fy_mark *at = fy_event_start_mark(e);
    enum fy_node_style style = fy_event_get_node_style(e);

    if (!at)
        return;
    b->location.line = at->line + 1;
    b->location.col = at->column + 1;
    if (at->column > 0 &&
        (e->type == FYET_ALIAS || style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED))
        b->location.col--;
}

static int on_event(struct builder *b, struct fy_event *e)
{
    set_location(b, e);
    switch (e->type) {
    case FYET_ALIAS: return location_fail(&b->location, "aliases ('*name') are not accepted");
    case FYET_SCALAR: return add_node(b, YAML_SCALAR, e);
    case FYET_SEQUENCE_START: return add_node(b, YAML_SEQ, e);
    case FYET_MAPPING_START: return add_node(b, YAML_MAP, e);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END: b->depth--; return 0;
    case FYET_DOCUMENT_START:
        if (b->doc->root)
            return location_fail(&b->location, "a second document ('---') is not accepted");
        return 0;
    default: return 0;
    }
}

/* The first error that libfyaml found; in its diagnostics it counts from 1. */
static int syntax_error(const struct yaml *y, struct fy_diag *diag)
{
    void *prev = NULL;
    struct fy_diag_error *e = fy_diag_errors_iterate(diag, &prev);

    if (!e)
        return fail(FAIL_USAGE, "%s: not valid YAML", y->name);
    struct location at = { LOCATION_FILE, y->name, e->line, e->column };
    return location_fail(&at, "%s", e->msg);
}

static int parse_events(struct yaml *y, const char *text, size_t size)
{
    struct fy_diag_cfg dcfg;
    struct builder b = { .doc = y, .location = { LOCATION_FILE, y->name, 1, 1 } };
    struct fy_event *e;
    int rc = 0;

    fy_diag_cfg_default(&dcfg);
    dcfg.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&dcfg);
    CHECK(diag, "diagnostics of '%s'", y->name);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = { .search_path = "", .flags = FYPCF_QUIET, .diag = diag };
    struct fy_parser *p = fy_parser_create(&cfg);
    CHECK(p && fy_parser_set_string(p, text, size) == 0, "parser of '%s'", y->name);
    while (rc == 0 && (e = fy_parser_parse(p))) {
        rc = on_event(&b, e);
        fy_parser_event_free(p, e);
    }
    if (rc == 0 && fy_parser_get_stream_error(p))
        rc = syntax_error(y, diag);
    else if (rc == 0 && !y->root)
        rc = fail(FAIL_USAGE, "%s: the document is empty", y->name);
    for (int i = 0; i < DEEPEST; i++)
        free(b.pending[i].key);
    fy_parser_destroy(p);
    fy_diag_destroy(diag);
    return rc;
}

/* What YAML forbids but libfyaml accepts or explains badly: control bytes, and tabs as
 * indentation. */
static int check_bytes(const struct yaml *y, const unsigned char *s, size_t size)
{
    struct location at = { LOCATION_FILE, y->name, 1, 1 };
    bool indent = true;

    for (size_t i = 0; i < size; i++) {
        unsigned char c = s[i];
        if (c == '\t' && indent)
            return location_fail(&at, "tabs are not accepted as indentation; use spaces");
        if ((c < 32 && c != '\t' && c != '\n' && c != '\r') || c == 127)
            return location_fail(&at, "byte 0x%02x is not text", c);
        indent = c == '\n' || c == '\r' || (indent && c == ' ');
        at.col += (c & 0xC0) != 0x80;
        if (c == '\n')
            at.line++, at.col = 1;
    }
    return 0;
}

static struct yaml *parse_text(const char *name, const char *text, size_t size)
{
    struct yaml *y = xalloc(1, sizeof *y);

    y->name = xstrdup(name);
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    if (check_bytes(y, (const unsigned char *)text, size) == 0 && parse_events(y, text, size) == 0)
        return y;
    yaml_free(y);
    return NULL;
}

struct yaml *yaml_parse(const char *name, const char *text)
{
    return parse_text(name, text, strlen(text));
}

struct yaml *yaml_load(const char *path)
{
    struct yaml *y = NULL;
    struct stat st;
    ssize_t n = 1;
    size_t size = 0;
    char *text = NULL;
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* does not wait for a writer of a FIFO */

    if (fd < 0 || fstat(fd, &st) != 0) {
        fail(FAIL_USAGE, "cannot open '%s': %s", path, strerror(errno));
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        fail(FAIL_USAGE, "'%s' is %s, not a regular file", path,
             S_ISDIR(st.st_mode) ? "a folder" : "a special file");
        goto out;
    }
    text = xalloc(LARGEST + 1, 1);
    while (size <= LARGEST && n > 0) {
        n = read(fd, text + size, LARGEST + 1 - size);
        size += n > 0 ? (size_t)n : 0;
    }
    if (n < 0)
        fail(FAIL_USAGE, "cannot read '%s': %s", path, strerror(errno));
    else if (size > LARGEST)
        fail(FAIL_USAGE, "'%s' is larger than 1 MiB", path);
    else
        y = parse_text(path, text, size);
out:
    if (fd >= 0)
        close(fd);
    free(text);
    return y;
}

const struct yaml_node *yaml_root(const struct yaml *y)
{
    return y->root;
}

enum yaml_kind yaml_kind(const struct yaml_node *n)
{
    return n->kind;
}

int yaml_count(const struct yaml_node *n)
{
    return n->n;
}

static const struct entry *node_entry(const struct yaml_node *n, int i)
{
    CHECK(i >= 0 && i < n->n, "item %d of %d", i, n->n);
    return &n->items[i];
}

const struct yaml_node *yaml_item(const struct yaml_node *n, int i)
{
    return node_entry(n, i)->value;
}

const char *yaml_key(const struct yaml_node *n, int i)
{
    return node_entry(n, i)->key;
}

const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key)
{
    for (int i = 0; n->kind == YAML_MAP && i < n->n; i++)
        if (strcmp(n->items[i].key, key) == 0)
            return n->items[i].value;
    return NULL;
}

const char *yaml_text(const struct yaml_node *n)
{
    return n->text;
}

const char *yaml_str(const struct yaml_node *map, const char *key, const char *def)
{
    const struct yaml_node *n = yaml_get(map, key);

    return n && n->text ? n->text : def;
}

struct location yaml_location(const struct yaml_node *n)
{
    return n->location;
}

int yaml_fail(const struct yaml_node *n, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int rc = location_vfail(&n->location, fmt, ap);
    va_end(ap);
    return rc;
}

int yaml_fail_key(const struct yaml_node *map, int i, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int rc = location_vfail(&node_entry(map, i)->location, fmt, ap);
    va_end(ap);
    return rc;
}
