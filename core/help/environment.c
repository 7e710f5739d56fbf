/* environment.c - the environment variables that the program reads. */
#include "core/help/environment.h"

#include <string.h>

const struct environment environment[] = {
    { "LOWRANK_HOME", "folder of results, models and data, unless --home names one (default: out)",
      "home", NULL },
    { "LOWRANK_DATA",
      "folder that holds the files of tasks, unless --data names one (default: data in the home "
      "folder)",
      "data", NULL },
    { "LOWRANK_SHARE",
      "folder of the program's own files, such as tasks, studies and templates of figures "
      "(default: "
      "where the program was built or installed)",
      "", NULL },
    { "LOWRANK_ONEDNN", "0 computes all products with OpenBLAS, although oneDNN is available", NULL,
      NULL },
    { "OPENBLAS_CORETYPE",
      "the kernel of OpenBLAS (default: its own choice, or a faster one if that is outdated)", NULL,
      NULL },
    { "LOWRANK_ANY_FS",
      "1 allows the database on a network file system, which is safe only if a single machine uses "
      "it",
      NULL, NULL },
    { "LOWRANK_BUSY_MS", "milliseconds to wait while another process writes (default: 10000)", NULL,
      NULL },
    { "WNSEARCHDIR", "folder of WordNet's database files (default: /usr/share/wordnet)", NULL,
      "prepare" },
    { "TMPDIR", "folder for temporary files (default: /tmp)", NULL, "report" },
    { "NO_COLOR", "if set and not empty, the output has no colors", NULL, NULL },
    { NULL, NULL, NULL, NULL },
};

bool environment_matters(const struct environment *e, const struct opt_doc *d)
{
    if (e->command)
        return strcmp(e->command, d->command) == 0;
    return e->flag && (!*e->flag || opt_doc_flag(d, e->flag));
}
