/* study_flags.c - what 'lowrank run', 'plan' and 'sweep' do before they start. */
#include "experiments/study/study_flags.h"
#include "core/os/file.h"
#include "experiments/assets/find.h"
#include "experiments/study/adhoc.h"
#include "results/store/study_name.h"

#include <stdlib.h>
#include <string.h>

static bool of_program(const char *name)
{
    char *file = xprintf("ablations/%s.yaml", name), *path = share_path(file);
    bool there = file_exists(path);

    free(path);
    free(file);
    return there;
}

/* Words without a study: "rank=1,4,16", and perhaps a name. */
static int load_words(struct study *s, struct session *ses, const struct study_flags *f, int argc,
                      char **argv)
{
    struct settings words = { 0 };
    const char *name = NULL, *fault;
    char *text = NULL, *used = NULL, *path = NULL;
    int rc = 0;

    for (int i = 1; i < argc && rc == 0; i++) {
        if (strchr(argv[i], '='))
            rc = settings_word(&words, argv[i]);
        else if (name)
            rc = fail(FAIL_USAGE, "'%s' and '%s': a sweep has one name", name, argv[i]);
        else if ((fault = study_name_fault(argv[i])))
            rc = fail(FAIL_USAGE, "'%s' cannot be the name of a study: %s", argv[i], fault);
        else if (of_program(argv[i]))
            rc = fail(FAIL_USAGE,
                      "'%s' is a study of the program: give the sweep another name, or "
                      "put '%s' first to sweep that study with these words",
                      argv[i], argv[i]);
        else
            name = argv[i];
    }
    if (rc == 0 && f->profile != PROFILE_QUICK)
        rc = fail(FAIL_USAGE, "'--profile' is for studies that have a file");
    if (rc == 0)
        rc = adhoc_text(&text, &used, name, &words, f->seeds);
    if (rc == 0) {
        path = adhoc_path(f->home, used);
        rc = study_load_text(s, ses, path, text, NULL, 0, PROFILE_QUICK, f->yes_really);
    }
    if (rc == 0) {
        s->text = text;
        text = NULL;
    }
    free(path);
    free(used);
    free(text);
    settings_free(&words);
    return rc;
}

char *study_flags_find(const char *home, const char *name)
{
    char *own = adhoc_path(home, name);
    bool is_own = !strpbrk(name, "/.") && !of_program(name) && file_exists(own);

    if (is_own)
        return own;
    free(own);
    return find_recipe(name);
}

int study_flags_load(struct study *s, struct session *ses, const struct study_flags *f, int argc,
                     char **argv)
{
    struct settings words = { 0 };

    *s = (struct study){ 0 };
    if (strchr(argv[1], '='))
        return load_words(s, ses, f, argc, argv);
    char *path = study_flags_find(f->home, argv[1]);
    int rc = path ? 0 : -1;
    for (int i = 2; i < argc && rc == 0; i++)
        rc = settings_word(&words, argv[i]);
    if (rc == 0)
        rc = study_load(s, ses, path, &words, f->seeds, (enum profile)f->profile, f->yes_really);
    settings_free(&words);
    free(path);
    return rc;
}

int study_flags_store(struct store **s, const char *home, enum store_mode mode)
{
    char *path = home_path(home, "lowrank.db");
    int rc = mode == STORE_WRITE ? make_dirs(home_or_default(home)) : 0;

    *s = NULL;
    if (rc == 0)
        rc = store_open(s, path, mode);
    free(path);
    return rc;
}
