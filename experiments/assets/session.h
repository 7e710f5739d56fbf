/* session.h - the folders that a command works with, and what it has read from them so far.
 *
 * A command makes one session from its flags --home and --data, passes it on, and frees it at the
 * end. Models, tasks and data are read once per session and stay in memory until then; forked
 * workers inherit what their parent has read. */
#ifndef SESSION_H
#define SESSION_H

#include "core/opt/home.h"

#include <jansson.h>

/* Items of one kind, owned; their addresses never change. */
struct session_items {
    void **item;
    int n;
    void (*free_item)(void *item); /* frees what the item owns, not the item */
};

struct session {
    char *home;    /* the folder of results, models and data */
    char *data;    /* --data; NULL: not given */
    bool planning; /* nothing is written: no caches, no truncated models */

    /* Caches, each used only by the file that is named here. */
    struct session_items model_facts, task_facts; /* model_facts.c, task_facts.c */
    struct session_items loaded;                  /* loaded_model.c */
    struct session_items splits;                  /* experiments/recipe/data.c */
    struct session_items outlines, footprints;    /* experiments/recipe/footprint.c */
    struct session_items messages;                /* session_first */
    json_t *hashes;                               /* hash.c */
    bool hashes_changed;
};

/* session_init - HOME and DATA are the values of --home and --data; NULL: not given. session_free -
 * free the session and everything in its caches; of a zeroed session it does nothing. */
void session_init(struct session *s, const char *home, const char *data);
void session_free(struct session *s);

/* session_add - keep a copy of the SIZE bytes of ITEM, with all that it owns, until the session
 * ends; returns the copy. FREE_ITEM (NULL: nothing to free) is the same for all items of V. */
void *session_add(struct session_items *v, const void *item, size_t size,
                  void (*free_item)(void *item));

/* session_first - is this the first call with this text in the session? For messages that should
 * appear only once. Without a session (S NULL) it is always true. */
bool session_first(struct session *s, const char *fmt, ...) PRINTF(2, 3);
#endif
