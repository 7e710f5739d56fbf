/* adapter_path.c - the adapter that a finished run left behind. */
#include "ablations/common/adapter_path.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

char *adapter_path(const char *home, const struct study_run *r)
{
    char *under = r->adapter_dir ? xstrdup(r->adapter_dir) : xprintf("adapters/%.16s", r->key);
    char *dir = home_path(home, under), *path = NULL;
    static const char *const places[] = { "last/", "" };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        free(path);
        path = xprintf("%s/%sadapter_model.safetensors", dir, places[i]);
        if (file_exists(path))
            break;
    }
    if (!file_exists(path)) {
        fail(FAIL_RUN,
             "the adapter of run %.8s is not in '%s'; 'lowrank show %.8s' prints the command that "
             "makes it again",
             r->key, dir, r->key);
        free(path);
        path = NULL;
    }
    free(dir);
    free(under);
    return path;
}
