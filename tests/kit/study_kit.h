/* study_kit.h - a small random model, a task of a few lines, and studies of them. */
#ifndef STUDY_KIT_H
#define STUDY_KIT_H

#include "experiments/study/study.h"

struct study_kit {
    char dir[64], *model, *task_path;
    struct session session;
};
extern struct study_kit study_kit;
/* study_kit_setup, study_kit_teardown - a fixture: a folder with the model and the task, in which
 * an epoch is one step. */
void study_kit_setup(void);
void study_kit_teardown(void);

/* study_kit_load - load a study with BODY after a base that has the small model and task, and
 * BASE. */
int study_kit_load(struct study *s, const char *base, const char *body,
                   const struct settings *words, long seeds, enum profile profile);
#endif
