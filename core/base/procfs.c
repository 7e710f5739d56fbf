/* procfs.c - facts from the text files of /proc and /sys. */
#include "core/base/procfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool procfs_line(const char *path, const char *key, char *out, size_t size)
{
    FILE *f = fopen(path, "re");
    char line[512];
    bool found = false;

    while (f && !found && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0) {
            char *p = line + strlen(key);
            p += strspn(p, " \t:");
            p[strcspn(p, "\n")] = 0;
            snprintf(out, size, "%s", p);
            found = true;
        }
    if (f)
        fclose(f);
    return found;
}

size_t procfs_bytes(const char *path, const char *key)
{
    char text[64];

    return procfs_line(path, key, text, sizeof text) ? strtoull(text, NULL, 10) * 1024 : 0;
}
