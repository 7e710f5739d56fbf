/* cmd_tag.c - "lowrank tag": words that mark runs and studies. */
#include "core/cmd.h"
#include "results/manage/manage.h"

#include <string.h>

static const struct opt options[] = {
    HOME_OPTION(struct manage_options),
    FORMAT_OPTION(struct manage_options),
    { "remove", 0, OPT_BOOL, MANAGE_AT(undo), NULL, 0, 0, NULL, "take these tags away" },
    { .type = OPT_END },
};

static int tag_check(const char *tag)
{
    return strpbrk(tag, " \t\n,=")
               ? fail(FAIL_USAGE, "'%s' must be a word without ',' and '='", tag)
               : 0;
}

static int tag_work(void *cfg, int argc, char **argv)
{
    const struct manage_options *o = cfg;
    struct store *s = NULL;
    struct found f = { 0 };
    int rc = argc > 1 ? manage_find(&s, &f, o->home, argv[1], FOUND_RUN | FOUND_CELL | FOUND_STUDY)
                      : manage_open(&s, o->home);

    for (int i = 2; i < argc && rc == 0; i++)
        rc = tag_check(argv[i]);
    for (int i = 2; i < argc && rc == 0; i++) {
        struct remarked on = manage_on(&f);
        rc = remarks_tag(s, &on, argv[i], o->undo) < 0 ? -1 : 0;
    }
    if (rc == 0 && argc <= 2)
        rc = manage_print(s, "tags", argc > 1 ? &f : NULL, o->format);
    manage_close(s, &f);
    return rc;
}

static const struct opt_usage usage = {
    .command = "tag",
    .usage = "[RUN|CELL|STUDY [TAG...]]",
    .about = "Tag a run, the runs of a cell, or a study; without a tag, print the tags it has, or "
             "all.",
    .detail = "A tag is a word. 'lowrank query tags tag=WORD' prints what has it, and the view "
              "\"tags\" joins with others by run_id. Tags change neither keys nor results.",
    .example = "lowrank tag 3fa9c1d2 baseline checked",
    .min_args = 0,
    .max_args = -1,
};
static int tag_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct manage_options), tag_work, argc, argv);
}

const struct cmd cmd_tag = { "tag", "keep", "mark runs and studies with words", tag_main };
