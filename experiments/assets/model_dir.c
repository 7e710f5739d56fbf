/* model_dir.c - the folder that holds a model's files. */
#include "experiments/assets/model_dir.h"
#include "core/opt/home.h"
#include "core/os/file.h"
#include "core/weights/dims.h"
#include "experiments/assets/find.h"
#include "experiments/assets/geometry.h"
#include "experiments/assets/truncate.h"

#include <stdlib.h>
#include <string.h>

bool model_dir_is(const char *dir)
{
    char *gguf = file_in(dir, "config.json") ? NULL : dims_gguf(dir);
    bool is = gguf || file_in(dir, "config.json");

    free(gguf);
    return is;
}

static bool has_card(const char *name)
{
    char *file = xprintf("experiments/models/%s.yaml", name), *path = share_path(file);
    bool there = file_exists(path);

    free(path);
    free(file);
    return there;
}

/* Neither in HOME/models nor a truncated one: perhaps a folder without a slash in its path. */
static char *other_dir(const char *home, const char *name)
{
    if (model_dir_is(name))
        return find_path(name, FAIL_INPUT);
    if (has_card(name))
        fail(FAIL_INPUT, "model '%s' has not been fetched: lowrank fetch %s", name, name);
    else if (geometry_find(name))
        fail(
            FAIL_INPUT,
            "the files of model '%s' are not here: put its config.json, weights and tokenizer from "
            "Hugging Face in a folder and say model=FOLDER, or name it '%s/models/%s'",
            name, home, name);
    else
        find_unknown(FAIL_INPUT, "model", name, "experiments/models");
    return NULL;
}

char *model_dir(const char *home, const char *name)
{
    char *of = NULL;
    long rank;

    if (strchr(name, '/'))
        return find_path(name, FAIL_INPUT);
    char *models = home_path(home, "models"), *dir = path_join(models, name);
    free(models);
    if (model_dir_is(dir))
        return dir;
    int truncated = truncate_name(name, &of, &rank);
    if (truncated > 0 && truncate_make(name, home, of, rank, dir) == 0) {
        free(of);
        return dir;
    }
    free(of);
    free(dir);
    return truncated == 0 ? other_dir(home, name) : NULL;
}
