/* help.h - the overview of all commands, and the topics of 'lowrank help' that are not commands. */
#ifndef HELP_H
#define HELP_H

#include "core/base/base.h"

/* help_overview - the commands by group, and the topics. */
void help_overview(FILE *to);

/* A topic: PRINT writes it to standard output and returns 0, or -1 after fail. */
struct help_topic {
    const char *name, *summary;
    int (*print)(void);
};
extern const struct help_topic help_topics[]; /* ended by NAME NULL */

/* help_topic_find - the topic NAME, or NULL. help_topic_names - all names, NULL-terminated. */
const struct help_topic *help_topic_find(const char *name);
const char *const *help_topic_names(void);
#endif
