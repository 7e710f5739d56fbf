/* worker.c - fork workers, hand out runs, notice deaths, stop in good order. */
#include "experiments/run/worker_shared.h"
#include "core/base/cpu.h"
#include "core/base/file.h"
#include "core/base/prof.h"
#include "core/math/mat.h"
#include "experiments/recipe/inputs.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ALIKE = 3, EXIT_FAULT = 99, EXIT_STOP = FAIL_STOPPED };

/* --- in a worker */

/* To the N-th CPU that this process may use; only when there is a worker for each, so that other
 * programs' workers do not meet on the first ones. */
static void pin(int n)
{
    cpu_set_t may, one;

    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof may, &may) != 0)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &may) && n-- == 0) {
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof one, &one);
            return;
        }
}

/* The next waiting run becomes TAKEN; -1: none. The slot names it first: whatever the moment a
 * worker dies in, its parent then knows what to look after. */
static int take(const struct sweep *w, struct slot *slot)
{
    for (int i = 0; i < w->n_order; i++) {
        atomic_int *mark = &w->sh->run[w->order[i]].mark;
        int waiting = MARK_WAITING;
        if (atomic_load(mark) != MARK_WAITING)
            continue;
        atomic_store(&slot->run, w->order[i]);
        if (atomic_compare_exchange_strong(mark, &waiting, MARK_TAKEN))
            return w->order[i];
    }
    atomic_store(&slot->run, -1);
    return -1;
}

static enum run_mark mark_of(int state)
{
    switch (state) {
    case STATE_DONE: return MARK_DONE;
    case STATE_DIVERGED: return MARK_DIVERGED;
    case STATE_FAILED:
    case STATE_CANCELED: return MARK_FAILED;
    case STATE_RUNNING: return MARK_ELSEWHERE;
    default: return MARK_WAITING;
    }
}

static void note_end(const struct sweep *w, int run, const struct run_report *rep)
{
    struct end_note *n = &w->sh->run[run];

    snprintf(n->error, sizeof n->error, "%s", rep->error);
    n->wall_s = rep->wall_s;
    n->order = atomic_fetch_add(&w->sh->finished, 1) + 1;
    atomic_store(&n->mark, (int)mark_of((int)rep->state));
}

/* 0: go on; else the worker's exit status. */
static int work_on(const struct sweep *w, const struct run_env *env, int run)
{
    struct plan_run *p = &w->study->runs[run];
    struct run_report rep;
    struct lease c;
    struct run_env e = *env;

    e.lease_s = lease_for(p);
    int rc = lease_take(w->store, w->study->name, p->recipe.key, e.lease_s, &c);
    if (rc < 0)
        return EXIT_FAULT;
    if (rc == 0) { /* somebody else has it, or has done it */
        int state = store_state(w->store, p->recipe.key);
        enum run_mark m = mark_of(state);
        atomic_store(&w->sh->run[run].mark, m == MARK_WAITING ? (int)MARK_ELSEWHERE : (int)m);
        return state < 0 ? EXIT_FAULT : 0;
    }
    atomic_store(&env->slot->step, 0);
    atomic_store(&env->slot->steps, 0);
    run_one(&rep, &e, p, &c);
    lease_free(&c);
    if (rep.fate == FATE_OVER)
        note_end(w, run, &rep);
    else
        atomic_store(&w->sh->run[run].mark,
                     rep.fate == FATE_LOST ? (int)MARK_ELSEWHERE : (int)MARK_STOPPED);
    return rep.fate == FATE_FAULT ? EXIT_FAULT : 0;
}

static int worker(const struct sweep *w, int n)
{
    struct run_env env = { .store = w->store, .slot = &w->sh->slot[n], .jobs = w->jobs };
    int rc = 0, run;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != w->parent)
        return EXIT_STOP;
    if (w->pin)
        pin(n);
    verbosity = verbosity > 0 ? verbosity : -1; /* the parent speaks */
    math_thread_init();
    env.pool = pool_new(1);
    if (!env.pool || store_reopen_after_fork(w->store) != 0)
        rc = EXIT_FAULT;
    while (rc == 0 && !stop_requested() && (run = take(w, env.slot)) >= 0) {
        rc = work_on(w, &env, run);
        atomic_store(&env.slot->run, -1);
    }
    if (rc == EXIT_FAULT) {
        snprintf(w->sh->fault, sizeof w->sh->fault, "%s", fail_text());
        w->sh->fault_code = (int)fail_code();
    }
    if (env.pool)
        pool_free(env.pool);
    store_close(w->store);
    return rc == 0 && stop_requested() ? (int)EXIT_STOP : rc;
}

