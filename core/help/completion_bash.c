/* completion_bash.c - the completion script for bash.
 *
 * Bash splits the words of the command line at '=', so "rank=4" is three of them; the script puts
 * them together again. Flags and keys whose values are not known complete file names. */
#include "core/help/completion.h"

#include <stdlib.h>

static const char head[] =
    "# Completion of lowrank for bash, written by 'lowrank help --completion bash'.\n"
    "\n";

static const char functions[] =
    "\n"
    "# _lowrank_names ARGUMENTS - the names that lowrank lists: the first column, without its\n"
    "# heading.\n"
    "_lowrank_names() {\n"
    "    lowrank \"$@\" --format csv 2>/dev/null | awk -F, 'NR > 1 { print $1 }'\n"
    "}\n"
    "\n"
    "# _lowrank_flag COMMAND FLAG - succeeds if FLAG takes a value, and prints the known ones.\n"
    "_lowrank_flag() {\n"
    "    case $1 in\n";

static const char middle[] = "    *) return 1 ;;\n"
                             "    esac\n"
                             "}\n"
                             "\n"
                             "# _lowrank_key KEY - print the known values of a recipe key.\n"
                             "_lowrank_key() {\n"
                             "    case $1 in\n";

static const char body[] =
    "    esac\n"
    "}\n"
    "\n"
    "_lowrank() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} name='' words='' flags='' keys='' command i\n"
    "    COMPREPLY=()\n"
    "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$_lowrank_commands --help --version\" -- \"$cur\"))\n"
    "        return\n"
    "    fi\n"
    "    command=${COMP_WORDS[1]}\n"
    "    for i in \"${COMP_WORDS[@]:2:COMP_CWORD-2}\"; do\n"
    "        [[ $_lowrank_parts == *\"|$command $i|\"* ]] && command+=\" $i\" && break\n"
    "    done\n"
    "    # The flag or key whose value is being completed.\n"
    "    if [[ $cur == = ]]; then\n"
    "        name=${COMP_WORDS[COMP_CWORD - 1]} cur=''\n"
    "    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then\n"
    "        name=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == -* ]]; then\n"
    "        name=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "        _lowrank_flag \"$command\" \"$name\" >/dev/null || name=''\n"
    "    fi\n"
    "    if [[ $name == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(_lowrank_flag \"$command\" \"$name\")\" -- \"$cur\"))\n"
    "        return\n"
    "    elif [[ $name ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(_lowrank_key \"$name\")\" -- \"$cur\"))\n"
    "        return\n"
    "    fi\n"
    "    case $command in\n";

static const char tail[] = "    esac\n"
                           "    if [[ $cur == -* ]]; then\n"
                           "        words=$flags\n"
                           "    elif [[ $keys ]]; then\n"
                           "        words+=\" $_lowrank_keys\"\n"
                           "    fi\n"
                           "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                           "    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then\n"
                           "        compopt -o nospace 2>/dev/null\n"
                           "    fi\n"
                           "}\n"
                           "complete -o default -F _lowrank lowrank\n";

static void bash_choices(FILE *to, const char *choices)
{
    for (const char *p = choices; *p; p++)
        fputc(*p == '|' ? ' ' : *p, to);
}

static void flag_pattern(FILE *to, const struct opt_doc_entry *e)
{
    if (e->letter)
        fprintf(to, "-%c | ", e->letter);
    fprintf(to, "--%s", e->key);
}

/* The flags of a command with known values, one by one, then all others that take a value. */
static void flag_values(FILE *to, const struct opt_doc *d)
{
    int n = 0;

    fprintf(to, "    '%s')\n        case $2 in\n", d->command);
    for (int i = 0; i < d->flags.n; i++) {
        const struct opt_doc_entry *e = &d->flags.e[i];
        if (!e->choices)
            continue;
        fprintf(to, "        ");
        flag_pattern(to, e);
        fprintf(to, ") echo '");
        bash_choices(to, e->choices);
        fprintf(to, "' ;;\n");
    }
    for (int i = 0; i < d->flags.n; i++) {
        const struct opt_doc_entry *e = &d->flags.e[i];
        if (e->choices || e->type == OPT_BOOL)
            continue;
        fputs(n++ > 0 ? " | " : "        ", to);
        flag_pattern(to, e);
    }
    fprintf(to, "%s        *) return 1 ;;\n        esac ;;\n", n > 0 ? ") ;;\n" : "");
}

static void key_values(FILE *to, const struct completion *k)
{
    for (int i = 0; i < k->keys->n; i++) {
        const struct opt_doc_entry *e = &k->keys->e[i];
        char *list = completion_key_list(k, e->key);
        if (e->choices) {
            fprintf(to, "    %s) echo '", e->key);
            bash_choices(to, e->choices);
            fprintf(to, "' ;;\n");
        } else if (e->type == OPT_BOOL) {
            fprintf(to, "    %s) echo 'true false' ;;\n", e->key);
        } else if (list) {
            fprintf(to, "    %s) _lowrank_names %s ;;\n", e->key, list);
        }
        free(list);
    }
}

static void flag_names(FILE *to, const struct opt_doc *d)
{
    for (int i = 0; i < d->flags.n; i++)
        fprintf(to, "%s--%s", i ? " " : "", d->flags.e[i].key);
}

static void command_words(FILE *to, const struct completion_command *c)
{
    fprintf(to, "    %s)\n        flags='", c->cmd->name);
    flag_names(to, &c->doc);
    fprintf(to, "' words='%s'\n", c->words);
    for (size_t i = 0; i < ARRAY_LEN(c->lists) && c->lists[i]; i++)
        fprintf(to, "        words+=\" $(_lowrank_names %s)\"\n", c->lists[i]);
    if (c->keys)
        fprintf(to, "        keys=1\n");
    fprintf(to, "        ;;\n");
    for (int i = 0; i < c->doc.n_parts; i++) {
        fprintf(to, "    '%s') flags='", c->parts[i].command);
        flag_names(to, &c->parts[i]);
        fprintf(to, "' ;;\n");
    }
}

static void bash_variables(FILE *to, const struct completion *k)
{
    fprintf(to, "_lowrank_commands='");
    for (int i = 0; i < k->n; i++)
        fprintf(to, "%s%s", i ? " " : "", k->c[i].cmd->name);
    fprintf(to, "'\n_lowrank_parts='|");
    for (int i = 0; i < k->n; i++)
        for (int j = 0; j < k->c[i].doc.n_parts; j++)
            fprintf(to, "%s|", k->c[i].parts[j].command);
    fprintf(to, "'\n_lowrank_keys='");
    for (int i = 0; i < k->keys->n; i++)
        fprintf(to, "%s%s=", i ? " " : "", k->keys->e[i].key);
    fprintf(to, "'\n");
}

int completion_bash(FILE *to)
{
    struct completion k;
    int rc = completion_init(&k);

    if (rc == 0) {
        fputs(head, to);
        bash_variables(to, &k);
        fputs(functions, to);
        for (int i = 0; i < k.n; i++) {
            flag_values(to, &k.c[i].doc);
            for (int j = 0; j < k.c[i].doc.n_parts; j++)
                flag_values(to, &k.c[i].parts[j]);
        }
        fputs(middle, to);
        key_values(to, &k);
        fputs(body, to);
        for (int i = 0; i < k.n; i++)
            command_words(to, &k.c[i]);
        fputs(tail, to);
    }
    completion_free(&k);
    return rc;
}
