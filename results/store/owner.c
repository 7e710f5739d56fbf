/* owner.c - who holds a run ("host:pid:bootid"), and when a lease has expired.
 *
 * A lease ends by two clocks. Within one boot of one kernel the clock since boot decides, because
 * the wall clock may be set; another machine's lease can only be judged by the wall clock. */
#include "results/store/owner.h"
#include "results/store/db.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* This host and boot. Constant for the life of the process. */
static struct {
    bool known;
    char host[41], boot[41];
} here;

static void learn_here(void)
{
    char name[256] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

    if (gethostname(name, sizeof name - 1) != 0 || !*name)
        strcpy(name, "localhost");
    snprintf(here.host, sizeof here.host, "%.40s", name);
    if (!f || fscanf(f, "%40[0-9a-f-]", here.boot) != 1)
        strcpy(here.boot, "-"); /* unknown: only the wall clock counts */
    if (f)
        fclose(f);
    here.known = true;
}

void owner_text(char out[96], long pid)
{
    if (!here.known)
        learn_here();
    snprintf(out, 96, "%s:%ld:%s", here.host, pid, here.boot);
}

double owner_boot_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool owner_stale(const char *owner, double lease, double lease_boot)
{
    char host[96];
    const char *boot = owner ? strrchr(owner, ':') : NULL;

    if (!here.known)
        learn_here();
    if (!boot || boot - owner >= (long)sizeof host)
        return true;
    memcpy(host, owner, (size_t)(boot - owner));
    host[boot++ - owner] = 0;
    char *pid = strrchr(host, ':');
    if (!pid)
        return true;
    *pid++ = 0;
    if (strcmp(boot, "-") == 0 || strcmp(here.boot, "-") == 0)
        return lease < now_wall();
    bool same_host = strcmp(host, here.host) == 0, same_boot = strcmp(boot, here.boot) == 0;
    if (same_host && !same_boot) /* this machine was rebooted since */
        return true;
    if (!same_boot)
        return lease < now_wall();
    if (same_host && kill((pid_t)atol(pid), 0) != 0 && errno == ESRCH)
        return true;
    return lease_boot < owner_boot_clock();
}

static void sql_owner_stale(sqlite3_context *ctx, int n, sqlite3_value **v)
{
    (void)n;
    sqlite3_result_int(ctx, owner_stale((const char *)sqlite3_value_text(v[0]),
                                        sqlite3_value_double(v[1]), sqlite3_value_double(v[2])));
}

int owner_register(struct store *s)
{
    if (sqlite3_create_function(s->db, "owner_stale", 3, SQLITE_UTF8, NULL, sql_owner_stale, NULL,
                                NULL) != SQLITE_OK)
        return db_fail(s);
    return 0;
}
