/* adapter_path.h - the adapter that a finished run left behind. */
#ifndef ADAPTER_PATH_H
#define ADAPTER_PATH_H

#include "ablations/common/study_runs.h"

/* adapter_path - the file adapter_model.safetensors that R wrote into HOME after its last step;
 * the caller frees the path. Errors: NULL after FAIL_RUN, with the command that makes the file
 * again. */
char *adapter_path(const char *home, const struct study_run *r);
#endif
