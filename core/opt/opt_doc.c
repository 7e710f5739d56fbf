/* opt_doc.c - what a command says about itself, as data. */
#include "core/opt/opt_doc.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

const struct opt opt_doc_flags[] = {
    [OPT_DOC_HELP] = { "help", 'h', OPT_BOOL, .help = "explain this command" },
    [OPT_DOC_USAGE] = { "usage", 0, OPT_BOOL, .help = "print only the first line of this help" },
    [OPT_DOC_QUIET] = { "quiet", 'q', OPT_BOOL, .help = "print only results and errors" },
    [OPT_DOC_VERBOSE] = { "verbose", 'v', OPT_BOOL, .help = "print more messages" },
    [OPT_DOC_WIDE] = { "wide", 0, OPT_BOOL,
                       .help = "print tables in full, wider than the terminal" },
    [OPT_DOC_FLAGS] = { .type = OPT_END },
};

static struct opt_doc *wanted;

struct opt_doc *opt_doc_wanted(void)
{
    return wanted;
}

char opt_doc_letter(const struct opt *table, int i)
{
    for (const struct opt *o = table; o && o->type != OPT_END; o++)
        if (o->letter == opt_doc_flags[i].letter)
            return 0;
    return opt_doc_flags[i].letter;
}

/* "what it is (one of a, b; from 1 to 9; default a)" */
static char *full_help(const struct opt *o)
{
    bool has_default = o->def && *o->def && (o->type != OPT_BOOL || strcmp(o->def, "false") != 0);
    char range[96], word[64];
    struct text facts = { 0 }, help = { 0 };

    for (int i = 0; opt_choice(o, i, word); i++)
        text_add(&facts, "%s%s", i > 0 ? ", " : o->type == OPT_LIST ? "any of " : "one of ", word);
    if (*opt_range(o, range))
        text_join(&facts, "; ", "%s", range);
    if (has_default)
        text_join(&facts, "; ", "default %s", o->def);
    text_add(&help, "%s", o->help ? o->help : "");
    if (facts.n)
        text_add(&help, " (%s)", facts.s);
    text_free(&facts);
    return text_take(&help);
}

void opt_doc_add(struct opt_doc_list *l, const struct opt *o, bool flag)
{
    static const char *const values[] = {
        [OPT_INT] = "N",    [OPT_REAL] = "X",      [OPT_BOOL] = "",
        [OPT_STR] = "TEXT", [OPT_CHOICE] = "WORD", [OPT_LIST] = "WORDS",
    };

    l->e = xgrow(l->e, (size_t)l->n + 1, sizeof *l->e);
    struct opt_doc_entry *e = &l->e[l->n++];
    *e = (struct opt_doc_entry){ .key = xstrdup(o->key),
                                 .letter = o->letter,
                                 .type = o->type,
                                 .value = values[o->type],
                                 .help = full_help(o),
                                 .choices = o->choices ? xstrdup(o->choices) : NULL };
    for (char *p = e->key; flag && *p; p++)
        *p = *p == '_' ? '-' : *p;
}

static char *copy_string(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

void opt_doc_init(struct opt_doc *d, const struct opt_usage *u, const struct opt *table)
{
    *d = (struct opt_doc){ .command = copy_string(u->command),
                           .usage = copy_string(u->usage),
                           .about = copy_string(u->about),
                           .detail = copy_string(u->detail),
                           .example = copy_string(u->example),
                           .keys = d->keys };
    for (const struct opt *o = table; o && o->type != OPT_END; o++)
        opt_doc_add(&d->flags, o, true);
    for (int i = 0; i < OPT_DOC_FLAGS; i++) {
        opt_doc_add(&d->flags, &opt_doc_flags[i], true);
        d->flags.e[d->flags.n - 1].letter = opt_doc_letter(table, i);
    }
    for (const char *const *p = u->parts; p && *p; p++) {
        d->parts = xgrow(d->parts, (size_t)d->n_parts + 1, sizeof *d->parts);
        d->parts[d->n_parts++] = xstrdup(*p);
    }
}

static void list_free(struct opt_doc_list *l)
{
    for (int i = 0; i < l->n; i++) {
        free(l->e[i].key);
        free(l->e[i].help);
        free(l->e[i].choices);
    }
    free(l->e);
}

void opt_doc_free(struct opt_doc *d)
{
    for (int i = 0; i < d->n_parts; i++)
        free(d->parts[i]);
    free(d->parts);
    list_free(&d->flags);
    list_free(&d->keys);
    free(d->command);
    free(d->usage);
    free(d->about);
    free(d->detail);
    free(d->example);
    *d = (struct opt_doc){ 0 };
}

const struct opt_doc_entry *opt_doc_flag(const struct opt_doc *d, const char *key)
{
    for (int i = 0; i < d->flags.n; i++)
        if (strcmp(d->flags.e[i].key, key) == 0)
            return &d->flags.e[i];
    return NULL;
}

int opt_doc_ask(struct opt_doc *d, int (*run)(int argc, char **argv), const char *const *words)
{
    enum { MOST = 8 };
    char *argv[MOST + 2] = { 0 };
    int argc = 0;

    for (; words[argc]; argc++) {
        CHECK(argc < MOST, "more than %d words", MOST);
        argv[argc] = xstrdup(words[argc]);
    }
    argv[argc++] = xstrdup("--help");
    *d = (struct opt_doc){ 0 };
    wanted = d;
    int rc = run(argc, argv);
    wanted = NULL;
    for (int i = 0; i < MOST + 2; i++)
        free(argv[i]); /* getopt has only changed their order */
    if (rc == 0 && !d->command)
        rc = fail(FAIL_USAGE, "'lowrank %s' has no help", words[0]);
    if (rc != 0)
        opt_doc_free(d);
    return rc;
}
