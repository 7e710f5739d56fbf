/* worker.c - a worker process: it takes runs that wait, trains them, and says how they ended. */
#include "experiments/run/worker.h"
#include "core/math/mat.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Binds this process to the N-th CPU that it may use. */
static void pin_to_cpu(int n)
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

/* The next waiting run, now MARK_TAKEN; -1: none waits. The slot names the run before it is
 * taken, so that the parent knows it whenever this worker dies. */
static int take_run(const struct sweep *w, struct worker_slot *slot)
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

/* Trains a run, unless another process has it. Returns 0, or the exit status with which the
 * worker has to stop. */
static int worker_train(const struct sweep *w, const struct run_env *env, int run)
{
    struct plan_run *p = &w->study->runs[run];
    struct run_report rep;
    struct lease lease;
    struct run_env e = *env;

    e.lease_s = run_one_lease_s(p);
    int rc = lease_take(w->store, w->study->name, p->recipe.key, e.lease_s, &lease);
    if (rc < 0)
        return WORKER_FAULT;
    if (rc == 0) { /* another process has it, or has done it */
        int state = store_state(w->store, p->recipe.key);
        enum run_mark m = sweep_mark(state);
        atomic_store(&w->sh->run[run].mark, m == MARK_WAITING ? (int)MARK_ELSEWHERE : (int)m);
        return state < 0 ? WORKER_FAULT : 0;
    }
    atomic_store(&env->slot->step, 0);
    atomic_store(&env->slot->steps, 0);
    run_one(&rep, &e, p, &lease);
    lease_free(&lease);
    if (rep.fate == FATE_OVER || rep.fate == FATE_PAUSED)
        sweep_note_end(w, run, &rep);
    else
        atomic_store(&w->sh->run[run].mark,
                     rep.fate == FATE_LOST ? (int)MARK_ELSEWHERE : (int)MARK_STOPPED);
    return rep.fate == FATE_FAULT ? WORKER_FAULT : 0;
}

int worker_run(const struct sweep *w, int n)
{
    struct run_env env = { .store = w->store, .slot = &w->sh->slot[n], .jobs = w->jobs };
    int rc = 0, run;

    stop_handle_second(false);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != w->parent)
        return WORKER_STOPPED;
    if (w->pin)
        pin_to_cpu(n);
    verbosity = verbosity > 0 ? verbosity : -1; /* the parent reports */
    math_thread_init();
    env.pool = pool_new(1);
    if (!env.pool || store_reopen_after_fork(w->store) != 0)
        rc = WORKER_FAULT;
    while (rc == 0 && !stop_requested() && (run = take_run(w, env.slot)) >= 0) {
        rc = worker_train(w, &env, run);
        atomic_store(&env.slot->run, -1);
    }
    if (rc == WORKER_FAULT) {
        snprintf(w->sh->fault, sizeof w->sh->fault, "%s", fail_text());
        w->sh->fault_code = (int)fail_code();
    }
    if (env.pool)
        pool_free(env.pool);
    store_close(w->store);
    return rc == 0 && stop_requested() ? (int)WORKER_STOPPED : rc;
}
