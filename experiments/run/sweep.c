/* sweep.c - the parent of a sweep: it forks workers, notices when one dies, and stops them in good
 * order. */
#include "experiments/run/sweep.h"
#include "core/os/cpu.h"
#include "core/os/file.h"
#include "core/os/prof.h"
#include "core/base/text.h"
#include "experiments/estimate/calibrate.h"
#include "experiments/estimate/memory.h"
#include "experiments/recipe/data.h"
#include "experiments/recipe/inputs.h"
#include "experiments/run/sweep_progress.h"
#include "experiments/run/worker.h"
#include "experiments/study/study_store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A sweep is given up when its first runs, as many as these, all fail with the same message. */
enum { ALIKE_FAILURES = 3 };

/* It is also given up when signals have stopped so many times its number of workers, and no run has
 * ended meanwhile. */
enum { MOST_SIGNALED = 5, KILL_AFTER_S = 3 };

enum run_mark sweep_mark(int state)
{
    switch (state) {
    case STATE_EXCLUDED:
    case STATE_DONE: return MARK_DONE;
    case STATE_DIVERGED: return MARK_DIVERGED;
    case STATE_FAILED: return MARK_FAILED;
    case STATE_RUNNING: return MARK_ELSEWHERE;
    default: return MARK_WAITING;
    }
}

double sweep_cost(const struct plan_run *p)
{
    double epochs = (double)(p->until > 0 ? p->until : p->recipe.train.epochs) - (double)p->since;
    double share = p->since > 0 || p->until > 0 ? epochs / (double)p->recipe.train.epochs : 1;

    return p->cost_s > 0 ? share * p->cost_s : 1;
}

void sweep_note_end(const struct sweep *w, int run, const struct run_report *rep)
{
    struct end_note *n = &w->sh->run[run];

    snprintf(n->error, sizeof n->error, "%s", rep->error);
    n->wall_s = rep->wall_s;
    n->order = atomic_fetch_add(&w->sh->finished, 1) + 1;
    atomic_store(&n->mark,
                 rep->fate == FATE_PAUSED ? (int)MARK_PAUSED : (int)sweep_mark((int)rep->state));
}

/* --- workers */

static int start_worker(struct sweep *w, int n)
{
    struct worker_slot *s = &w->sh->slot[n];

    fflush(stdout);
    fflush(stderr);
    atomic_store(&s->run, -1);
    pid_t pid = fork();
    if (pid == 0) {
        int rc = worker_run(w, n);
        fflush(stderr);
        _exit(rc);
    }
    if (pid < 0)
        return fail(FAIL_MEMORY, "cannot start a worker: %s", strerror(errno));
    atomic_store(&s->pid, (int)pid);
    return 0;
}

static int count_marked(const struct sweep *w, enum run_mark mark)
{
    int n = 0;

    for (int i = 0; i < w->n_order; i++)
        n += atomic_load(&w->sh->run[w->order[i]].mark) == (int)mark;
    return n;
}

static int count_alive(const struct sweep *w)
{
    int n = 0;

    for (int i = 0; i < w->jobs; i++)
        n += atomic_load(&w->sh->slot[i].pid) != 0;
    return n;
}

static void signal_workers(const struct sweep *w, int sig)
{
    for (int i = 0; i < w->jobs; i++)
        if (atomic_load(&w->sh->slot[i].pid) != 0)
            kill((pid_t)atomic_load(&w->sh->slot[i].pid), sig);
}

/* A signal has stopped a worker. */
static void count_signaled(struct sweep *w)
{
    long ended = atomic_load(&w->sh->finished);

    w->signaled = ended == w->ended ? w->signaled + 1 : 1;
    w->ended = ended;
}

/* A worker died: the attempt that it made ends as lost, and its run is tried again or given up. */
static int end_lost_attempt(struct sweep *w, struct worker_slot *s, pid_t pid, int status)
{
    int run = atomic_exchange(&s->run, -1), sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    int ended = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    struct run_report rep = { .state = STATE_FAILED };

    if (ended == 128 + SIGTERM || ended == FAIL_STOPPED) { /* a signal came twice */
        sig = ended == FAIL_STOPPED ? SIGINT : SIGTERM;
        count_signaled(w);
    }
    if (sig)
        snprintf(rep.error, sizeof rep.error, "worker died by signal %d (%s)", sig, strsignal(sig));
    else
        snprintf(rep.error, sizeof rep.error, "worker ended with status %d and without a result",
                 WEXITSTATUS(status));
    if (lease_lost(w->store, (int)pid, sig, rep.error) < 0)
        return -1;
    if (run < 0)
        return 0;
    int state = store_state(w->store, w->study->runs[run].recipe.key);
    if (state < 0)
        return -1;
    warn("run %.8s: %s%s", w->study->runs[run].recipe.key, rep.error,
         state == (int)STATE_QUEUED ? "; trying again" : "");
    if (state == (int)STATE_FAILED)
        sweep_note_end(w, run, &rep);
    else
        atomic_store(&w->sh->run[run].mark, (int)sweep_mark(state));
    return 0;
}

