/* study_name.h - which names a study can have. */
#ifndef STUDY_NAME_H
#define STUDY_NAME_H

/* study_name_fault - why NAME cannot be the name of a study, for the end of a message; NULL: it
 * can. Commands take the name as a word, reports name files after it, and "run" and
 * "pretrain" are the studies of single runs and of pretraining. */
const char *study_name_fault(const char *name);
#endif