/* --- in the parent */

static int start(struct sweep *w, int n)
{
    struct slot *s = &w->sh->slot[n];

    fflush(stdout);
    fflush(stderr);
    atomic_store(&s->run, -1);
    pid_t pid = fork();
    if (pid == 0) {
        int rc = worker(w, n);
        fflush(stderr);
        _exit(rc);
    }
    if (pid < 0)
        return fail(FAIL_MEMORY, "cannot start a worker: %s", strerror(errno));
    atomic_store(&s->pid, (int)pid);
    return 0;
}

static int count(const struct sweep *w, enum run_mark mark)
{
    int n = 0;

    for (int i = 0; i < w->n_order; i++)
        n += atomic_load(&w->sh->run[w->order[i]].mark) == (int)mark;
    return n;
}

static int alive(const struct sweep *w)
{
    int n = 0;

    for (int i = 0; i < w->jobs; i++)
        n += atomic_load(&w->sh->slot[i].pid) != 0;
    return n;
}

static void stop_workers(const struct sweep *w)
{
    for (int i = 0; i < w->jobs; i++)
        if (atomic_load(&w->sh->slot[i].pid) != 0)
            kill((pid_t)atomic_load(&w->sh->slot[i].pid), SIGTERM);
}

/* A worker that went down with a run in hand: its attempt ends, the run is tried again or given up.
 */
static int bury(struct sweep *w, struct slot *s, pid_t pid, int status)
{
    int run = atomic_exchange(&s->run, -1), sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    struct run_report rep = { .state = STATE_FAILED };

    if (sig)
        snprintf(rep.error, sizeof rep.error, "worker died by signal %d (%s)", sig, strsignal(sig));
    else
        snprintf(rep.error, sizeof rep.error, "worker left with status %d and without a result",
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
        note_end(w, run, &rep);
    else
        atomic_store(&w->sh->run[run].mark, (int)mark_of(state));
    return 0;
}

/* A worker has ended. Errors: its own fault, or FAIL_STORE of the parent. */
static int reap(struct sweep *w, pid_t pid, int status)
{
    for (int i = 0; i < w->jobs; i++) {
        struct slot *s = &w->sh->slot[i];
        if (atomic_load(&s->pid) != (int)pid)
            continue;
        atomic_store(&s->pid, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAULT && *w->sh->fault)
            return fail((enum fail_code)w->sh->fault_code, "%s", w->sh->fault);
        bool well =
            WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_STOP);
        if (well && atomic_load(&s->run) < 0)
            return 0;
        return bury(w, s, pid, status);
    }
    return 0;
}

/* The first runs to end all failed with the same words. */
static bool fails_alike(const struct sweep *w)
{
    const char *why = NULL;

    if (atomic_load(&w->sh->finished) < ALIKE)
        return false;
    for (int i = 0; i < w->n_order; i++) {
        const struct end_note *n = &w->sh->run[w->order[i]];
        if (n->order == 0 || n->order > ALIKE)
            continue;
        if (atomic_load(&n->mark) != MARK_FAILED || (why && strcmp(why, n->error) != 0))
            return false;
        why = n->error;
    }
    return why != NULL;
}

/* What another process finished or gave up meanwhile. */
static int look_elsewhere(struct sweep *w)
{
    for (int i = 0; i < w->n_order; i++) {
        struct end_note *n = &w->sh->run[w->order[i]];
        if (atomic_load(&n->mark) != MARK_ELSEWHERE)
            continue;
        int state = store_state(w->store, w->study->runs[w->order[i]].recipe.key);
        if (state < 0)
            return -1;
        atomic_store(&n->mark, (int)mark_of(state));
    }
    return 0;
}

