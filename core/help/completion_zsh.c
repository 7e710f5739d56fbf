/* completion_zsh.c - the completion script for zsh. */
#include "core/help/completion.h"

#include <stdlib.h>
#include <string.h>

static const char head[] =
    "#compdef lowrank\n"
    "# Completion of lowrank for zsh, written by 'lowrank help --completion zsh'.\n"
    "\n"
    "# _lowrank_names ARGUMENTS - complete the names that lowrank lists: the first column,\n"
    "# without its heading.\n"
    "_lowrank_names() {\n"
    "    local -a names\n"
    "    names=(${(f)\"$(lowrank \"$@\" --format csv 2>/dev/null |\n"
    "        awk -F, 'NR > 1 { print $1 }')\"})\n"
    "    compadd -a names\n"
    "}\n"
    "\n"
    "# _lowrank_key - complete a recipe key, or after KEY= its values.\n"
    "_lowrank_key() {\n"
    "    if ! compset -P 1 '*='; then\n"
    "        compadd -S '' -a _lowrank_keys\n"
    "        return\n"
    "    fi\n"
    "    case ${IPREFIX%=} in\n";

static const char body[] = "    esac\n"
                           "}\n"
                           "\n"
                           "_lowrank() {\n"
                           "    local -a commands\n"
                           "    local command\n"
                           "    commands=(\n";

static const char dispatch[] = "    )\n"
                               "    if (( CURRENT == 2 )); then\n"
                               "        _describe command commands\n"
                               "        return\n"
                               "    fi\n"
                               "    command=$words[2]\n"
                               "    shift words\n"
                               "    (( CURRENT-- ))\n"
                               "    case $command in\n";

static const char tail[] = "\n"
                           "if [[ $funcstack[1] == _lowrank ]]; then\n"
                           "    _lowrank \"$@\"\n"
                           "else\n"
                           "    compdef _lowrank lowrank\n"
                           "fi\n";

/* S inside single quotes; with SPECIAL, the characters of an _arguments specification escaped. */
static void zsh_quote(FILE *to, const char *s, const char *special)
{
    for (; *s; s++) {
        if (*s == '\'')
            fputs("'\\''", to);
        else if (strchr(special, *s))
            fprintf(to, "\\%c", *s);
        else
            fputc(*s, to);
    }
}

static void zsh_choices(FILE *to, const char *text)
{
    for (const char *p = text; *p; p++)
        fputc(*p == '|' ? ' ' : *p, to);
}

/* '(-f --format)'{-f+,--format=}'[help]:WORD:(table csv)' */
static void flag_spec(FILE *to, const struct opt_doc_entry *e)
{
    bool value = e->type != OPT_BOOL;

    fprintf(to, "            ");
    if (e->letter)
        fprintf(to, "'(-%c --%s)'{-%c%s,--%s%s}'[", e->letter, e->key, e->letter, value ? "+" : "",
                e->key, value ? "=" : "");
    else
        fprintf(to, "'--%s%s[", e->key, value ? "=" : "");
    zsh_quote(to, e->help, "[]:\\");
    fputc(']', to);
    if (e->choices && e->type == OPT_LIST) {
        fprintf(to, ":%s:_values -s , %s ", e->value, e->value);
        zsh_choices(to, e->choices);
    } else if (e->choices) {
        fprintf(to, ":%s:(", e->value);
        zsh_choices(to, e->choices);
        fputc(')', to);
    } else if (value) {
        fprintf(to, ":%s:%s", e->value, e->type == OPT_STR ? "_files" : " ");
    }
    fprintf(to, "' \\\n");
}

static void flag_specs(FILE *to, const char *pattern, const struct opt_doc *d,
                       const struct completion_command *c)
{
    fprintf(to, "    %s)\n        _arguments -s -S \\\n", pattern);
    for (int i = 0; i < d->flags.n; i++)
        flag_spec(to, &d->flags.e[i]);
    fprintf(to, "            '*:argument:_lowrank_%s'\n        ;;\n", c->cmd->name);
}

/* Commands whose parts have flags of their own look for a part among their words. */
static void command_case(FILE *to, const struct completion_command *c)
{
    if (c->doc.n_parts == 0) {
        flag_specs(to, c->cmd->name, &c->doc, c);
        return;
    }
    fprintf(to, "    %s)\n    case \" ${words[2,CURRENT-1]} \" in\n", c->cmd->name);
    for (int i = 0; i < c->doc.n_parts; i++) {
        char *pattern = xprintf("*' %s '*", c->doc.parts[i]);
        flag_specs(to, pattern, &c->parts[i], c);
        free(pattern);
    }
    flag_specs(to, "*", &c->doc, c);
    fprintf(to, "    esac\n    ;;\n");
}

static void key_values(FILE *to, const struct completion *k)
{
    for (int i = 0; i < k->keys->n; i++) {
        const struct opt_doc_entry *e = &k->keys->e[i];
        char *list = completion_key_list(k, e->key);
        if (e->type == OPT_LIST && e->choices)
            fprintf(to, "    %s) _values -s , %s ", e->key, e->key);
        else if (e->choices)
            fprintf(to, "    %s) compadd -- ", e->key);
        else if (e->type == OPT_BOOL)
            fprintf(to, "    %s) compadd -- true false ;;\n", e->key);
        else if (list)
            fprintf(to, "    %s) _lowrank_names %s; _files ;;\n", e->key, list);
        else if (e->type == OPT_STR)
            fprintf(to, "    %s) _files ;;\n", e->key);
        if (e->choices) {
            zsh_choices(to, e->choices);
            fprintf(to, " ;;\n");
        }
        free(list);
    }
}

static void argument_function(FILE *to, const struct completion_command *c)
{
    fprintf(to, "_lowrank_%s() {\n", c->cmd->name);
    if (*c->words)
        fprintf(to, "    compadd -- %s\n", c->words);
    for (size_t i = 0; i < ARRAY_LEN(c->lists) && c->lists[i]; i++)
        fprintf(to, "    _lowrank_names %s\n", c->lists[i]);
    if (c->keys)
        fprintf(to, "    _lowrank_key\n");
    else
        fprintf(to, "    _files\n");
    fprintf(to, "}\n");
}

int completion_zsh(FILE *to)
{
    struct completion k;
    int rc = completion_init(&k);

    if (rc == 0) {
        fputs(head, to);
        key_values(to, &k);
        fputs(body, to);
        for (int i = 0; i < k.n; i++) {
            fprintf(to, "        '%s:", k.c[i].cmd->name);
            zsh_quote(to, k.c[i].cmd->summary, ":\\");
            fprintf(to, "'\n");
        }
        fputs(dispatch, to);
        for (int i = 0; i < k.n; i++)
            command_case(to, &k.c[i]);
        fputs("    esac\n}\n\n", to);
        for (int i = 0; i < k.n; i++)
            argument_function(to, &k.c[i]);
        fprintf(to, "_lowrank_keys=(");
        for (int i = 0; i < k.keys->n; i++)
            fprintf(to, "%s%s=", i ? " " : "", k.keys->e[i].key);
        fputs(")\n", to);
        fputs(tail, to);
    }
    completion_free(&k);
    return rc;
}
