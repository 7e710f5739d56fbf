/* temp.c - temporary folders and files of tests. */
#include "tests/kit/temp.h"

#include "core/base/base.h"
#include "core/os/file.h"

#include <dirent.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char made[64][64]; /* folders of this process; "": free */
static long made_by;

/* Only in the process that made them: a child that exits must leave its parent's folders alone. */
static void remove_made(void)
{
    for (size_t i = 0; made_by == (long)getpid() && i < ARRAY_LEN(made); i++)
        if (*made[i])
            temp_remove(made[i]);
}

void temp_dir(char dir[64])
{
    size_t i = 0;

    if (made_by != (long)getpid()) {
        memset(made, 0, sizeof made);
        made_by = (long)getpid();
        atexit(remove_made);
    }
    while (i < ARRAY_LEN(made) && *made[i])
        i++;
    CHECK(i < ARRAY_LEN(made), "more than %zu temporary folders", i);
    strcpy(made[i], "/tmp/lowrank-test-XXXXXX");
    CHECK(mkdtemp(made[i]), "%s", made[i]);
    strcpy(dir, made[i]);
}

/* Before it is read: a test may have made the folder unreadable. */
static int open_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
    (void)st;
    (void)f;
    if (flag == FTW_D || flag == FTW_DNR)
        chmod(path, 0700);
    return 0;
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
    char path[64];

    snprintf(path, sizeof path, "%s", dir); /* DIR may be what is cleared here */
    for (size_t i = 0; i < ARRAY_LEN(made); i++)
        if (strcmp(made[i], path) == 0)
            *made[i] = 0;
    nftw(path, open_one, 8, FTW_PHYS);
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *temp_file(const char *dir, const char *name, const char *text)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK(file_write(path, text, strlen(text), FAIL_INPUT) == 0, "%s", fail_text());
    return path;
}

int temp_count(const char *dir, char path[400])
{
    DIR *d = opendir(dir);
    int n = 0;

    for (const struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            if (path)
                snprintf(path, 400, "%s/%s", dir, e->d_name);
            n++;
        }
    if (d)
        closedir(d);
    return n;
}
