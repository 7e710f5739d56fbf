/* model_dir.h - the folder that holds a model's files. */
#ifndef MODEL_DIR_H
#define MODEL_DIR_H

#include <stdbool.h>

/* model_dir - of the model with this name or path: a folder, or NAME for HOME/models/NAME. The
 * truncated model NAME@rRANK is made from NAME when it is missing (truncate.h). The caller frees
 * the path. Errors: NULL after FAIL_INPUT, which names the command that fetches the model,
 * or says where the files of a published geometry belong; FAIL_USAGE and the errors of
 * truncate_make for a truncated model. */
char *model_dir(const char *home, const char *name);

/* model_dir_is - does the folder DIR have config.json or weights in a GGUF file? */
bool model_dir_is(const char *dir);
#endif
