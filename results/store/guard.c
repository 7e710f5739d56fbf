/* guard.c - checks of a path before SQLite opens it.
 *
 * The file itself is never opened here. Closing any descriptor of it would drop every lock that
 * this process has on it (POSIX), including those of other connections, and what they write then is
 * lost. */
#include "results/store/guard.h"
#include "core/os/file.h"
#include "results/store/wal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* WAL needs shared memory, which two hosts cannot have: together they would damage the database. */
static const struct {
    unsigned magic;
    const char *name;
} network[] = {
    { 0x6969, "NFS" },        { 0x517B, "SMB" },          { 0xFF534D42, "CIFS" },
    { 0xFE534D42, "SMB" },    { 0x65735546, "FUSE" },     { 0x0BD00BD0, "Lustre" },
    { 0x5346414F, "AFS" },    { 0x6B414653, "AFS" },      { 0x00C36400, "Ceph" },
    { 0x47504653, "GPFS" },   { 0x01021997, "9P" },       { 0x73757245, "Coda" },
    { 0x19830326, "BeeGFS" }, { 0x7461636F, "OCFS2" },    { 0x01161970, "GFS2" },
    { 0xAAD7AAEA, "PanFS" },  { 0x20030528, "OrangeFS" },
};

static long fs_magic(const char *path)
{
    struct statfs f;

    return statfs(path, &f) == 0 ? (long)(unsigned)f.f_type : 0;
}
long (*guard_fs_magic)(const char *path) = fs_magic;

static int refuse_network(const char *path, const char *where)
{
    unsigned magic = (unsigned)guard_fs_magic(where);
    const char *any = getenv("LOWRANK_ANY_FS");

    for (size_t i = 0; i < ARRAY_LEN(network); i++)
        if (magic == network[i].magic && !(any && strcmp(any, "1") == 0))
            return fail(FAIL_STORE,
                        "'%s' is on %s, where several machines would damage it; choose a local "
                        "folder with --home or LOWRANK_HOME, or set LOWRANK_ANY_FS=1 if only this "
                        "machine uses it",
                        path, network[i].name);
    return 0;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xprintf("%.*s", (int)(slash - path), path);
}

int guard_no_results(const char *path)
{
    return fail(FAIL_STORE, "no results yet; run 'lowrank sweep rank' ('%s' has none)", path);
}

int guard_path(const char *path, enum store_mode mode)
{
    struct stat st;
    bool absent = stat(path, &st) != 0;
    int rc;

    if (absent && errno != ENOENT)
        return fail(FAIL_STORE, "cannot open '%s': %s", path, strerror(errno));
    if (absent && mode == STORE_READ)
        return guard_no_results(path);
    if (absent) {
        char *dir = folder_of(path);
        rc = make_dirs(dir);
        if (rc == 0)
            rc = refuse_network(path, dir);
        free(dir);
        return rc;
    }
    if (!S_ISREG(st.st_mode))
        return fail(FAIL_STORE, "'%s' is not a regular file", path);
    if (refuse_network(path, path) != 0)
        return -1;
    return st.st_size == 0 && mode == STORE_READ ? guard_no_results(path) : 0;
}

int guard_immutable(const char *path)
{
    if (wal_is_empty(path))
        return 0;
    return fail(FAIL_STORE,
                "'%s' has changes in '%s-wal' and its folder cannot be written; copy both files to "
                "a folder that can be written",
                path, path);
}
