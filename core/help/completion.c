/* completion.c - what can be completed after each command. */
#include "core/help/completion.h"
#include "core/opt/outline.h"
#include "core/base/text.h"
#include "core/help/help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Does the usage of D contain the placeholder? */
static bool takes(const struct opt_doc *d, const char *placeholder)
{
    size_t n = strlen(placeholder);

    for (const char *p = d->usage; p && (p = strstr(p, placeholder)); p++)
        if ((p == d->usage || !isalpha((unsigned char)p[-1])) && !isalpha((unsigned char)p[n]))
            return true;
    return false;
}

/* The words of a usage like "methods|tasks|models". */
static void add_alternatives(struct text *t, const struct opt_doc *d)
{
    const char *usage = d->usage ? d->usage : "";
    char *copy = xstrdup(usage), *rest = copy, *word;

    if (islower((unsigned char)*usage) && strchr(usage, '|') && !strpbrk(usage, " =-"))
        while ((word = strsep(&rest, "|")))
            text_join(t, " ", "%s", word);
    free(copy);
}

/* What KIND may be: the terms of the first list in the detail. */
static void add_terms(struct text *t, const struct opt_doc *d)
{
    const char *at = d->detail && takes(d, "KIND") ? d->detail : "";
    struct outline o;
    bool in_list = false;

    for (; outline_next(&o, &at); outline_free(&o)) {
        if (in_list && o.kind == OUTLINE_PARAGRAPH)
            at = "";
        in_list |= o.kind == OUTLINE_ENTRY;
        if (o.kind == OUTLINE_ENTRY && islower((unsigned char)*o.term) && !strchr(o.term, ' '))
            text_join(t, " ", "%s", o.term);
    }
}

static char *known_words(const struct opt_doc *d)
{
    const char **names = takes(d, "COMMAND") ? cmd_names(help_topic_names()) : NULL;
    struct text t = { 0 };

    for (int i = 0; names && names[i]; i++)
        text_join(&t, " ", "%s", names[i]);
    free(names);
    for (int i = 0; i < d->n_parts; i++)
        text_join(&t, " ", "%s", d->parts[i]);
    add_alternatives(&t, d);
    add_terms(&t, d);
    return text_take(&t);
}

/* The flag --list of a command that also has --format csv, and lists of what its usage names. */
static void list_commands(struct completion_command *c)
{
    static const char *const lists[][2] = { { "STUDY", "list studies" },
                                            { "MODEL", "list models" },
                                            { "TASK", "list tasks" },
                                            { "FIGURE", "list figures" } };
    const struct opt_doc_entry *format = opt_doc_flag(&c->doc, "format");
    size_t n = 0;

    if (opt_doc_flag(&c->doc, "list") && format && strstr(format->choices, "csv"))
        c->lists[n++] = xprintf("%s --list", c->doc.command);
    for (size_t i = 0; i < ARRAY_LEN(lists) && n < ARRAY_LEN(c->lists); i++)
        if (takes(&c->doc, lists[i][0]))
            c->lists[n++] = xstrdup(lists[i][1]);
}

static int init_command(struct completion_command *c, const struct cmd *cmd)
{
    const char *words[] = { cmd->name, NULL, NULL };

    *c = (struct completion_command){ .cmd = cmd };
    int rc = opt_doc_ask(&c->doc, cmd->run, words);
    if (rc == 0)
        c->parts = xalloc((size_t)c->doc.n_parts, sizeof *c->parts);
    for (int i = 0; i < c->doc.n_parts && rc == 0; i++) {
        words[1] = c->doc.parts[i];
        rc = opt_doc_ask(&c->parts[i], cmd->run, words);
    }
    c->words = known_words(&c->doc);
    list_commands(c);
    c->keys = takes(&c->doc, "key");
    return rc;
}

int completion_init(struct completion *k)
{
    static const struct opt_doc_list none;
    int rc = 0;

    *k = (struct completion){ .keys = &none };
    for (const struct cmd *const *c = cmd_table; *c; c++)
        k->n++;
    k->c = xalloc((size_t)k->n, sizeof *k->c);
    for (int i = 0; i < k->n && rc == 0; i++) {
        rc = init_command(&k->c[i], cmd_table[i]);
        if (k->c[i].doc.keys.n > 0)
            k->keys = &k->c[i].doc.keys;
    }
    return rc;
}

void completion_free(struct completion *k)
{
    for (int i = 0; i < k->n; i++) {
        struct completion_command *c = &k->c[i];
        for (int j = 0; c->parts && j < c->doc.n_parts; j++)
            opt_doc_free(&c->parts[j]);
        opt_doc_free(&c->doc);
        free(c->parts);
        free(c->words);
        for (size_t j = 0; j < ARRAY_LEN(c->lists); j++)
            free(c->lists[j]);
    }
    free(k->c);
    *k = (struct completion){ 0 };
}

char *completion_key_list(const struct completion *k, const char *key)
{
    char *plural = xprintf(" %ss ", key), *list = NULL;

    for (int i = 0; i < k->n && !list; i++) {
        char *words = xprintf(" %s ", k->c[i].words);
        if (strcmp(k->c[i].cmd->name, "list") == 0 && strstr(words, plural))
            list = xprintf("list %ss", key);
        free(words);
    }
    free(plural);
    return list;
}
