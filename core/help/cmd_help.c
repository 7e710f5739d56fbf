/* cmd_help.c - "lowrank help": explanations for people, man pages, and completion scripts. */
#include "core/cmd.h"
#include "core/opt/suggest.h"
#include "core/help/completion.h"
#include "core/help/help.h"
#include "core/help/man.h"

#include <stdlib.h>
#include <string.h>

struct flags {
    bool man;
    int completion; /* enum shell */
};
enum shell { SHELL_NONE, SHELL_BASH, SHELL_ZSH };

static const struct opt opts[] = {
    { "man", 0, OPT_BOOL, offsetof(struct flags, man), NULL, 0, 0, NULL,
      "write the man page of a command, or, without one, of the program" },
    { "completion", 0, OPT_CHOICE, offsetof(struct flags, completion), "none", 0, 0,
      "none|bash|zsh", "write a completion script for a shell" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "help",
    .usage = "[COMMAND|TOPIC]",
    .about = "explain a command or a topic; without one, list all of them",
    .detail = "'lowrank help COMMAND' prints the same as 'lowrank COMMAND --help'. Man pages and "
              "completion scripts go to standard output; 'make install' installs them. To complete "
              "commands in the current bash: source <(lowrank help --completion bash)",
    .example = "lowrank help recipe\n"
               "  lowrank help --man sweep | man -l -",
    .min_args = 0,
    .max_args = 2,
};

static int help_unknown(const char *name, bool man)
{
    const char **names = cmd_names(man ? NULL : help_topic_names());

    suggest_fail(FAIL_USAGE, man ? "command" : "command or topic", name, names,
                 "'lowrank help' lists them");
    free(names);
    return -1;
}

static int help_explain(int n, char **words)
{
    const struct cmd *c = cmd_find(words[0]);
    const struct help_topic *t = help_topic_find(words[0]);
    char flag[] = "--help", *argv[4] = { 0 };

    if (!c && !t)
        return help_unknown(words[0], false);
    if (!c)
        return n > 1 ? fail(FAIL_USAGE, "unexpected argument '%s' after the topic '%s'", words[1],
                            t->name)
                     : t->print();
    for (int i = 0; i < n; i++)
        argv[i] = words[i];
    argv[n] = flag;
    return c->run(n + 1, argv);
}

static int help_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;

    if (f->completion != SHELL_NONE)
        return f->completion == SHELL_BASH ? completion_bash(stdout) : completion_zsh(stdout);
    if (f->man && argc < 2)
        return man_overview(stdout);
    if (f->man)
        return cmd_find(argv[1]) ? man_command(stdout, cmd_find(argv[1]))
                                 : help_unknown(argv[1], true);
    if (argc > 1)
        return help_explain(argc - 1, argv + 1);
    help_overview(stdout);
    return 0;
}

static int help_run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), help_work, argc, argv);
}

const struct cmd cmd_help = { "help", "help", "explain a command or a topic", help_run };
