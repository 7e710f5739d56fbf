/* man.c - man pages, from the documentation of the commands. */
#include "core/help/man.h"
#include "core/opt/opt_doc.h"
#include "core/opt/outline.h"
#include "core/help/environment.h"
#include "core/help/help.h"
#include "core/help/roff.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void man_title(FILE *to, const char *name)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm date;
    char day[16], *upper = xstrdup(name);

    gmtime_r(&now, &date);
    strftime(day, sizeof day, "%Y-%m-%d", &date);
    for (char *p = upper; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    fprintf(to, ".\\\" written by 'lowrank help --man'\n.TH ");
    roff_text(to, upper);
    fprintf(to, " 1 %s \"lowrank %s\" \"lowrank manual\"\n", day, LOWRANK_VERSION);
    free(upper);
}

static void man_name(FILE *to, const char *name, const char *summary)
{
    fprintf(to, ".SH NAME\n");
    roff_text(to, name);
    fprintf(to, " \\- ");
    roff_text(to, summary);
    fputc('\n', to);
}

/* Arguments: placeholders in italics, words that are typed as they are in bold. */
static void man_arguments(FILE *to, const char *words)
{
    for (const char *p = words; *p;) {
        size_t n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_");
        if (n == 0) {
            char mark[] = { *p++, 0 };
            roff_text(to, mark);
            continue;
        }
        char *word = xprintf("%.*s", (int)n, p);
        bool placeholder = isupper((unsigned char)*p) || p[n] == '=' || (p > words && p[-1] == '=');
        fprintf(to, placeholder ? "\\fI" : "\\fB");
        roff_text(to, word);
        fprintf(to, "\\fR");
        free(word);
        p += n;
    }
}

static void man_synopsis(FILE *to, const struct opt_doc *d)
{
    fprintf(to, "\\fBlowrank ");
    roff_text(to, d->command);
    fprintf(to, "\\fR [\\fIoptions\\fR]");
    if (d->usage && *d->usage) {
        fputc(' ', to);
        man_arguments(to, d->usage);
    }
    fputc('\n', to);
}

static void man_entry(FILE *to, const char *term, const char *text)
{
    fprintf(to, ".TP\n\\fB");
    roff_text(to, term);
    fprintf(to, "\\fR\n");
    roff_prose(to, text);
}

/* TEXT line by line, indented by the argument of .RS; "" indents it as the entry before it. */
static void man_literal(FILE *to, const char *text, const char *indent)
{
    fprintf(to, ".RS%s\n.nf\n", indent);
    for (const char *p = text; *p;) {
        p += strspn(p, " ");
        char *line = xprintf("%.*s", (int)strcspn(p, "\n"), p);
        roff_literal_line(to, line);
        p += strlen(line);
        p += *p == '\n';
        free(line);
    }
    fprintf(to, ".fi\n.RE\n");
}

static void man_detail(FILE *to, const struct opt_doc *d)
{
    const char *at = d->detail ? d->detail : "";
    struct outline o;

    for (; outline_next(&o, &at); outline_free(&o))
        if (o.kind == OUTLINE_PARAGRAPH) {
            fprintf(to, ".PP\n");
            roff_sentence(to, o.text);
        } else if (o.kind == OUTLINE_ENTRY) {
            man_entry(to, o.term, o.text);
        } else if (o.kind == OUTLINE_LITERAL) {
            man_literal(to, o.text, "");
        }
}

static void man_flag(FILE *to, const struct opt_doc_entry *e)
{
    fprintf(to, ".TP\n");
    if (e->letter)
        fprintf(to, "\\fB\\-%c\\fR, ", e->letter);
    fprintf(to, "\\fB\\-\\-");
    roff_text(to, e->key);
    fprintf(to, "\\fR");
    if (*e->value)
        fprintf(to, " \\fI%s\\fR", e->value);
    fputc('\n', to);
    roff_prose(to, e->help);
}

/* The flags of D, without those that EXCEPT (or NULL) has as well. */
static void man_flags(FILE *to, const struct opt_doc *d, const struct opt_doc *except)
{
    for (int i = 0; i < d->flags.n; i++)
        if (!except || !opt_doc_flag(except, d->flags.e[i].key))
            man_flag(to, &d->flags.e[i]);
}

