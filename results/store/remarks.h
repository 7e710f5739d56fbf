/* remarks.h - what people say of runs and studies: notes, tags, and runs that do not count. Nothing
 * of it changes the key of a run. */
#ifndef REMARKS_H
#define REMARKS_H

#include "results/store/store.h"

/* What a remark is on: runs, as a JSON list of their keys, or else a study. */
struct remarked {
    const char *keys;
    const char *study;
};

/* remarks_note - add a note. remarks_tag - add a tag, or take it away; what is there already stays.
 * Both return how many runs and studies have it now or have it no more, or -1.
 * remarks_note_remove - remove the note with this number: 1, 0 when there is none, or -1. */
long remarks_note(struct store *s, const struct remarked *on, const char *text);
long remarks_note_remove(struct store *s, long number);
long remarks_tag(struct store *s, const struct remarked *on, const char *tag, bool take_away);

/* remarks_exclude - runs that have ended get the state 'excluded', which every view leaves out; of
 * runs that are excluded already the reason changes. Runs that have not ended and runs that only
 * tune, whose numbers are in no table, are left alone. remarks_include - the opposite: the state is
 * again what it was. Both return how many runs they changed, or -1. */
long remarks_exclude(struct store *s, const struct remarked *on, const char *reason);
long remarks_include(struct store *s, const struct remarked *on);

/* remarks_archive - put the study NAME away, or take it back; how many studies changed, or -1.
 * remarks_rename - another name for a study, also where its analyses name it; 1, 0 when there is no
 * study NAME, or -1. The caller has checked that TO is free. */
long remarks_archive(struct store *s, const char *name, bool take_back);
long remarks_rename(struct store *s, const char *name, const char *to);
#endif
