/* help.c - the overview of all commands, and the topics of 'lowrank help' that are not commands. */
#include "core/help/help.h"
#include "core/opt/fill.h"
#include "core/opt/opt_help.h"
#include "core/base/text.h"
#include "core/cmd.h"
#include "core/help/environment.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMN = 13 };

void help_overview(FILE *to)
{
    struct text topics = { 0 };

    fprintf(to, "usage: lowrank COMMAND [options] [arguments]\n");
    fill_text(to,
              "Ablations of low-rank adaptation (LoRA) on a CPU: sweeps, a database of results, "
              "tables and figures.",
              0, 0);
    for (const struct cmd_group *g = cmd_groups; g->name; g++) {
        fprintf(to, "\n%s\n", g->heading);
        for (const struct cmd *const *c = cmd_table; *c; c++) {
            if (strcmp((*c)->group, g->name) != 0)
                continue;
            fprintf(to, "  %-*s", COLUMN - 2, (*c)->name);
            fill_text(to, (*c)->summary, COLUMN, COLUMN);
        }
    }
    for (const struct help_topic *t = help_topics; t->name; t++)
        text_join(&topics, ", ", "%s", t->name);
    char *more = xprintf("'lowrank help COMMAND' explains a command. Other topics: %s. Start with "
                         "'lowrank doctor'.",
                         topics.s);
    fputc('\n', to);
    fill_text(to, more, 0, 0);
    free(more);
    text_free(&topics);
}

/* The detail of 'lowrank run' lists every key. */
static int topic_recipe(void)
{
    static const char *const words[] = { "run", NULL };
    const struct cmd *c = cmd_find(words[0]);
    struct opt_doc d = { 0 };

    if (!c)
        return fail(FAIL_USAGE, "there is no command 'run'");
    int rc = opt_doc_ask(&d, c->run, words);
    if (rc == 0)
        opt_help_detail(&d, stdout);
    opt_doc_free(&d);
    return rc;
}

/* NAME, then MEANING from COLUMN on. */
static void print_entry(FILE *to, const char *name, const char *meaning, int column)
{
    fprintf(to, "%-*s", column, name);
    fill_text(to, meaning, column, column);
}

static int topic_exit(void)
{
    for (const struct fail_status *s = fail_statuses; s->meaning; s++)
        print_entry(stdout, s->status, s->meaning, 10);
    return 0;
}

static int topic_environment(void)
{
    for (const struct environment *e = environment; e->name; e++)
        print_entry(stdout, e->name, e->meaning, 19);
    return 0;
}

const struct help_topic help_topics[] = {
    { "recipe", "the keys of a recipe, with their ranges and defaults", topic_recipe },
    { "exit", "the exit statuses", topic_exit },
    { "environment", "the environment variables", topic_environment },
    { NULL, NULL, NULL },
};

const struct help_topic *help_topic_find(const char *name)
{
    for (const struct help_topic *t = help_topics; t->name; t++)
        if (strcmp(t->name, name) == 0)
            return t;
    return NULL;
}

const char *const *help_topic_names(void)
{
    static const char *names[ARRAY_LEN(help_topics)];

    for (size_t i = 0; i < ARRAY_LEN(help_topics); i++)
        names[i] = help_topics[i].name;
    return names;
}
