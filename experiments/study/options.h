/* options.h - flags that run, plan and sweep share. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "core/base/cpu.h"
#include "experiments/study/study.h"

struct common {
    char *home, *data;
    long jobs, threads, seeds, limit;
    int format, retry, profile;
    bool no_calibrate, yes_really, stop_on_error, again;
};
enum { RETRY_NONE, RETRY_FAILED, RETRY_DIVERGED };
#define OPTION_AT(f) offsetof(struct common, f)
#define OPTION_DATA                                                                                \
    {                                                                                              \
        "data", 0, OPT_STR, OPTION_AT(data), NULL, 0, 0, NULL,                                     \
            "folder that holds the tasks' files (or LOWRANK_DATA)"                                 \
    }
#define OPTION_JOBS                                                                                \
    {                                                                                              \
        "jobs", 'j', OPT_INT, OPTION_AT(jobs), "0", 0, 256, NULL,                                  \
            "workers of one thread each; 0: one a core"                                            \
    }
#define OPTION_SEEDS                                                                               \
    {                                                                                              \
        "seeds", 0, OPT_INT, OPTION_AT(seeds), "0", 0, 1000000, NULL,                              \
            "seeds 1..N instead of the study's; 0: the study's"                                    \
    }
#define OPTION_PROFILE                                                                             \
    {                                                                                              \
        "profile", 0, OPT_CHOICE, OPTION_AT(profile), "quick", 0, 0, "quick|full",                 \
            "the study as it stands, or its longer form ('full:' of its file)"                     \
    }
#define OPTION_NO_CALIBRATE                                                                        \
    {                                                                                              \
        "no_calibrate", 0, OPT_BOOL, OPTION_AT(no_calibrate), "false", 0, 0, NULL,                 \
            "do not time a few steps first: no estimates of time"                                  \
    }
#define OPTION_YES                                                                                 \
    {                                                                                              \
        "yes_really", 0, OPT_BOOL, OPTION_AT(yes_really), "false", 0, 0, NULL,                     \
            "allow more than 100,000 runs"                                                         \
    }

/* common_apply - tell the other layers about --home and --data. */
static inline void common_apply(const struct common *c)
{
    home_option = c->home;
    data_option = c->data;
}
static inline long common_jobs(const struct common *c)
{
    return c->jobs > 0 ? c->jobs : cpu_info()->cores;
}
/* common_study - the study of argv[1] with the words after it. */
int common_study(struct study *s, const struct common *c, int argc, char **argv);
/* common_store - open HOME/lowrank.db; WRITE creates HOME. */
int common_store(struct store **s, enum store_mode mode);
#endif
