/* study_name.c - which names a study can have. */
#include "results/store/study_name.h"

#include <string.h>

const char *study_name_fault(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 127 || *c == '/' || *c == '.' || *c == '=')
            return "a name cannot contain spaces, slashes, dots, '=' or control characters";
    return !*name                          ? "a name cannot be empty"
           : strcmp(name, "run") == 0      ? "that is the study of single runs"
           : strcmp(name, "pretrain") == 0 ? "that is the study of pretraining runs"
           : *name == '-'                  ? "a name cannot begin with '-'"
                                           : NULL;
}
