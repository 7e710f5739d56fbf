/* temp.h - temporary folders of tests. */
#ifndef TEMP_H
#define TEMP_H

/* temp_dir - make a new folder; its path goes to DIR. temp_remove - delete it with everything in
 * it. */
void temp_dir(char dir[64]);
void temp_remove(const char *dir);

/* temp_file - write TEXT to DIR/NAME; returns that path, which the next call overwrites. */
const char *temp_file(const char *dir, const char *name, const char *text);
#endif
