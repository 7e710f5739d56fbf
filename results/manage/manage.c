/* manage.c - what the commands that change what is said of runs and studies have in common. */
#include "results/manage/manage.h"
#include "core/base/text.h"
#include "core/os/file.h"

#include <stdlib.h>

int manage_open(struct store **s, const char *home)
{
    char *path = home_path(home, "lowrank.db");
    int rc = store_open(s, path, file_exists(path) ? STORE_WRITE : STORE_READ);

    free(path);
    return rc;
}

int manage_find(struct store **s, struct found *f, const char *home, const char *word, int kinds)
{
    *f = (struct found){ 0 };
    return manage_open(s, home) == 0 ? found_read(f, *s, word, kinds) : -1;
}

void manage_close(struct store *s, struct found *f)
{
    found_free(f);
    store_close(s);
}

struct remarked manage_on(const struct found *f)
{
    return (struct remarked){ .keys = f->keys, .study = f->kind == FOUND_STUDY ? f->name : NULL };
}

char *manage_words(int argc, char **argv, int first)
{
    struct text t = { 0 };

    for (int i = first; i < argc; i++)
        text_join(&t, " ", "%s", argv[i]);
    return text_take(&t);
}

int manage_print(struct store *s, const char *query, const struct found *f, int format)
{
    const char *const params[] = { "on", f ? f->name : NULL, NULL };
    struct rows r;

    if (query_named(s, &r, query, params) != 0)
        return -1;
    return rows_print_free(&r, format);
}
