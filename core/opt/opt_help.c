/* opt_help.c - option tables and the documentation of commands as text for a terminal. */
#include "core/opt/opt_help.h"
#include "core/opt/fill.h"
#include "core/opt/outline.h"

#include <stdlib.h>
#include <string.h>

/* LEFT, then TEXT from OUTLINE_COLUMN on, on the next line if LEFT leaves no room. */
static void help_line(FILE *to, const char *left, const char *text)
{
    int n = (int)strlen(left);

    if (n > OUTLINE_COLUMN - 2)
        fprintf(to, "%s\n%*s", left, OUTLINE_COLUMN, "");
    else
        fprintf(to, "%-*s", OUTLINE_COLUMN, left);
    fill_text(to, text, OUTLINE_COLUMN, OUTLINE_COLUMN);
}

static void help_key(FILE *to, const struct opt_doc_entry *e)
{
    char left[80];

    snprintf(left, sizeof left, "  %s", e->key);
    help_line(to, left, e->help);
}

static void help_flag(FILE *to, const struct opt_doc_entry *e)
{
    char left[96], letter[] = { '-', e->letter, ',', 0 };

    snprintf(left, sizeof left, "  %3s --%s%s%s", e->letter ? letter : "", e->key,
             *e->value ? " " : "", e->value);
    help_line(to, left, e->help);
}

/* The same key may be in the tables of several methods. */
static void remember_key(struct opt_doc_list *keys, const struct opt *o)
{
    for (int i = 0; i < keys->n; i++)
        if (opt_same_key(keys->e[i].key, o->key))
            return;
    opt_doc_add(keys, o, false);
}

void opt_help(const struct opt *table, FILE *to)
{
    for (const struct opt *o = table; o && o->type != OPT_END; o++) {
        struct opt_doc d = { 0 };
        opt_doc_add(&d.keys, o, false);
        help_key(to, d.keys.e);
        opt_doc_free(&d);
        if (opt_doc_wanted())
            remember_key(&opt_doc_wanted()->keys, o);
    }
}

void opt_help_usage(const struct opt_doc *d, FILE *to)
{
    char *line = xprintf("usage: lowrank %s [options] %s", d->command, d->usage ? d->usage : "");

    fill_text(to, line, 0, (int)strlen("usage: lowrank "));
    free(line);
}

void opt_help_detail(const struct opt_doc *d, FILE *to)
{
    const char *at = d->detail ? d->detail : "";
    struct outline o;

    for (; outline_next(&o, &at); outline_free(&o))
        switch (o.kind) {
        case OUTLINE_GAP: fputc('\n', to); break;
        case OUTLINE_PARAGRAPH: fill_text(to, o.text, 0, 0); break;
        case OUTLINE_LITERAL: fprintf(to, "%*s%s\n", o.at, "", o.text); break;
        case OUTLINE_ENTRY: {
            int left = 2 + (int)strlen(o.term);
            fprintf(to, "  %s", o.term);
            if (left < o.at)
                fprintf(to, "%*s", o.at - left, "");
            else
                fprintf(to, "\n%*s", o.at, "");
            fill_text(to, o.text, o.at, o.at);
            break;
        }
        }
}

void opt_help_print(const struct opt_doc *d, FILE *to)
{
    opt_help_usage(d, to);
    if (d->about)
        fill_text(to, d->about, 0, 0);
    if (d->detail) {
        fputc('\n', to);
        opt_help_detail(d, to);
    }
    fprintf(to, "\noptions\n");
    for (int i = 0; i < d->flags.n; i++)
        help_flag(to, &d->flags.e[i]);
    if (d->example)
        fprintf(to, "\nexample\n  %s\n", d->example);
}
