/* tables.c - files and members of archives as text, line by line. */
#include "core/meteor/tables.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

char *table_member(const char *jar, const char *name)
{
    enum { MOST = 1 << 26 };
    int err = 0;
    zip_t *z = zip_open(jar, ZIP_RDONLY, &err);
    zip_stat_t st;
    char *text = NULL;

    if (!z) {
        fail(FAIL_INPUT, "'%s' is not an archive that can be read", jar);
        return NULL;
    }
    zip_file_t *f = zip_fopen(z, name, 0);
    if (f && zip_stat(z, name, 0, &st) == 0 && (st.valid & ZIP_STAT_SIZE) && st.size < MOST) {
        text = xalloc(st.size + 1, 1);
        if (zip_fread(f, text, st.size) != (zip_int64_t)st.size) {
            free(text);
            text = NULL;
        }
    }
    if (!text)
        fail(FAIL_INPUT, "'%s' has no '%s' that can be read", jar, name);
    if (f)
        zip_fclose(f);
    zip_discard(z);
    return text;
}

char *table_file(const char *path)
{
    struct file f;

    if (file_map(&f, path) != 0)
        return NULL;
    char *text = xalloc(f.size + 1, 1);
    if (file_copy_data(text, &f) != 0) {
        free(text);
        text = NULL;
    }
    file_unmap(&f);
    return text;
}

char *table_line(char **p)
{
    char *line = *p;

    if (!*line)
        return NULL;
    size_t n = strcspn(line, "\n");
    *p = line + n + (line[n] != 0);
    line[n] = 0;
    if (n > 0 && line[n - 1] == '\r')
        line[n - 1] = 0;
    return line;
}
