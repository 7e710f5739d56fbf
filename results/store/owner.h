/* owner.h - who holds a run, and whether it is free again. For the other files of this folder. */
#ifndef OWNER_H
#define OWNER_H

#include "results/store/lease.h"

/* owner_text - the owner of the runs that process PID, which must be alive, holds:
 * "host/pidns/start:PID:bootid" with the inode of its PID namespace and its start time in ticks
 * since boot, each "-" if /proc does not tell. Older versions wrote "host:PID:bootid", which is
 * understood too. owner_ends - how the owner begins and ends for a PID of this namespace that may
 * be dead. */
void owner_text(char out[OWNER_SIZE], long pid);
void owner_ends(char prefix[OWNER_SIZE], char suffix[OWNER_SIZE], long pid);
double owner_boot_clock(void); /* seconds since boot, sleep included; it never jumps */
/* owner_stale - is a run free again that OWNER holds until LEASE (wall clock) and LEASE_BOOT (the
 * owner's clock since boot)? Also if the owner is a process of this host, boot, and PID namespace
 * that is dead, a zombie included, or whose PID belongs to a process that started at another
 * time. */
bool owner_stale(const char *owner, double lease, double lease_boot);
/* owner_register - make it the SQL function owner_stale(owner, lease, lease_boot). */
int owner_register(struct store *s);
#endif
