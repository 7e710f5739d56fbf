/* memory.h - the memory that the runs of a study will take, predicted before anything is packed.
 *
 * What is predicted is what the kernel counts at the highest point. For "lowrank run" that is
 * VmHWM, which the store keeps as peak_rss: the shared bytes plus the run's own. For a sweep it
 * is the sum of Pss over the parent and N workers: the shared bytes plus N times those of a
 * worker. VmHWM of a single worker counts the shared pages too, except for those that are touched
 * only while the program starts (MEMORY_STARTUP_BYTES). tests/memory.py compares prediction and
 * measurement. */
#ifndef ESTIMATE_MEMORY_H
#define ESTIMATE_MEMORY_H

#include "experiments/study/study.h"

/* Part of memory_shared() that is not in the RSS of a forked worker. */
enum { MEMORY_STARTUP_BYTES = 9 << 20 };

/* memory_study - fill rss and kept of the runs with PENDING[i] (NULL: of all runs): what a process
 * with so many THREADS takes beside the shared bytes. Tokenizes the data; packs and times nothing.
 * Errors: those of loading the data; FAIL_USAGE from the method; FAIL_STOPPED. */
int memory_study(struct study *s, const bool *pending, int threads);

/* memory_shared - bytes that all workers share: the program, mapped and packed weights, tokenized
 * data. */
size_t memory_shared(const struct study *s, const bool *pending);

/* memory_pack - pack the frozen weights that these runs multiply with, so that workers forked
 * afterwards share them. Errors: FAIL_INPUT, FAIL_MEMORY. */
int memory_pack(const struct study *s, const bool *pending);

/* memory_check - do JOBS workers fit into the memory that is available now? Errors: FAIL_MEMORY,
 * which names a -j that fits if there is one. After memory_study. */
int memory_check(const struct study *s, const bool *pending, long jobs);

/* memory_check_limit - does a process with so many THREADS stay within its limit of address space
 * (ulimit -v)? OpenBLAS does not report that its buffers are refused: it tries again for ever.
 * A worker of a sweep counts as many threads as there are cores, because OpenBLAS starts its own
 * again after fork(). Errors: FAIL_MEMORY. After memory_study. */
int memory_check_limit(const struct study *s, const bool *pending, int threads);
#endif
