/* opt.h - option tables: one entry is a command-line flag, a recipe key, its default and range, and
 * its line of help.
 *
 * A table describes fields of a plain struct by their offsets, so it is constant, and several
 * structs can be filled from it. Values are parsed strictly: the whole string, finite, in range. */
#ifndef OPT_H
#define OPT_H

#include "core/base/base.h"

#define OPT_MOST_INT 9007199254740992L /* 2^53 */
enum opt_type {
    OPT_INT,    /* long; its absolute value is never above OPT_MOST_INT */
    OPT_REAL,   /* double; never NaN or infinite */
    OPT_BOOL,   /* bool: true, false, yes, no, 1 or 0; as a flag it may stand alone */
    OPT_STR,    /* char *, owned */
    OPT_CHOICE, /* int: an index into the choices "a|b|c" */
    OPT_LIST, /* char *, owned: words separated by commas, each of them one of the choices, if there
                   are any; kept in the order of the choices, without spaces and duplicates;
                   shorter than OPT_LIST_SIZE */
    OPT_END
};

enum { OPT_LIST_SIZE = 1024 }; /* of a buffer for any OPT_LIST */

struct opt {
    const char
        *key;    /* the flag is --key VALUE, where '-' and '_' are the same; in recipes key=VALUE */
    char letter; /* the short flag, or 0 */
    enum opt_type type;
    size_t at;           /* offsetof(struct, field) */
    const char *def;     /* the default; NULL: 0, false or NULL */
    double min, max;     /* the range of a number, inclusive; both 0: any number */
    const char *choices; /* of OPT_CHOICE and OPT_LIST */
    const char *help; /* one line in lower case without a full stop; default and range are added */
};

/* opt_defaults - set every field of DST to its default. opt_free - free all strings, clear all
 * fields. */
void opt_defaults(const struct opt *table, void *dst);
void opt_free(const struct opt *table, void *dst);

/* opt_same_key - are A and B the same key, when '-' and '_' are the same? opt_find - the entry of a
 * key, or NULL; TABLE may be NULL. */
bool opt_same_key(const char *a, const char *b);
const struct opt *opt_find(const struct opt *table, const char *key);

/* opt_set - parse VALUE into the field of O. Errors: FAIL_USAGE, "'rank' must be a whole number
 * from 1 to 4096, not '0'", with the choices and a suggestion where there are choices. */
int opt_set(const struct opt *o, void *dst, const char *value);

/* opt_text - the canonical text of a field into BUF, which is returned. For a number it is the
 * shortest text that reads back equal. */
const char *opt_text(const struct opt *o, const void *src, char *buf, size_t size);

/* opt_canonical - VALUE as opt_text would write it: "1e-3" is "0.001". The caller frees it. Errors:
 * NULL after those of opt_set. */
char *opt_canonical(const struct opt *o, const char *value);

/* opt_range - "from 1 to 4096", "at least 0" or "" into BUF, which is returned. A range with min >=
 * max contains every number. */
const char *opt_range(const struct opt *o, char buf[96]);

/* opt_choice - copy the I-th of the choices of O to WORD; false: there are not so many. */
bool opt_choice(const struct opt *o, int i, char word[64]);

/* What a command says about itself.
 *
 * DETAIL may have the layout that outline.h reads. In USAGE, completion knows what "key=value" and
 * the placeholders STUDY, MODEL, TASK, COMMAND and KIND (a term of the first list in DETAIL) stand
 * for; if the command has a flag --list, that lists its arguments. */
struct opt_usage {
    const char *command; /* "show" */
    const char *usage;   /* its arguments: "RUN|CELL [key=value...]" */
    const char *about;   /* one line */
    const char *detail;
    const char *example;      /* one command, or several lines */
    int min_args, max_args;   /* number of arguments; max_args < 0: any number */
    const char *const *parts; /* arguments that select an option table of their own, so that
                                 'lowrank COMMAND PART --help' explains it; NULL-terminated */
};

/* opt_parse - read the flags in ARGV into DST; TABLE may be NULL. Every command also has -h,
 * --help, --usage, -q and -v. The arguments, which are the words that are not flags, are left in
 * argv[1...], and *ARGC is their number + 1. Returns 0, or 1 when help was printed. Errors:
 * FAIL_USAGE. */
int opt_parse(const struct opt_usage *u, const struct opt *table, void *dst, int *argc,
              char **argv);

/* opt_command - what every command does: set a struct of SIZE bytes to the defaults of TABLE, parse
 * the flags, call WORK with the struct and the arguments, and free everything. Returns the value of
 * WORK, 0 after --help, or -1 after fail. */
int opt_command(const struct opt_usage *u, const struct opt *table, size_t size,
                int (*work)(void *cfg, int argc, char **argv), int argc, char **argv);

/* opt_help - print the entries of TABLE as lines of help, for the detail of a command: key,
 * meaning, range and default. */
void opt_help(const struct opt *table, FILE *to);
#endif
