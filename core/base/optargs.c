/* optargs.c - a table of options as flags (through argp) and as lines of help. */
#include "core/base/opt.h"
#include "core/base/suggest.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_OWN = 256, KEY_FIRST = 300, OWN_FLAGS = 4, HELP_AT = 26, HELP_WIDTH = 98 };

/* Prints LEFT, then TEXT from column HELP_AT on, broken at spaces before HELP_WIDTH. */
static void help_line(FILE *to, const char *left, const char *text)
{
    int n = (int)strlen(left), room = HELP_WIDTH - HELP_AT;

    if (n > HELP_AT - 2)
        fprintf(to, "%s\n%*s", left, HELP_AT, "");
    else
        fprintf(to, "%-*s", HELP_AT, left);
    while ((int)strlen(text) > room) {
        int cut = room;
        while (cut > 0 && text[cut] != ' ')
            cut--;
        if (cut == 0)
            cut = (int)strcspn(text, " ");
        fprintf(to, "%.*s\n%*s", cut, text, HELP_AT, "");
        text += cut + (text[cut] == ' ');
    }
    fprintf(to, "%s\n", text);
}

/* "what it is (one of a, b; default a)" */
static void help_entry(FILE *to, const char *left, const struct opt *o)
{
    bool def = o->def && *o->def && (o->type != OPT_BOOL || strcmp(o->def, "false") != 0);
    char range[96], *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    CHECK(f, "help of '%s'", o->key);
    opt_range(o, range);
    fputs(o->help ? o->help : "", f);
    if (o->choices || *range || def)
        fputs(" (", f);
    if (o->choices)
        fputs(o->type == OPT_LIST ? "any of " : "one of ", f);
    for (const char *p = o->choices; p && *p; p++)
        *p == '|' ? fputs(", ", f) : fputc(*p, f);
    fputs(range, f);
    if (def)
        fprintf(f, "%sdefault %s", o->choices || *range ? "; " : "", o->def);
    if (o->choices || *range || def)
        fputc(')', f);
    fclose(f);
    help_line(to, left, text);
    free(text);
}

void opt_help(const struct opt *table, FILE *to)
{
    char left[80];

    for (const struct opt *o = table; o && o->type != OPT_END; o++) {
        snprintf(left, sizeof left, "  %s", o->key);
        help_entry(to, left, o);
    }
}

/* The name of a flag: "batch_size" is --batch-size. */
static char *flag_name(const char *key)
{
    char *s = xstrdup(key);

    for (char *p = s; *p; p++)
        *p = *p == '_' ? '-' : *p;
    return s;
}

