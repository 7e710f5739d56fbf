/* owner.c - who holds a run ("host/pidns/start:pid:bootid"), and when a lease has expired.
 *
 * A lease ends by two clocks. Within one boot of one kernel the clock since boot decides, because
 * the wall clock may be set; another machine's lease can only be judged by the wall clock. Before
 * that, an owner that is known to be dead has lost its lease. */
#include "results/store/owner.h"
#include "results/store/db.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* This host and boot, and the PID namespace of this process. Constant for the life of the
 * process. */
static struct {
    bool known;
    char host[41], boot[41], ns[24]; /* boot, ns: "-" when unknown */
} here;

static void learn_here(void)
{
    char name[256] = "", link[64] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

    if (gethostname(name, sizeof name - 1) != 0 || !*name)
        strcpy(name, "localhost");
    snprintf(here.host, sizeof here.host, "%.40s", name);
    if (!f || fscanf(f, "%40[0-9a-f-]", here.boot) != 1)
        strcpy(here.boot, "-"); /* unknown: only the wall clock counts */
    if (f)
        fclose(f);
    if (readlink("/proc/self/ns/pid", link, sizeof link - 1) <= 0 ||
        sscanf(link, "pid:[%20[0-9]]", here.ns) != 1)
        strcpy(here.ns, "-");
    here.known = true;
}

/* Does /proc show the processes of this namespace? In a container it may belong to another one. */
static bool proc_is_ours(void)
{
    char link[32] = "";

    return readlink("/proc/self", link, sizeof link - 1) > 0 && atol(link) == (long)getpid();
}

/* The state letter and the start time (in ticks since boot) of a process, from /proc. False: /proc
 * does not tell. */
static bool read_process(long pid, char *state, char start[24])
{
    char path[48], line[1024] = "";

    if (!proc_is_ours())
        return false;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    line[n] = 0;
    char *p = strrchr(line, ')'); /* the program's name may contain anything */
    if (!p || sscanf(p + 1, " %c", state) != 1)
        return false;
    p++;
    for (int field = 3; field < 22; field++) {
        p += strspn(p, " ");
        p += strcspn(p, " ");
    }
    return sscanf(p, " %20[0-9]", start) == 1;
}

/* An owner as text, taken apart. Owners of older versions have neither namespace nor start. */
struct owner {
    char host[64], ns[24], start[24], boot[48];
    long pid;
};

static bool owner_parse(struct owner *o, const char *text)
{
    char buf[OWNER_SIZE];

    *o = (struct owner){ 0 };
    if (!text || snprintf(buf, sizeof buf, "%s", text) >= (int)sizeof buf)
        return false;
    char *boot = strrchr(buf, ':');
    if (!boot)
        return false;
    *boot++ = 0;
    char *pid = strrchr(buf, ':');
    if (!pid)
        return false;
    *pid++ = 0;
    char *ns = strchr(buf, '/');
    if (ns)
        *ns++ = 0;
    char *start = ns ? strchr(ns, '/') : NULL;
    if (start)
        *start++ = 0;
    snprintf(o->host, sizeof o->host, "%.63s", buf);
    snprintf(o->ns, sizeof o->ns, "%.23s", ns ? ns : "");
    snprintf(o->start, sizeof o->start, "%.23s", start ? start : "");
    snprintf(o->boot, sizeof o->boot, "%.47s", boot);
    o->pid = atol(pid);
    return true;
}

void owner_text(char out[OWNER_SIZE], long pid)
{
    char state, start[24];

    if (!here.known)
        learn_here();
    if (!read_process(pid, &state, start))
        strcpy(start, "-");
    snprintf(out, OWNER_SIZE, "%s/%s/%s:%ld:%s", here.host, here.ns, start, pid, here.boot);
}

void owner_ends(char prefix[OWNER_SIZE], char suffix[OWNER_SIZE], long pid)
{
    if (!here.known)
        learn_here();
    snprintf(prefix, OWNER_SIZE, "%s/%s/", here.host, here.ns);
    snprintf(suffix, OWNER_SIZE, ":%ld:%s", pid, here.boot);
}

double owner_boot_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Is this process of the same host and boot known to be dead? A zombie is: its parent only has not
 * asked for its status. So is a process whose PID has gone to another one. Of a process in another
 * namespace nothing is known, and of one that /proc does not show only that its PID is taken. */
static bool owner_is_dead(const struct owner *o)
{
    char state, start[24];

    if (*o->ns && (strcmp(o->ns, here.ns) != 0 || strcmp(here.ns, "-") == 0))
        return false;
    if (o->pid <= 0)
        return false;
    if (kill((pid_t)o->pid, 0) != 0 && errno == ESRCH)
        return true;
    if (!read_process(o->pid, &state, start))
        return false;
    if (state == 'Z' || state == 'X')
        return true;
    return isdigit((unsigned char)*o->start) && strcmp(o->start, start) != 0;
}

bool owner_stale(const char *owner, double lease, double lease_boot)
{
    struct owner o;

    if (!here.known)
        learn_here();
    if (!owner)
        return true;
    if (!owner_parse(&o, owner)) /* of whom nothing is known: the lease counts */
        return lease < now_wall();
    if (strcmp(o.boot, "-") == 0 || strcmp(here.boot, "-") == 0)
        return lease < now_wall();
    bool same_host = strcmp(o.host, here.host) == 0, same_boot = strcmp(o.boot, here.boot) == 0;
    if (same_host && !same_boot) /* this machine was rebooted since */
        return true;
    if (!same_boot)
        return lease < now_wall();
    return (same_host && owner_is_dead(&o)) || lease_boot < owner_boot_clock();
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
