/* temp.c - temporary folders of tests. */
#include "tests/kit/temp.h"

#include "core/base/file.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>

void temp_dir(char dir[64])
{
    strcpy(dir, "/tmp/lowrank-test-XXXXXX");
    CHECK(mkdtemp(dir), "%s", dir);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
    (void)st;
    (void)flag;
    (void)f;
    return remove(path);
}

void temp_remove(const char *dir)
{
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *temp_file(const char *dir, const char *name, const char *text)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK(file_write(path, text, strlen(text), FAIL_INPUT) == 0, "%s", fail_text());
    return path;
}
