/* share.c - the program's own data files. */
#include "core/os/share.h"
#include "core/os/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *share_path(const char *name)
{
    const char *env = getenv("LOWRANK_SHARE");
    char exe[PATH_MAX];

    if (env && *env)
        return path_join(env, name);
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = 0;
    /* The executable is TREE/build/lowrank or PREFIX/bin/lowrank. */
    for (int up = 0; up < 2 && strrchr(exe, '/'); up++) {
        *strrchr(exe, '/') = 0;
        if (file_in(exe, "experiments/tasks"))
            return path_join(exe, name);
    }
    char *root = path_join(exe, "share/lowrank"), *path = path_join(root, name);
    free(root);
    return path;
}
