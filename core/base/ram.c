/* ram.c - how much memory this process has used, and how much it may use. */
#include "core/base/ram.h"
#include "core/base/alloc.h"
#include "core/base/message.h"
#include "core/base/procfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

struct limits {
    size_t total, available;
};

size_t peak_rss_bytes(void)
{
    struct rusage ru;
    size_t bytes = procfs_bytes("/proc/self/status", "VmHWM:");

    if (bytes == 0 && getrusage(RUSAGE_SELF, &ru) == 0)
        bytes = (size_t)ru.ru_maxrss * 1024;
    return bytes;
}

/* The number in a file of a control group; SIZE_MAX for "max" and for a file that is not there. A
 * limit that cannot be read is told once. */
static size_t group_number(const char *dir, const char *file)
{
    char text[64], *path = xprintf("%s/%s", dir, file), *end;
    unsigned long long n = 0;
    static bool told;

    errno = 0;
    bool ok = procfs_line(path, "", text, sizeof text);
    if (!ok && errno && errno != ENOENT && errno != ENOTDIR && !told) {
        told = true;
        warn("cannot read the memory limit in '%s': %s", path, strerror(errno));
    }
    if (ok) {
        n = strtoull(text, &end, 10);
        ok = end != text;
    }
    free(path);
    return ok && n < SIZE_MAX ? (size_t)n : SIZE_MAX;
}

static void limit_by_group(struct limits *m, const char *dir, const char *max, const char *now,
                           const char *cached)
{
    size_t limit = group_number(dir, max), used = group_number(dir, now);
    char *stat = xprintf("%s/memory.stat", dir), text[64];

    if (limit < m->total)
        m->total = limit;
    if (limit != SIZE_MAX && used != SIZE_MAX) {
        size_t files = procfs_line(stat, cached, text, sizeof text) ? strtoull(text, NULL, 10) : 0;
        used = files < used ? used - files : 0;
        size_t left = used < limit ? limit - used : 0;
        if (left < m->available)
            m->available = left;
    }
    free(stat);
}

/* A limit applies to everything below its group, so every parent counts. In a container the path of
 * the group may not exist under the mount; then only those of its parents that do exist, up to the
 * mount itself, have files to read. */
static void limit_by_parents(struct limits *m, const char *mount, char *path, bool v2)
{
    for (;;) {
        char *dir = xprintf("%s%s", mount, path);
        if (v2)
            limit_by_group(m, dir, "memory.max", "memory.current", "inactive_file ");
        else
            limit_by_group(m, dir, "memory.limit_in_bytes", "memory.usage_in_bytes",
                           "total_inactive_file ");
        free(dir);
        char *slash = strrchr(path, '/');
        if (!slash)
            break;
        *slash = 0;
    }
}

static bool names_memory(char *controllers)
{
    for (char *word; (word = strsep(&controllers, ","));)
        if (strcmp(word, "memory") == 0)
            return true;
    return false;
}

/* Without /proc the kernel still says how much memory there is. */
static struct limits limits_of_machine(void)
{
    struct limits m = { procfs_bytes("/proc/meminfo", "MemTotal:"),
                        procfs_bytes("/proc/meminfo", "MemAvailable:") };
    struct sysinfo si;

    if (m.total > 0 && m.available > 0)
        return m;
    if (sysinfo(&si) != 0)
        return (struct limits){ SIZE_MAX, SIZE_MAX }; /* unknown is not none */
    if (m.total == 0)
        m.total = (size_t)si.totalram * si.mem_unit;
    if (m.available == 0)
        m.available = (size_t)(si.freeram + si.bufferram) * si.mem_unit;
    return m;
}

static size_t left_of(int resource, const char *used)
{
    struct rlimit lim;
    size_t now = procfs_bytes("/proc/self/status", used);

    if (getrlimit(resource, &lim) != 0 || lim.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    return now < lim.rlim_cur ? (size_t)lim.rlim_cur - now : 0;
}

size_t ram_address_space(void)
{
    size_t space = left_of(RLIMIT_AS, "VmSize:"), data = left_of(RLIMIT_DATA, "VmData:");

    return space < data ? space : data;
}

/* Lines are "ID:CONTROLLERS:PATH"; version 2 has one line, without controllers. */
void ram_limits(size_t *total, size_t *available)
{
    struct limits m = limits_of_machine();
    FILE *f = fopen("/proc/self/cgroup", "re");
    char line[4096];

    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        char *rest = line;
        strsep(&rest, ":");
        char *controllers = strsep(&rest, ":");
        if (!controllers || !rest)
            continue;
        if (!*controllers)
            limit_by_parents(&m, "/sys/fs/cgroup", rest, true);
        else if (names_memory(controllers))
            limit_by_parents(&m, "/sys/fs/cgroup/memory", rest, false);
    }
    if (f)
        fclose(f);
    *total = m.total;
    *available = m.available < m.total ? m.available : m.total;
}
