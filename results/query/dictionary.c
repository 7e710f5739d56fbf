/* dictionary.c - the lines of results/dictionary.tsv. */
#include "results/query/dictionary.h"
#include "results/store/embed.h"

#include <stdlib.h>
#include <string.h>

static const char *lines(void)
{
    const struct embedded *f = embedded_files;

    while (f->name && strcmp(f->name, "dictionary.tsv") != 0)
        f++;
    CHECK(f->name, "the dictionary is missing");
    return f->text;
}

char *dictionary_find(const char *kind, const char *name)
{
    char *head = xprintf("\n%s\t%s\t", kind, name);
    const char *at = strstr(lines(), head);
    char *text = NULL;

    if (at) {
        at += strlen(head);
        text = xprintf("%.*s", (int)strcspn(at, "\n"), at);
    }
    free(head);
    return text;
}

void dictionary_views(struct rows *r)
{
    static const char *const cols[] = { "view", "shows", NULL };
    static const char head[] = "\nview\t";

    rows_init(r, cols);
    for (const char *s = strstr(lines(), head); s; s = strstr(s + 1, head)) {
        const char *name = s + sizeof head - 1;
        char *copy = xprintf("%.*s", (int)strcspn(name, "\t"), name);
        char *shows = dictionary_find("view", copy);
        rows_add(r, (const char *[]){ copy, shows });
        free(shows);
        free(copy);
    }
}
