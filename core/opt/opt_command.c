/* opt_command.c - the flags and arguments of a command, read by glibc's argp. */
#include "core/opt/opt.h"
#include "core/base/terminal.h"
#include "core/opt/opt_help.h"
#include "core/opt/suggest.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keys of argp: KEY_OWN + i is the i-th flag that every command has, if it has no letter, and
 * KEY_FIRST + i is the i-th entry of the option table. */
enum { KEY_OWN = 256, KEY_FIRST = 300 };

/* The flag of a key: "batch_size" is --batch-size. The caller frees it. */
static char *flag_name(const char *key)
{
    char *s = xstrdup(key);

    for (char *p = s; *p; p++)
        *p = *p == '_' ? '-' : *p;
    return s;
}

static const struct opt *find_letter(const struct opt *table, int letter)
{
    for (const struct opt *o = table; o && o->type != OPT_END; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

struct parse {
    const struct opt_usage *usage;
    const struct opt *table;
    void *dst;
    char **words; /* the words of argv that are not flags */
    int n_words;
    int next;    /* argp's position in argv when it refused a flag */
    bool failed; /* fail() has recorded the reason */
    bool helped; /* help was printed */
};

/* Both spellings of a key are flags: --batch-size, and --batch_size as its alias. A letter is an
 * option of its own, because a bool takes a value in "--bias=no" but not in "-b". The caller frees
 * the result and *NAMES. */
static struct argp_option *make_options(const struct opt *table, char ***names)
{
    int n = 0, n_table = 0;

    while (table && table[n_table].type != OPT_END)
        n_table++;
    struct argp_option *a = xalloc((size_t)(3 * n_table + OPT_DOC_FLAGS + 1), sizeof *a);
    *names = xalloc((size_t)n_table + 1, sizeof **names);
    for (int i = 0; i < n_table; i++) {
        const struct opt *o = &table[i];
        bool is_bool = o->type == OPT_BOOL;
        (*names)[i] = flag_name(o->key);
        a[n++] = (struct argp_option){ .name = (*names)[i],
                                       .key = KEY_FIRST + i,
                                       .arg = "VALUE",
                                       .flags = is_bool ? OPTION_ARG_OPTIONAL : 0 };
        if (strchr(o->key, '_'))
            a[n++] = (struct argp_option){ .name = o->key, .flags = OPTION_ALIAS };
        if (o->letter)
            a[n++] = (struct argp_option){ .key = o->letter, .arg = is_bool ? NULL : "VALUE" };
    }
    for (int i = 0; i < OPT_DOC_FLAGS; i++) {
        char letter = opt_doc_letter(table, i);
        a[n++] = (struct argp_option){ .name = opt_doc_flags[i].key,
                                       .key = letter ? letter : KEY_OWN + i };
    }
    return a;
}

static error_t own_flag(struct parse *p, int i)
{
    if (i == OPT_DOC_QUIET || i == OPT_DOC_VERBOSE) {
        verbosity = i == OPT_DOC_QUIET ? -1 : 1;
        return 0;
    }
    if (i == OPT_DOC_WIDE) {
        terminal_wide = true;
        return 0;
    }
    p->helped = true;
    if (opt_doc_wanted()) {
        opt_doc_init(opt_doc_wanted(), p->usage, p->table);
        return ECANCELED;
    }
    struct opt_doc d = { 0 };
    opt_doc_init(&d, p->usage, p->table);
    i == OPT_DOC_HELP ? opt_help_print(&d, stdout) : opt_help_usage(&d, stdout);
    opt_doc_free(&d);
    return ECANCELED;
}

static error_t on_key(int key, char *value, struct argp_state *state)
{
    struct parse *p = state->input;

    if (key == ARGP_KEY_ARG) {
        p->words[p->n_words++] = value;
        return 0;
    }
    if (key == ARGP_KEY_ERROR)
        p->next = state->next;
    for (int i = 0; p->table && p->table[i].type != OPT_END; i++) {
        const struct opt *o = &p->table[i];
        if (key != KEY_FIRST + i && key != o->letter)
            continue;
        /* An unset variable of the shell may have left an empty string. */
        bool empty = o->type == OPT_STR && value && !*value;
        int rc = empty ? fail(FAIL_USAGE, "'%s' is empty", o->key)
                       : opt_set(o, p->dst, value ? value : "true");
        p->failed = rc != 0;
        return rc != 0 ? EINVAL : 0;
    }
    for (int i = 0; i < OPT_DOC_FLAGS; i++)
        if (key == KEY_OWN + i || (key != 0 && key == opt_doc_letter(p->table, i)))
            return own_flag(p, i);
    return ARGP_ERR_UNKNOWN;
}

/* The first letter of "-abc" that is not a flag, or 0. Whatever follows a flag that takes a value
 * is that value. */
static char unknown_letter(const struct opt *table, const char *word)
{
    if (word[0] != '-' || word[1] == '-')
        return 0;
    for (const char *c = word + 1; *c; c++) {
        const struct opt *o = find_letter(table, *c);
        if (o && o->type != OPT_BOOL)
            return 0;
        if (!o && !strchr("hqv", *c))
            return *c;
    }
    return 0;
}

/* argp reports that a flag is wrong, but not which one or why. So the name is looked up again: if
 * it begins a single flag, its value must be wrong; if it begins several, it is ambiguous. */
static int blame_name(const struct parse *p, const char *word)
{
    size_t n = strcspn(word, "=");
    char *name = xprintf("%.*s", (int)n, word), *flag = NULL;
    const struct opt *o = p->table, *some = NULL;
    int n_like = 0, rc;
    bool own = false;

    for (int i = 0; i < OPT_DOC_FLAGS; i++)
        own |= n >= 1 && strncmp(name, opt_doc_flags[i].key, n) == 0;
    for (; o && o->type != OPT_END; o++) {
        flag = flag_name(o->key);
        if (strncmp(name, flag, n) == 0 || strncmp(name, o->key, n) == 0) {
            some = some ? some : o;
            n_like += strlen(o->key) == n ? 1000 : 1;
        }
        free(flag);
    }
    const char *near = suggest_key(name, p->table);
    char *shown = near ? flag_name(near) : NULL;
    if (n_like == 1 || n_like >= 1000)
        rc = fail(FAIL_USAGE, "flag '--%s' needs a value", name);
    else if (n_like > 1 || (n_like && own))
        rc = fail(FAIL_USAGE, "flag '--%s' is ambiguous; it could be '--%s'", name, some->key);
    else if (own)
        rc = fail(FAIL_USAGE, "flag '--%s' takes no value", name);
    else if (shown)
        rc = fail(FAIL_USAGE, "unknown flag '--%s'; did you mean '--%s'?", name, shown);
    else
        rc = fail(FAIL_USAGE, "unknown flag '--%s'; 'lowrank %s --help' lists them", name,
                  p->usage->command);
    free(shown);
    free(name);
    return rc;
}

/* getopt has moved past the flag that it refuses if that is a long flag or the last letter of a
 * group of letters, but not if the group continues. */
static int blame_flag(const struct parse *p, int argc, char **argv)
{
    const char *at = p->next < argc ? argv[p->next] : "",
               *before = p->next > 1 ? argv[p->next - 1] : "";
    char c = strlen(at) > 2 ? unknown_letter(p->table, at) : 0;

    if (!c && strncmp(before, "--", 2) == 0)
        return blame_name(p, before + 2);
    if (!c)
        c = unknown_letter(p->table, before);
    if (!c)
        return fail(FAIL_USAGE, "flag '%s' needs a value", before);
    return fail(FAIL_USAGE, "unknown flag '-%c'; 'lowrank %s --help' lists them", c,
                p->usage->command);
}

static int blame_count(const struct parse *p)
{
    const struct opt_usage *u = p->usage;
    const char *words = u->usage && *u->usage ? u->usage : NULL;

    if (p->n_words >= u->min_args)
        return fail(FAIL_USAGE, "unexpected argument '%s'; 'lowrank %s' takes %s",
                    p->words[u->max_args], u->command, words ? words : "no arguments");
    if (p->n_words == 0)
        return fail(FAIL_USAGE, "'lowrank %s' needs %s", u->command, words ? words : "arguments");
    return fail(FAIL_USAGE, "'lowrank %s' needs %s, but has only %d argument%s", u->command,
                words ? words : "more", p->n_words, p->n_words > 1 ? "s" : "");
}

static int check_words(const struct parse *p)
{
    if (p->n_words < p->usage->min_args ||
        (p->usage->max_args >= 0 && p->n_words > p->usage->max_args))
        return blame_count(p);
    for (int i = 0; i < p->n_words; i++)
        if (!*p->words[i])
            return fail(FAIL_USAGE, "argument %d of 'lowrank %s' is empty", i + 1,
                        p->usage->command);
    return 0;
}

int opt_parse(const struct opt_usage *u, const struct opt *table, void *dst, int *argc, char **argv)
{
    char **names = NULL;
    struct argp_option *options = make_options(table, &names);
    struct argp argp = { .options = options, .parser = on_key };
    struct parse p = { .usage = u, .table = table, .dst = dst };
    int rc = 0;

    p.words = xalloc((size_t)*argc + 1, sizeof *p.words);
    error_t err = argp_parse(&argp, *argc, argv, ARGP_SILENT | ARGP_IN_ORDER, NULL, &p);
    if (p.helped)
        rc = 1;
    else if (err)
        rc = p.failed ? -1 : blame_flag(&p, *argc, argv);
    else
        rc = check_words(&p);
    if (rc == 0) {
        for (int i = 0; i < p.n_words; i++)
            argv[i + 1] = p.words[i];
        if (p.n_words + 1 < *argc)
            argv[p.n_words + 1] = NULL;
        *argc = p.n_words + 1;
    }
    for (int i = 0; names[i]; i++)
        free(names[i]);
    free(names);
    free(options);
    free(p.words);
    return rc;
}

int opt_command(const struct opt_usage *u, const struct opt *table, size_t size,
                int (*work)(void *cfg, int argc, char **argv), int argc, char **argv)
{
    void *cfg = xalloc(size, 1);

    opt_defaults(table, cfg);
    int rc = opt_parse(u, table, cfg, &argc, argv);
    if (rc == 0)
        rc = work(cfg, argc, argv);
    else if (rc > 0)
        rc = 0;
    opt_free(table, cfg);
    free(cfg);
    return rc;
}