static const struct opt *by_letter(const struct opt *table, int letter)
{
    for (const struct opt *o = table; o && o->type != OPT_END; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

/* The flags that every command has; a letter that the table uses stays the table's. */
enum own { OWN_HELP, OWN_USAGE, OWN_QUIET, OWN_VERBOSE };
static const struct {
    const char *name, *help;
    char letter;
} own_flags[OWN_FLAGS] = {
    [OWN_HELP] = { "help", "explain this command", 'h' },
    [OWN_USAGE] = { "usage", "only the first line of this help", 0 },
    [OWN_QUIET] = { "quiet", "only results and errors", 'q' },
    [OWN_VERBOSE] = { "verbose", "more messages", 'v' },
};

static int own_letter(const struct opt *table, int i)
{
    return by_letter(table, own_flags[i].letter) ? 0 : own_flags[i].letter;
}

struct parse {
    const struct opt_usage *usage;
    const struct opt *table;
    void *dst;
    char **words; /* of argv, those that are no flags */
    int n_words;
    int next;    /* where argp stood in argv when it refused a flag */
    bool told;   /* fail() has the reason already */
    bool helped; /* help was printed */
};

static void usage_line(const struct parse *p)
{
    const char *words = p->usage->usage ? p->usage->usage : "";

    printf("usage: lowrank %s [options]%s%s\n", p->usage->command, *words ? " " : "", words);
}

static void flag_left(char left[96], int letter, const char *name, const char *value)
{
    char letters[] = { letter ? '-' : ' ', letter ? (char)letter : ' ', letter ? ',' : ' ', 0 };

    snprintf(left, 96, "  %s --%s%s%s", letters, name, *value ? " " : "", value);
}

static void help(const struct parse *p)
{
    static const char *const values[] = { "N", "X", "", "TEXT", "WORD", "WORDS" };
    char left[96];

    usage_line(p);
    if (p->usage->about)
        printf("%s\n", p->usage->about);
    if (p->usage->detail)
        printf("\n%s\n", p->usage->detail);
    printf("\noptions\n");
    for (const struct opt *o = p->table; o && o->type != OPT_END; o++) {
        char *name = flag_name(o->key);
        flag_left(left, o->letter, name, values[o->type]);
        help_entry(stdout, left, o);
        free(name);
    }
    for (int i = 0; i < OWN_FLAGS; i++) {
        int letter = own_letter(p->table, i);
        flag_left(left, letter, own_flags[i].name, "");
        help_line(stdout, left, own_flags[i].help);
    }
    if (p->usage->example)
        printf("\nexample\n  %s\n", p->usage->example);
}

/* Both spellings of a key are flags: --batch-size, and --batch_size as its alias. A letter is an
 * option of its own, because with a bool "--bias=no" takes a value and "-b" does not. Caller frees
 * both. */
static struct argp_option *make_options(const struct opt *table, char ***names)
{
    int n = 0, n_table = 0;

    while (table && table[n_table].type != OPT_END)
        n_table++;
    struct argp_option *a = xalloc((size_t)(3 * n_table + OWN_FLAGS + 1), sizeof *a);
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
    for (int i = 0; i < OWN_FLAGS; i++) {
        int letter = own_letter(table, i);
        a[n++] =
            (struct argp_option){ .name = own_flags[i].name, .key = letter ? letter : KEY_OWN + i };
    }
    return a;
}

static error_t own_flag(struct parse *p, int i)
{
    if (i == OWN_QUIET || i == OWN_VERBOSE) {
        verbosity = i == OWN_QUIET ? -1 : 1;
        return 0;
    }
    i == OWN_HELP ? help(p) : usage_line(p);
    p->helped = true;
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
        bool empty = o->type == OPT_STR && value && !*value; /* a variable of the shell, not set */
        int rc = empty ? fail(FAIL_USAGE, "'%s' is empty", o->key)
                       : opt_set(o, p->dst, value ? value : "true");
        p->told = rc != 0;
        return rc != 0 ? EINVAL : 0;
    }
    for (int i = 0; i < OWN_FLAGS; i++)
        if (key == KEY_OWN + i || (key != 0 && key == own_letter(p->table, i)))
            return own_flag(p, i);
    return ARGP_ERR_UNKNOWN;
}

/* The first letter of "-abc" that is no flag, or 0; what follows a flag with a value is that value.
 * */
static char unknown_letter(const struct opt *table, const char *word)
{
    if (word[0] != '-' || word[1] == '-')
        return 0;
    for (const char *c = word + 1; *c; c++) {
        const struct opt *o = by_letter(table, *c);
        if (o && o->type != OPT_BOOL)
            return 0;
        if (!o && !strchr("hqv", *c))
            return *c;
    }
    return 0;
}

/* argp says that a flag is bad but not which and why. Long flags are looked up once more: one name
 * that begins with the word is that flag, so what is wrong is its value; more names are a choice to
 * make. */
static int bad_name(const struct parse *p, const char *word)
{
    size_t n = strcspn(word, "=");
    char *name = xprintf("%.*s", (int)n, word), *flag = NULL;
    const struct opt *o = p->table, *some = NULL;
    int n_like = 0, rc;
    bool own = false;

    for (int i = 0; i < OWN_FLAGS; i++)
        own |= n >= 1 && strncmp(name, own_flags[i].name, n) == 0;
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
        rc = fail(FAIL_USAGE, "flag '--%s' may mean several, '--%s' among them", name, some->key);
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

/* getopt has stepped over a long flag or the last letter of a group that it refuses, but not over a
 * group that goes on. */
static int blame(const struct parse *p, int argc, char **argv)
{
    const char *at = p->next < argc ? argv[p->next] : "",
               *before = p->next > 1 ? argv[p->next - 1] : "";
    char c = strlen(at) > 2 ? unknown_letter(p->table, at) : 0;

    if (!c && strncmp(before, "--", 2) == 0)
        return bad_name(p, before + 2);
    if (!c)
        c = unknown_letter(p->table, before);
    if (!c)
        return fail(FAIL_USAGE, "flag '%s' needs a value", before);
    return fail(FAIL_USAGE, "unknown flag '-%c'; 'lowrank %s --help' lists them", c,
                p->usage->command);
}

static int wrong_number(const struct parse *p)
{
    const struct opt_usage *u = p->usage;
    const char *words = u->usage ? u->usage : "";

    if (p->n_words < u->min_args)
        return fail(FAIL_USAGE, "'lowrank %s' needs %s%s", u->command,
                    *words ? words : "more words", p->n_words ? ", of which some are missing" : "");
    return fail(FAIL_USAGE, "'lowrank %s' does not know what to do with '%s'", u->command,
                p->words[u->max_args]);
}

static int check_words(const struct parse *p)
{
    if (p->n_words < p->usage->min_args ||
        (p->usage->max_args >= 0 && p->n_words > p->usage->max_args))
        return wrong_number(p);
    for (int i = 0; i < p->n_words; i++)
        if (!*p->words[i])
            return fail(FAIL_USAGE, "word %d after 'lowrank %s' is empty", i + 1,
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
        rc = p.told ? -1 : blame(&p, *argc, argv);
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
