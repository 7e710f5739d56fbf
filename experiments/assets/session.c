/* session.c - the folders of a command, and what it has read from them. */
#include "experiments/assets/session.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void session_init(struct session *s, const char *home, const char *data)
{
    *s = (struct session){ .home = xstrdup(home_or_default(home)),
                           .data = data ? xstrdup(data) : NULL };
}

void *session_add(struct session_items *v, const void *item, size_t size,
                  void (*free_item)(void *item))
{
    v->free_item = free_item;
    v->item = xgrow(v->item, (size_t)v->n + 1, sizeof *v->item);
    return v->item[v->n++] = memcpy(xalloc(1, size), item, size);
}

static void items_free(struct session_items *v)
{
    for (int i = 0; i < v->n; i++) {
        if (v->free_item)
            v->free_item(v->item[i]);
        free(v->item[i]);
    }
    free(v->item);
}

/* Later caches may point into earlier ones. */
void session_free(struct session *s)
{
    items_free(&s->footprints);
    items_free(&s->outlines);
    items_free(&s->splits);
    items_free(&s->loaded);
    items_free(&s->task_facts);
    items_free(&s->model_facts);
    items_free(&s->messages);
    json_decref(s->hashes);
    free(s->data);
    free(s->home);
    *s = (struct session){ 0 };
}

bool session_first(struct session *s, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (int i = 0; s && i < s->messages.n; i++)
        if (strcmp(s->messages.item[i], text) == 0)
            return false;
    if (s)
        session_add(&s->messages, text, strlen(text) + 1, NULL);
    return true;
}
