/* study_flags.h - flags that 'lowrank run', 'plan' and 'sweep' share. */
#ifndef STUDY_FLAGS_H
#define STUDY_FLAGS_H

#include "core/os/cpu.h"
#include "experiments/study/study.h"
#include "results/store/store.h"

struct study_flags {
    char *home, *data;
    long jobs, threads, seeds, limit;
    int format, retry, profile;
    bool no_calibrate, yes_really, stop_on_error, again;
};
enum { RETRY_NONE, RETRY_FAILED, RETRY_DIVERGED };
#define OPTION_AT(f) offsetof(struct study_flags, f)
#define OPTION_JOBS                                                                                \
    {                                                                                              \
        "jobs", 'j', OPT_INT, OPTION_AT(jobs), "0", 0, 256, NULL,                                  \
            "workers, each with one thread; 0: one per core"                                       \
    }
#define OPTION_SEEDS                                                                               \
    {                                                                                              \
        "seeds", 0, OPT_INT, OPTION_AT(seeds), "0", 0, 1000000, NULL,                              \
            "run the seeds 1 to N; 0: those of the study"                                          \
    }
#define OPTION_PROFILE                                                                             \
    {                                                                                              \
        "profile", 0, OPT_CHOICE, OPTION_AT(profile), "quick", 0, 0, "quick|full",                 \
            "the study as written, or its longer form (what its file has under 'full')"            \
    }
#define OPTION_NO_CALIBRATE                                                                        \
    {                                                                                              \
        "no_calibrate", 0, OPT_BOOL, OPTION_AT(no_calibrate), "false", 0, 0, NULL,                 \
            "do not time a few steps first; there are no time estimates then"                      \
    }
#define OPTION_YES                                                                                 \
    {                                                                                              \
        "yes_really", 0, OPT_BOOL, OPTION_AT(yes_really), "false", 0, 0, NULL,                     \
            "allow more than 100,000 runs"                                                         \
    }

static inline long study_flags_jobs(const struct study_flags *f)
{
    return f->jobs > 0 ? f->jobs : cpu_info()->cores;
}

/* study_flags_load - the study that argv[1] names, with the words after it; or if argv[1] is a word
 * "key=value" itself, the study without a file that the words describe (adhoc.h). Errors: as
 * study_load. study_flags_find - the path of the study NAME: a file, one of the program's, or one
 * in HOME/studies; the caller frees it. */
char *study_flags_find(const char *home, const char *name);
int study_flags_load(struct study *s, struct session *ses, const struct study_flags *f, int argc,
                     char **argv);
/* study_flags_store - open HOME/lowrank.db; STORE_WRITE creates HOME. Errors: FAIL_STORE. */
int study_flags_store(struct store **s, const char *home, enum store_mode mode);
#endif
