/* provenance.h - where and with what a run was made. */
#ifndef PROVENANCE_H
#define PROVENANCE_H

#include "core/base/text.h"

/* provenance_json - commit, compiler, CPU, BLAS, host, and number of THREADS as JSON; the caller
 * frees it. What is known of the commit is that of git_state.sh when the program was built. */
char *provenance_json(int threads);

/* provenance_compare - add a line to OUT for every fact of two such documents that differs and that
 * can change the bits of a result. Returns how many do; -1: one of them is not JSON. */
int provenance_compare(struct text *out, const char *was, const char *is);
#endif
