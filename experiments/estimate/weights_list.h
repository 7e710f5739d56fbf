/* weights_list.h - what 'lowrank params FILE' prints. */
#ifndef WEIGHTS_LIST_H
#define WEIGHTS_LIST_H

/* weights_list - print the tensors in the file or index PATH: name, shape, type, values, and the
 * file if there are several. A table for people ends with the sum; FORMAT is one of rows_format.
 * Errors: as weights_open and rows_print. */
int weights_list(const char *path, int format);
#endif
