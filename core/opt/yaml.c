/* yaml.c - a YAML document as a read-only tree, built from libyaml's events. */
#include "core/opt/yaml.h"
#include "core/base/text.h"
#include "core/base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

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
    bool ended;               /* the document, by "..." */
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

/* TEXT [SIZE] of a scalar; ANCHOR and TAG are NULL when there is none. */
static int add_node(struct builder *b, enum yaml_kind kind, const yaml_char_t *anchor,
                    const yaml_char_t *tag, const yaml_char_t *text, size_t size)
{
    struct yaml_node *n = xalloc(1, sizeof *n);

    n->kind = kind;
    n->location = b->location;
    if (anchor) {
        location_fail(&n->location, "anchors ('&name') are not accepted");
        goto refused;
    }
    if (tag) {
        location_fail(&n->location, "tags ('!name') are not accepted");
        goto refused;
    }
    if (kind == YAML_SCALAR) {
        if (memchr(text, 0, size)) {
            location_fail(&n->location, "the text contains a zero byte");
            goto refused;
        }
        n->text = xprintf("%.*s", (int)size, (const char *)text);
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

/* libyaml counts from 0. An empty value ("key:") has the place of what comes before it. */
static void set_location(struct builder *b, const yaml_event_t *e)
{
    bool empty = e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0 &&
                 e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (empty)
        return;
    b->location.line = (int)e->start_mark.line + 1;
    b->location.col = (int)e->start_mark.column + 1;
}

static int second_document(const struct builder *b)
{
    return location_fail(&b->location, "a second document ('---') is not accepted");
}

static int on_event(struct builder *b, const yaml_event_t *e)
{
    set_location(b, e);
    switch (e->type) {
    case YAML_ALIAS_EVENT: return location_fail(&b->location, "aliases ('*name') are not accepted");
    case YAML_SCALAR_EVENT:
        return add_node(b, YAML_SCALAR, e->data.scalar.anchor, e->data.scalar.tag,
                        e->data.scalar.value, e->data.scalar.length);
    case YAML_SEQUENCE_START_EVENT:
        return add_node(b, YAML_SEQ, e->data.sequence_start.anchor, e->data.sequence_start.tag,
                        NULL, 0);
    case YAML_MAPPING_START_EVENT:
        return add_node(b, YAML_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag, NULL,
                        0);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: b->depth--; return 0;
    case YAML_DOCUMENT_START_EVENT: return b->doc->root ? second_document(b) : 0;
    case YAML_DOCUMENT_END_EVENT: b->ended = !e->data.document_end.implicit; return 0;
    default: return 0;
    }
}

static int syntax_error(const struct builder *b, const yaml_parser_t *p)
{
    const struct yaml *y = b->doc;

    if (b->ended && p->error == YAML_PARSER_ERROR) /* after "..." libyaml wants "---" */
        return second_document(b);
    if (p->error == YAML_MEMORY_ERROR)
        return fail(FAIL_MEMORY, "not enough memory for '%s'", y->name);
    struct location at = { LOCATION_FILE, y->name, (int)p->problem_mark.line + 1,
                           (int)p->problem_mark.column + 1 };
    const char *problem = p->problem ? p->problem : "not valid YAML";
    if (p->error == YAML_READER_ERROR) /* it has an offset instead of a mark; see check_bytes */
        return fail(FAIL_USAGE, "%s: %s", y->name, problem);
    if (p->context)
        return location_fail(&at, "%s %s that began on line %d", problem, p->context,
                             (int)p->context_mark.line + 1);
    return location_fail(&at, "%s", problem);
}

static int parse_events(struct yaml *y, const char *text, size_t size)
{
    struct builder b = { .doc = y, .location = { LOCATION_FILE, y->name, 1, 1 } };
    yaml_parser_t p;
    yaml_event_t e;
    int rc = 0;

    if (!yaml_parser_initialize(&p))
        return fail(FAIL_MEMORY, "not enough memory for '%s'", y->name);
    yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p, (const unsigned char *)text, size);
    for (bool end = false; rc == 0 && !end;) {
        if (!yaml_parser_parse(&p, &e)) {
            rc = syntax_error(&b, &p);
            break;
        }
        end = e.type == YAML_STREAM_END_EVENT;
        rc = on_event(&b, &e);
        yaml_event_delete(&e);
    }
    if (rc == 0 && !y->root)
        rc = fail(FAIL_USAGE, "%s: the document is empty", y->name);
    for (int i = 0; i < DEEPEST; i++)
        free(b.pending[i].key);
    yaml_parser_delete(&p);
    return rc;
}

/* The length of the UTF-8 sequence that begins at S; 0: it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;

    if (n == 0 || n > left || s[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

/* The characters that YAML does not allow, of those that are valid UTF-8 and not ASCII: C1 controls
 * but NEL, a byte order mark, and the non-characters U+FFFE and U+FFFF. */
static bool is_forbidden(const unsigned char *s, size_t n)
{
    return (n == 2 && s[0] == 0xC2 && s[1] < 0xA0 && s[1] != 0x85) ||
           (n == 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) ||
           (n == 3 && s[0] == 0xEF && s[1] == 0xBF && s[2] >= 0xBE);
}

/* What YAML forbids but libyaml accepts or explains badly: bytes that are not UTF-8, control
 * characters, and tabs as indentation. */
static int check_bytes(const struct yaml *y, const unsigned char *s, size_t size)
{
    struct location at = { LOCATION_FILE, y->name, 1, 1 };
    bool indent = true;

    for (size_t i = 0, n; i < size; i += n) {
        unsigned char c = s[i];
        n = utf8_length(s + i, size - i);
        if (n == 0)
            return location_fail(&at, "byte 0x%02x is not UTF-8", c);
        if (c == '\t' && indent)
            return location_fail(&at, "tabs are not accepted as indentation; use spaces");
        if ((c < 32 && c != '\t' && c != '\n' && c != '\r') || c == 127)
            return location_fail(&at, "byte 0x%02x is not text", c);
        if (is_forbidden(s + i, n))
            return location_fail(&at, "a character that YAML does not allow (0x%02x 0x%02x...)", c,
                                 s[i + 1]);
        indent = c == '\n' || c == '\r' || (indent && c == ' ');
        at.col++;
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
    while (size <= LARGEST && (n > 0 || (n < 0 && errno == EINTR))) {
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

char *yaml_list(const struct yaml_node *n)
{
    struct text t = { 0 };

    if (yaml_kind(n) == YAML_SCALAR)
        text_add(&t, "%s", yaml_text(n));
    for (int i = 0; yaml_kind(n) == YAML_SEQ && i < yaml_count(n); i++)
        if (yaml_text(yaml_item(n, i)))
            text_join(&t, ",", "%s", yaml_text(yaml_item(n, i)));
    return t.n ? text_take(&t) : xstrdup("");
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