/* Somebody stopped this worker, but not the sweep. Its run is in the queue again. */
static void replace_stopped(struct sweep *w, pid_t pid)
{
    for (int i = 0; i < w->n_order; i++) {
        int stopped = MARK_STOPPED;
        atomic_compare_exchange_strong(&w->sh->run[w->order[i]].mark, &stopped, MARK_WAITING);
    }
    count_signaled(w);
    warn("worker %d was stopped by a signal; its run goes on in another worker", (int)pid);
}

/* A worker has ended. Errors: what made it stop, or FAIL_STORE of the parent. */
static int reap_worker(struct sweep *w, pid_t pid, int status, bool stopping)
{
    for (int i = 0; i < w->jobs; i++) {
        struct worker_slot *s = &w->sh->slot[i];
        if (atomic_load(&s->pid) != (int)pid)
            continue;
        atomic_store(&s->pid, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_FAULT && *w->sh->fault)
            return fail((enum fail_code)w->sh->fault_code, "%s", w->sh->fault);
        bool regular = WIFEXITED(status) &&
                       (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == WORKER_STOPPED);
        if (regular && atomic_load(&s->run) < 0) {
            if (WEXITSTATUS(status) == WORKER_STOPPED && !stopping)
                replace_stopped(w, pid);
            return 0;
        }
        return end_lost_attempt(w, s, pid, status);
    }
    return 0;
}

/* Did the first runs that ended all fail with the same message? */
static bool failures_are_alike(const struct sweep *w)
{
    const char *why = NULL;

    if (atomic_load(&w->sh->finished) < ALIKE_FAILURES)
        return false;
    for (int i = 0; i < w->n_order; i++) {
        const struct end_note *n = &w->sh->run[w->order[i]];
        if (n->order == 0 || n->order > ALIKE_FAILURES)
            continue;
        if (atomic_load(&n->mark) != MARK_FAILED || (why && strcmp(why, n->error) != 0))
            return false;
        why = n->error;
    }
    return why != NULL;
}

/* Asks the store about runs that other processes have: some may be done, or free again. */
static int update_elsewhere(struct sweep *w)
{
    for (int i = 0; i < w->n_order; i++) {
        struct end_note *n = &w->sh->run[w->order[i]];
        if (atomic_load(&n->mark) != MARK_ELSEWHERE)
            continue;
        int state = store_state(w->store, w->study->runs[w->order[i]].recipe.key);
        if (state < 0)
            return -1;
        atomic_store(&n->mark, (int)sweep_mark(state));
    }
    return 0;
}

static int fill_slots(struct sweep *w)
{
    int waiting = count_marked(w, MARK_WAITING);

    for (int i = 0; i < w->jobs && waiting > 0; i++) {
        if (atomic_load(&w->sh->slot[i].pid) != 0)
            continue;
        if (start_worker(w, i) != 0)
            return -1;
        waiting--;
    }
    return 0;
}

static void nap(void)
{
    struct timespec t = { 0, 20 * 1000 * 1000 };

    nanosleep(&t, NULL);
}

/* Asks the workers to stop. They get SIGUSR1, because a SIGTERM or SIGINT may have come to the
 * whole process group, and a second one would end them before they have written a checkpoint.
 * After the second signal to this process, those that do not end in time are killed. */
static void stop_workers(const struct sweep *w, double *since, double *since_second)
{
    if (*since == 0) {
        *since = now_mono();
        signal_workers(w, SIGUSR1);
    }
    if (!stop_requested_twice())
        return;
    if (*since_second == 0)
        *since_second = now_mono();
    else if (now_mono() - *since_second > KILL_AFTER_S)
        signal_workers(w, SIGKILL);
}

/* Why the sweep has to stop now, if it has to. */
static bool must_stop(const struct sweep *w, struct sweep_end *end, bool stop_on_error)
{
    if (stop_requested() || (stop_on_error && count_marked(w, MARK_FAILED) > 0))
        return true;
    end->alike = failures_are_alike(w);
    end->signals = w->signaled > MOST_SIGNALED * w->jobs;
    return end->alike || end->signals;
}

/* Waits until every run has ended, or until somebody asks to stop and every worker has ended. */
static int watch_workers(struct sweep *w, struct sweep_end *end, bool stop_on_error)
{
    double looked = now_mono(), stopping = 0, second = 0;
    int rc = 0, status;

    for (;;) {
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid > 0) {
            int one = reap_worker(w, pid, status, stopping > 0 || stop_requested());
            rc = rc == 0 ? one : rc;
            continue;
        }
        if (stopping == 0 && (rc != 0 || must_stop(w, end, stop_on_error)))
            end->stopped = stop_requested(), stop_workers(w, &stopping, &second);
        if (stopping > 0)
            stop_workers(w, &stopping, &second);
        if (stopping > 0 && count_alive(w) == 0)
            return rc;
        if (stopping == 0 && now_mono() - looked > 1) {
            rc = update_elsewhere(w);
            looked = now_mono();
        }
        if (stopping == 0 && rc == 0)
            rc = fill_slots(w);
        if (stopping == 0 && rc == 0 && count_alive(w) == 0 &&
            count_marked(w, MARK_WAITING) + count_marked(w, MARK_ELSEWHERE) == 0)
            return 0;
        sweep_progress(w);
        nap();
    }
}

