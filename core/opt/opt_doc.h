/* opt_doc.h - what a command says about itself, as data. --help, the man pages, and the completion
 * scripts are all written from it. */
#ifndef OPT_DOC_H
#define OPT_DOC_H

#include "core/opt/opt.h"

/* A flag or a recipe key. All strings are owned. */
struct opt_doc_entry {
    char *key; /* flags: as it is typed, without the dashes */
    char letter;
    enum opt_type type;
    const char *value; /* the placeholder of its value: "N", "TEXT", ...; "" for OPT_BOOL */
    char *help;        /* meaning, choices, range and default */
    char *choices;     /* "a|b|c", or NULL */
};
struct opt_doc_list {
    struct opt_doc_entry *e;
    int n;
};

/* The strings may be NULL, as in struct opt_usage. */
struct opt_doc {
    char *command, *usage, *about, *detail, *example;
    struct opt_doc_list flags; /* those of the table, then those that every command has */
    struct opt_doc_list keys;  /* what the command passed to opt_help, each key once */
    char **parts;
    int n_parts;
};

/* opt_doc_init - the documentation of a command; the keys of *D are left alone. opt_doc_free - free
 * it; does nothing for a zeroed struct. */
void opt_doc_init(struct opt_doc *d, const struct opt_usage *u, const struct opt *table);
void opt_doc_free(struct opt_doc *d);

/* opt_doc_ask - the documentation of the command that RUN (struct cmd) runs, by calling it with the
 * NULL-terminated WORDS and --help, which then fills *D instead of printing. Words after the
 * command's name select one of its parts. Errors: those of the command. */
int opt_doc_ask(struct opt_doc *d, int (*run)(int argc, char **argv), const char *const *words);

/* opt_doc_flag - the flag KEY, or NULL. */
const struct opt_doc_entry *opt_doc_flag(const struct opt_doc *d, const char *key);

/* For opt_help and opt_parse. opt_doc_wanted - the struct to fill, or NULL if nobody asked.
 * opt_doc_add - append the entry O; FLAG: '_' becomes '-'. opt_doc_flags - the flags that every
 * command has. */
enum { OPT_DOC_HELP, OPT_DOC_USAGE, OPT_DOC_QUIET, OPT_DOC_VERBOSE, OPT_DOC_WIDE, OPT_DOC_FLAGS };
struct opt_doc *opt_doc_wanted(void);
void opt_doc_add(struct opt_doc_list *l, const struct opt *o, bool flag);
extern const struct opt opt_doc_flags[OPT_DOC_FLAGS + 1];

/* opt_doc_letter - the letter of the I-th of these flags, or 0 if TABLE uses it for a flag of its
 * own. */
char opt_doc_letter(const struct opt *table, int i);
#endif
