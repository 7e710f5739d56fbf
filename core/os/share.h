/* share.h - the program's own data files: models, tasks, studies, templates of figures. */
#ifndef SHARE_H
#define SHARE_H

/* share_path - the path of the data file NAME; the caller frees it. The data files are in
 * LOWRANK_SHARE if that is set; else in the source tree whose build folder holds the program; else
 * in PREFIX/share/lowrank, if the program is PREFIX/bin/lowrank. The file need not exist. */
char *share_path(const char *name);
#endif