/* --- the whole sweep */

static int by_falling_cost(const void *a, const void *b, void *study)
{
    const struct plan_run *runs = ((const struct study *)study)->runs;
    int x = *(const int *)a, y = *(const int *)b;
    double cx = sweep_cost(&runs[x]), cy = sweep_cost(&runs[y]);

    return cx != cy ? (cx < cy) - (cx > cy) : (x > y) - (x < y);
}

static int sweep_init(struct sweep *w, struct study *s, const bool *pending, struct store *store,
                      long jobs, long limit)
{
    *w = (struct sweep){
        .study = s, .store = store, .parent = (int)getpid(), .started = now_mono()
    };
    w->sh_size = sizeof *w->sh + (size_t)s->n_runs * sizeof *w->sh->run;
    w->sh = mmap(NULL, w->sh_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w->sh == MAP_FAILED)
        return fail(FAIL_MEMORY, "cannot map %zu bytes: %s", w->sh_size, strerror(errno));
    w->order = xalloc((size_t)s->n_runs, sizeof *w->order);
    for (int i = 0; i < s->n_runs; i++)
        if (pending[i])
            w->order[w->n_order++] = i;
    qsort_r(w->order, (size_t)w->n_order, sizeof *w->order, by_falling_cost, s);
    if (limit > 0 && limit < w->n_order)
        w->n_order = (int)limit;
    for (int i = 0; i < w->n_order; i++)
        atomic_store(&w->sh->run[w->order[i]].mark, MARK_WAITING);
    w->jobs = jobs < w->n_order ? (int)jobs : w->n_order;
    /* With fewer workers than CPUs, those of several programs would meet on the first CPUs. */
    w->pin = w->jobs > 1 && w->jobs == cpu_info()->cores;
    return 0;
}

/* Workers share what is loaded before the first fork. */
static int load_inputs(const struct study *s, const bool *pending)
{
    struct run_data d;
    const struct recipe *last = NULL;

    for (int i = 0; i < s->n_runs; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        if (!pending[i])
            continue;
        bool same = last && json_equal(last->inputs, r->inputs);
        last = r;
        if ((!same && inputs_check(r) != 0) || data_all(&d, r) != 0)
            return -1;
        if (stop_requested())
            return fail(FAIL_STOPPED, "stopped before the first run");
    }
    return 0;
}

/* Seconds of all workers by kind of work. */
static int write_profile(const char *path)
{
    double s[N_WORK];
    struct text t = { 0 };

    prof_stop();
    prof_read(s);
    for (int i = 0; i < N_WORK; i++)
        text_add(&t, "%s %.6f\n", work_names[i], s[i]);
    int rc = file_write(path, text_string(&t), t.n, FAIL_STORE);
    text_free(&t);
    return rc;
}

int sweep_run(struct sweep_end *end, struct study *s, bool *pending, struct store *store,
              const struct sweep_opts *o)
{
    const char *profile = getenv(SWEEP_PROFILE_ENV);
    struct sweep w = { 0 };
    long jobs = o->jobs > 0 ? o->jobs : cpu_info()->cores;

    *end = (struct sweep_end){ 0 };
    jobs = jobs > (long)ARRAY_LEN(w.sh->slot) ? (long)ARRAY_LEN(w.sh->slot) : jobs;
    if (load_inputs(s, pending) != 0 || memory_study(s, pending, 1) != 0 ||
        memory_check(s, pending, jobs) != 0 ||
        memory_check_limit(s, pending, cpu_info()->cores) != 0 || memory_pack(s, pending) != 0 ||
        (o->calibrate && calibrate_study(s, pending) != 0) || study_store_put(store, s) != 0)
        return -1;
    int rc = sweep_init(&w, s, pending, store, jobs, o->limit);
    if (rc == 0 && profile)
        rc = prof_start();
    if (rc == 0) {
        stop_handle_second(true);
        rc = watch_workers(&w, end, o->stop_on_error);
        stop_handle_second(false);
    }
    progress_end();
    if (rc == 0 && profile)
        rc = write_profile(profile);
    for (int i = 0; rc == 0 && i < w.n_order; i++)
        if (w.sh->run[w.order[i]].order > 0)
            pending[w.order[i]] = false;
    end->wall_s = now_mono() - w.started;
    free(w.order);
    if (w.sh && w.sh != MAP_FAILED)
        munmap(w.sh, w.sh_size);
    return rc;
}
