/* resample.h - intervals and comparisons of scores by resampling segments. */
#ifndef RESAMPLE_H
#define RESAMPLE_H

#include "core/score/score.h"

struct interval {
    double low, high;
};
/* resample_interval - the 95 % percentile interval of a bootstrap: SAMPLES times as many segments
 * as there are, drawn with replacement (Koehn 2004). The same seed draws the same segments for
 * every score. */
struct interval resample_interval(const struct score_result *r, int samples, uint64_t seed);

/* Two systems on the same segments: B - A. */
struct comparison {
    double difference;
    struct interval interval; /* 95 %, of a paired bootstrap */
    double p_bootstrap;       /* how often a resampled difference is as far from their mean as 0 is
                                 from the difference: (count + 1) / (samples + 1) */
    double p_randomization;   /* approximate randomization (Riezler and Maxwell 2005): how often the
                               difference is as large when the systems are exchanged at random in
                               half of the segments */
};
struct comparison resample_compare(const struct score_result *a, const struct score_result *b,
                                   int samples, uint64_t seed);
#endif
