/* owner.h - who holds a run, and whether it is free again. For the other files of this folder. */
#ifndef OWNER_H
#define OWNER_H

#include "results/store/store.h"

/* owner_text - "host:PID:bootid", the owner of the runs that process PID of this host holds. */
void owner_text(char out[96], long pid);
double owner_boot_clock(void); /* seconds since boot, sleep included; it never jumps */
/* owner_stale - is a run free again that OWNER holds until LEASE (wall clock) and LEASE_BOOT (the
 * owner's clock since boot)? */
bool owner_stale(const char *owner, double lease, double lease_boot);
/* owner_register - make it the SQL function owner_stale(owner, lease, lease_boot). */
int owner_register(struct store *s);
#endif
