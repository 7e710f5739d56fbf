/* provenance.h - where and with what a run was made. */
#ifndef PROVENANCE_H
#define PROVENANCE_H

/* provenance_json - commit, compiler, CPU, BLAS, host, and number of THREADS as JSON; the caller
 * frees it. */
char *provenance_json(int threads);
#endif
