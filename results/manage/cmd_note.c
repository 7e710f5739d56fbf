/* cmd_note.c - "lowrank note": a note on a run or on a study. */
#include "core/cmd.h"
#include "results/manage/manage.h"

#include <stdlib.h>

static const struct opt options[] = {
    HOME_OPTION(struct manage_options),
    FORMAT_OPTION(struct manage_options),
    { "remove", 0, OPT_INT, MANAGE_AT(number), "0", 0, OPT_MOST_INT, NULL,
      "remove the note with this number" },
    { .type = OPT_END },
};

static int note_remove(const struct manage_options *o)
{
    struct store *s = NULL;
    long n = manage_open(&s, o->home) == 0 ? remarks_note_remove(s, o->number) : -1;

    store_close(s);
    return n == 0  ? fail(FAIL_USAGE, "there is no note %ld; 'lowrank note' lists them", o->number)
           : n > 0 ? 0
                   : -1;
}

static int note_work(void *cfg, int argc, char **argv)
{
    const struct manage_options *o = cfg;
    struct store *s = NULL;
    struct found f = { 0 };
    int rc;

    if (o->number > 0)
        return argc > 1 ? fail(FAIL_USAGE, "'--remove' takes the number of a note and nothing else")
                        : note_remove(o);
    rc = argc > 1 ? manage_find(&s, &f, o->home, argv[1], FOUND_RUN | FOUND_STUDY)
                  : manage_open(&s, o->home);
    if (rc == 0 && argc > 2) {
        struct remarked on = manage_on(&f);
        char *text = manage_words(argc, argv, 2);
        rc = remarks_note(s, &on, text) < 0 ? -1 : 0;
        if (rc == 0)
            note("noted on %s", f.label);
        free(text);
    } else if (rc == 0) {
        rc = manage_print(s, "notes", argc > 1 ? &f : NULL, o->format);
    }
    manage_close(s, &f);
    return rc;
}

static const struct opt_usage usage = {
    .command = "note",
    .usage = "[RUN|STUDY [TEXT...]]",
    .about = "Add a note to a run or to a study; without a text, print its notes, or all of them.",
    .detail =
        "'lowrank show' prints the notes of a run, too. Notes change neither keys nor results.",
    .example = "lowrank note rank \"with the old tokenizer\"\n  lowrank note",
    .min_args = 0,
    .max_args = -1,
};
static int note_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct manage_options), note_work, argc, argv);
}

const struct cmd cmd_note = { "note", "keep", "add a note to a run or a study", note_main };