static int man_parts(FILE *to, const struct cmd *c, const struct opt_doc *d)
{
    int rc = 0;

    if (d->n_parts > 0)
        fprintf(to, ".SH SUBCOMMANDS\n");
    for (int i = 0; i < d->n_parts && rc == 0; i++) {
        const char *words[] = { c->name, d->parts[i], NULL };
        struct opt_doc part;
        rc = opt_doc_ask(&part, c->run, words);
        if (rc != 0)
            break;
        fprintf(to, ".SS ");
        roff_text(to, part.command);
        fputc('\n', to);
        if (part.about)
            roff_sentence(to, part.about);
        man_detail(to, &part);
        man_flags(to, &part, d);
        opt_doc_free(&part);
    }
    return rc;
}

static void man_exit(FILE *to)
{
    fprintf(to, ".SH EXIT STATUS\n");
    for (const struct fail_status *s = fail_statuses; s->meaning; s++)
        man_entry(to, s->status, s->meaning);
}

/* The variables that matter for D, or all of them. */
static void man_environment(FILE *to, const struct opt_doc *d)
{
    fprintf(to, ".SH ENVIRONMENT\n");
    for (const struct environment *e = environment; e->name; e++)
        if (!d || environment_matters(e, d))
            man_entry(to, e->name, e->meaning);
}

/* The other commands of the group of C, or all commands. */
static void man_see_also(FILE *to, const struct cmd *c)
{
    const char *comma = "";

    fprintf(to, ".SH SEE ALSO\n");
    if (c)
        fprintf(to, ".BR lowrank (1)");
    comma = c ? ",\n" : "";
    for (const struct cmd *const *o = cmd_table; *o; o++) {
        if (c && (*o == c || strcmp((*o)->group, c->group) != 0))
            continue;
        fprintf(to, "%s.BR lowrank\\-%s (1)", comma, (*o)->name);
        comma = ",\n";
    }
    fputc('\n', to);
}

int man_command(FILE *to, const struct cmd *c)
{
    const char *words[] = { c->name, NULL };
    char *name = xprintf("lowrank-%s", c->name);
    struct opt_doc d;
    int rc = opt_doc_ask(&d, c->run, words);

    if (rc == 0) {
        man_title(to, name);
        man_name(to, name, c->summary);
        fprintf(to, ".SH SYNOPSIS\n");
        man_synopsis(to, &d);
        fprintf(to, ".SH DESCRIPTION\n");
        roff_sentence(to, d.about ? d.about : c->summary);
        man_detail(to, &d);
        fprintf(to, ".SH OPTIONS\n");
        man_flags(to, &d, NULL);
        rc = man_parts(to, c, &d);
        if (d.example) {
            fprintf(to, ".SH EXAMPLE\n");
            man_literal(to, d.example, " 4");
        }
        man_exit(to);
        man_environment(to, &d);
        man_see_also(to, c);
        opt_doc_free(&d);
    }
    free(name);
    return rc;
}

int man_overview(FILE *to)
{
    man_title(to, "lowrank");
    man_name(to, "lowrank", "ablations of low-rank adaptation (LoRA) on a CPU");
    fprintf(to, ".SH SYNOPSIS\n"
                "\\fBlowrank\\fR \\fICOMMAND\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n"
                ".SH DESCRIPTION\n");
    roff_prose(to, "lowrank fine-tunes pretrained encoders with low-rank adapters and related "
                   "methods, runs every cell of a study with several seeds, keeps every number in "
                   "one SQLite database, and draws tables and figures from it.");
    fprintf(to, ".SH COMMANDS\n");
    for (const struct cmd_group *g = cmd_groups; g->name; g++) {
        fprintf(to, ".SS ");
        roff_text(to, g->heading);
        fputc('\n', to);
        for (const struct cmd *const *c = cmd_table; *c; c++)
            if (strcmp((*c)->group, g->name) == 0)
                man_entry(to, (*c)->name, (*c)->summary);
    }
    fprintf(to, ".SH TOPICS\n");
    roff_prose(to, "'lowrank help TOPIC' explains:");
    for (const struct help_topic *t = help_topics; t->name; t++)
        man_entry(to, t->name, t->summary);
    fprintf(to, ".SH EXAMPLE\n");
    man_literal(to, "lowrank doctor\nlowrank fetch minilm\nlowrank sweep rank\nlowrank table rank",
                " 4");
    man_exit(to);
    man_environment(to, NULL);
    fprintf(to, ".SH FILES\n");
    man_entry(to, "out", "the home folder, unless --home or LOWRANK_HOME names another one");
    man_entry(to, "out/lowrank.db", "the database of results");
    man_entry(to, "out/models, out/data", "models that were fetched, and files of tasks");
    man_entry(to, "out/adapters, out/figures", "adapters of finished runs, and figures");
    man_see_also(to, NULL);
    return 0;
}
