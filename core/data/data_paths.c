/* data_paths.c - the files of a split: one, or those of a folder. */
#include "core/data/data_paths.h"
#include "core/base/text.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void add_path(struct data_paths *p, const char *path, const char *name)
{
    p->file = xgrow(p->file, (size_t)p->n + 1, sizeof *p->file);
    p->file[p->n++] = (struct data_path){ .path = xstrdup(path), .name = xstrdup(name) };
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct data_path *)a)->name, ((const struct data_path *)b)->name);
}

static void add_matches(struct data_paths *p, const char *dir, const char *pattern)
{
    glob_t g = path_glob(dir, pattern);

    for (size_t i = 0; i < g.gl_pathc; i++) {
        const char *name = g.gl_pathv[i] + strlen(dir);
        add_path(p, g.gl_pathv[i], name + strspn(name, "/"));
    }
    globfree(&g);
}

int data_paths_list(struct data_paths *p, const char *path, const char *suffix)
{
    struct stat st;

    *p = (struct data_paths){ 0 };
    if (!suffix || stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        add_path(p, path, "");
        return 0;
    }
    char *here = xprintf("*.%s", suffix), *below = xprintf("*/*.%s", suffix);
    add_matches(p, path, here);
    add_matches(p, path, below);
    free(here);
    free(below);
    if (p->n == 0)
        return fail(FAIL_INPUT, "the folder '%s' and its folders have no files that end with '.%s'",
                    path, suffix);
    qsort(p->file, (size_t)p->n, sizeof *p->file, by_name);
    return 0;
}

void data_paths_sha256(char out[65], const struct data_paths *p)
{
    struct text all = { 0 };

    if (p->n == 1 && !*p->file[0].name) {
        memcpy(out, p->file[0].sha256, 65);
        return;
    }
    for (int i = 0; i < p->n; i++)
        text_add(&all, "%s %s\n", p->file[i].name, p->file[i].sha256);
    sha256_hex(out, text_string(&all), all.n);
    text_free(&all);
}

void data_paths_free(struct data_paths *p)
{
    for (int i = 0; i < p->n; i++) {
        free(p->file[i].path);
        free(p->file[i].name);
    }
    free(p->file);
    *p = (struct data_paths){ 0 };
}