static int fill_slots(struct sweep *w)
{
    int waiting = count(w, MARK_WAITING);

    for (int i = 0; i < w->jobs && waiting > 0; i++) {
        if (atomic_load(&w->sh->slot[i].pid) != 0)
            continue;
        if (start(w, i) != 0)
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

/* Until every run has ended or somebody asks to stop. */
static int watch(struct sweep *w, struct sweep_end *end, bool stop_on_error)
{
    bool stopping = false;
    double looked = now_mono();
    int rc = 0, status;

    for (;;) {
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid > 0) {
            int one = reap(w, pid, status);
            rc = rc == 0 ? one : rc;
            continue;
        }
        bool stop = rc != 0 || stop_requested() || (stop_on_error && count(w, MARK_FAILED) > 0);
        if (!stop && fails_alike(w))
            stop = end->alike = true;
        if (stop && !stopping) {
            stopping = true;
            end->stopped = stop_requested();
            stop_workers(w);
        }
        if (stopping && alive(w) == 0)
            return rc;
        if (!stopping && now_mono() - looked > 1) {
            rc = look_elsewhere(w);
            looked = now_mono();
        }
        if (!stopping && rc == 0)
            rc = fill_slots(w);
        if (!stopping && rc == 0 && alive(w) == 0 &&
            count(w, MARK_WAITING) + count(w, MARK_ELSEWHERE) == 0)
            return 0;
        sweep_progress(w);
        nap();
    }
}

static const struct study *sorting; /* qsort has no argument */

static int costliest(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    double cx = sorting->runs[x].cost_s, cy = sorting->runs[y].cost_s;

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
    sorting = s;
    qsort(w->order, (size_t)w->n_order, sizeof *w->order, costliest);
    if (limit > 0 && limit < w->n_order)
        w->n_order = (int)limit;
    for (int i = 0; i < w->n_order; i++)
        atomic_store(&w->sh->run[w->order[i]].mark, MARK_WAITING);
    w->jobs = jobs < w->n_order ? (int)jobs : w->n_order;
    w->pin = w->jobs > 1 && w->jobs == cpu_info()->cores;
    return 0;
}

/* Everything that workers share is in place before the first fork. */
static int load_inputs(const struct study *s, const bool *pending)
{
    struct run_data d;
    const struct dataset *checked = NULL;
    const struct recipe *last = NULL;

    for (int i = 0; i < s->n_runs; i++) {
        const struct recipe *r = &s->runs[i].recipe;
        if (!pending[i])
            continue;
        bool same = last && json_equal(last->inputs, r->inputs);
        last = r;
        if ((!same && facts_check(r) != 0) || data_all(&d, r) != 0)
            return -1;
        if (stop_requested())
            return fail(FAIL_STOPPED, "stopped before the first run");
        if (d.split[SPLIT_TRAIN] == checked)
            continue;
        checked = d.split[SPLIT_TRAIN];
        long n = dataset_shared(checked, d.split[SPLIT_DEV]);
        if (n > 0)
            warn("task '%s': %ld of %d dev examples are in train as well", d.task->name, n,
                 d.split[SPLIT_DEV]->n);
    }
    return 0;
}

/* Where somebody asked for it: seconds of all workers by kind of work. */
static int write_profile(const char *path)
{
    double s[N_WORK];
    char text[64 * N_WORK];
    int n = 0;

    prof_stop();
    prof_read(s);
    for (int i = 0; i < N_WORK; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s %.6f\n", work_names[i], s[i]);
    return file_write(path, text, (size_t)n, FAIL_STORE);
}

int sweep_run(struct sweep_end *end, struct study *s, bool *pending, struct store *store,
              const struct sweep_opts *o)
{
    const char *profile = getenv(PROFILE_ENV);
    struct sweep w = { 0 };
    long jobs = o->jobs > 0 ? o->jobs : cpu_info()->cores;

    *end = (struct sweep_end){ 0 };
    jobs = jobs > (long)ARRAY_LEN(w.sh->slot) ? (long)ARRAY_LEN(w.sh->slot) : jobs;
    if (load_inputs(s, pending) != 0 || study_memory(s, pending, 1) != 0 ||
        study_memory_check(s, pending, jobs) != 0 || study_pack(s, pending) != 0 ||
        (o->calibrate && study_calibrate(s, pending) != 0) || study_put(store, s) != 0)
        return -1;
    int rc = sweep_init(&w, s, pending, store, jobs, o->limit);
    if (rc == 0 && profile)
        rc = prof_start();
    if (rc == 0)
        rc = watch(&w, end, o->stop_on_error);
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
