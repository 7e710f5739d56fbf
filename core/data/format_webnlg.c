/* format_webnlg.c - the XML files of the WebNLG challenge 2017 (Gardent et al. 2017): entries with
 * a set of RDF triples and texts that express it.
 *
 *     <benchmark> <entries> <entry category= eid= size=>
 *         <modifiedtripleset> <mtriple>subject | property | object</mtriple> ...
 *         <lex comment="good">text</lex> ...
 *
 * A row is a text with the comment "good", as in the authors' evaluation; an entry without one has
 * no rows. */
#include "core/base/text.h"
#include "core/data/format.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <limits.h>
#include <string.h>

static const char *const columns[] = { "triples", "text", "category", "size", "entry", NULL };
enum { TRIPLES, TEXT, CATEGORY, SIZE, ENTRY, N_COLUMNS };

static bool is_named(const xmlNode *n, const char *name)
{
    return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

static const xmlNode *child_named(const xmlNode *n, const char *name)
{
    for (const xmlNode *c = n ? n->children : NULL; c; c = c->next)
        if (is_named(c, name))
            return c;
    return NULL;
}

/* Append the text of an element, with every run of white space as one space. */
static void add_content(struct text *to, const xmlNode *n)
{
    xmlChar *content = xmlNodeGetContent(n);
    bool first = true;

    for (const char *p = (const char *)content; p && *p;) {
        size_t space = strspn(p, " \t\r\n"), word = strcspn(p + space, " \t\r\n");
        if (word > 0)
            text_add(to, "%s%.*s", first ? "" : " ", (int)word, p + space);
        first = false;
        p += space + word;
    }
    xmlFree(content);
}

/* "subject | property | object" as "subject : property : object", as in Hu et al.'s code. */
static int add_triple(struct text *to, const struct reader *r, const xmlNode *n)
{
    struct text triple = { 0 };
    int bars = 0;

    add_content(&triple, n);
    if (to->n > 0)
        text_add(to, " | ");
    for (const char *p = text_string(&triple); *p;) {
        const char *bar = strstr(p, " | ");
        text_add(to, "%.*s%s", bar ? (int)(bar - p) : (int)strlen(p), p, bar ? " : " : "");
        bars += bar != NULL;
        p = bar ? bar + 3 : p + strlen(p);
    }
    text_free(&triple);
    return bars == 2 ? 0
                     : fail(FAIL_INPUT, "%s:%ld: a triple must be 'subject | property | object'",
                            r->path, xmlGetLineNo(n));
}

/* The value of an attribute; NULL after fail. */
static xmlChar *attribute(const struct reader *r, const xmlNode *n, const char *name)
{
    xmlChar *v = xmlGetProp(n, (const xmlChar *)name);

    if (!v)
        fail(FAIL_INPUT, "%s:%ld: <%s> lacks the attribute '%s'", r->path, xmlGetLineNo(n),
             (const char *)n->name, name);
    return v;
}

static int add_text(struct reader *r, const xmlNode *lex, const char **value)
{
    xmlChar *comment = attribute(r, lex, "comment");
    struct text text = { 0 };

    if (!comment)
        return -1;
    r->first = xmlGetLineNo(lex);
    if (strcmp((const char *)comment, "good") == 0) {
        add_content(&text, lex);
        value[TEXT] = text_string(&text);
        reader_fields(r, value);
    }
    text_free(&text);
    xmlFree(comment);
    return 0;
}

static int add_entry(struct reader *r, const xmlNode *entry)
{
    const xmlNode *set = child_named(entry, "modifiedtripleset");
    xmlChar *category = attribute(r, entry, "category"), *size = attribute(r, entry, "size"),
            *id = attribute(r, entry, "eid");
    struct text triples = { 0 };
    int rc = category && size && id ? 0 : -1;

    if (rc == 0 && !child_named(set, "mtriple"))
        rc = fail(FAIL_INPUT, "%s:%ld: an entry without triples", r->path, xmlGetLineNo(entry));
    for (const xmlNode *c = set ? set->children : NULL; c && rc == 0; c = c->next)
        if (is_named(c, "mtriple"))
            rc = add_triple(&triples, r, c);
    const char *value[N_COLUMNS] = { [TRIPLES] = text_string(&triples),
                                     [CATEGORY] = (const char *)category,
                                     [SIZE] = (const char *)size,
                                     [ENTRY] = (const char *)id };
    for (const xmlNode *c = entry->children; c && rc == 0; c = c->next)
        if (is_named(c, "lex"))
            rc = add_text(r, c, value);
    text_free(&triples);
    xmlFree(category);
    xmlFree(size);
    xmlFree(id);
    return rc;
}

/* What is wrong with the XML, on one line. */
static int fail_xml(const struct reader *r, const xmlParserCtxt *ctx)
{
    const xmlError *e = xmlCtxtGetLastError((void *)(uintptr_t)ctx);
    char what[200];

    snprintf(what, sizeof what, "%s", e && e->message ? e->message : "it cannot be parsed");
    text_one_line(what, sizeof what);
    return fail(FAIL_INPUT, "%s:%d: not well-formed XML: %s", r->path, e ? e->line : 1, what);
}

static int add_entries(struct reader *r, const xmlDoc *doc)
{
    const xmlNode *root = xmlDocGetRootElement(doc), *entries = child_named(root, "entries");

    if (!root || !is_named(root, "benchmark") || !entries)
        return fail(FAIL_INPUT, "%s:1: not a file of WebNLG: it has no <benchmark> with <entries>",
                    r->path);
    for (const xmlNode *c = entries->children; c; c = c->next)
        if (is_named(c, "entry") && add_entry(r, c) != 0)
            return -1;
    return 0;
}

/* Nothing is loaded from elsewhere, and libxml2 limits depth and the growth of entities. */
static int webnlg_rows(struct reader *r)
{
    size_t size = (size_t)(r->end - r->p);
    xmlParserCtxt *ctx = xmlNewParserCtxt();
    int flags = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
                XML_PARSE_BIG_LINES;

    CHECK(ctx, "no parser");
    xmlDoc *doc =
        size < INT_MAX ? xmlCtxtReadMemory(ctx, r->p, (int)size, NULL, "UTF-8", flags) : NULL;
    int rc = doc ? add_entries(r, doc) : fail_xml(r, ctx);
    xmlFreeDoc(doc);
    xmlFreeParserCtxt(ctx);
    return rc;
}

const struct data_format data_format_webnlg = { .name = "webnlg",
                                                .source = "XML of the WebNLG challenge 2017",
                                                .id = 4,
                                                .columns = columns,
                                                .suffix = "xml",
                                                .rows = webnlg_rows };
