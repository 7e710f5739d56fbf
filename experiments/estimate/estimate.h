/* estimate.h - time and memory of a study's runs before they run. */
#ifndef ESTIMATE_H
#define ESTIMATE_H

#include "experiments/study/study.h"

/* study_calibrate - time a few steps of the geometry on this machine and fill cost_s of those runs
 * with PENDING[i] (NULL: all). Loads and packs the models and tokenises the data of these runs. */
int study_calibrate(struct study *s, const bool *pending);
/* study_memory - fill rss: what a process with THREADS adds to what is shared (memory.c). Tokenises
 * the data, packs nothing, times nothing. */
int study_memory(struct study *s, const bool *pending, int threads);
/* study_shared_bytes - of what all workers share: the program, mapped and packed weights, tokenised
 * data. */
size_t study_shared_bytes(const struct study *s, const bool *pending);
enum { STARTUP_BYTES = 9 << 20 }; /* of these, what is not in the RSS of a forked worker */
/* study_pack - pack what these runs multiply with frozen weights, so that workers share it. */
int study_pack(const struct study *s, const bool *pending);
/* study_memory_check - FAIL_MEMORY when JOBS workers need more than there is, with a -j that fits.
 */
int study_memory_check(const struct study *s, const bool *pending, long jobs);
#endif
