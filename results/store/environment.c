/* environment.c - the table env. */
#include "results/store/environment.h"
#include "core/os/file.h"
#include "results/store/db.h"

#include <string.h>

int environment_put(struct store *s, int64_t *id, const char *doc)
{
    char sha[65];

    sha256_hex(sha, doc, strlen(doc));
    if (db_exec(s, "INSERT INTO env(sha256, doc) VALUES(?,?) ON CONFLICT(sha256) DO NOTHING", "tt",
                sha, doc) < 0)
        return -1;
    return db_number(s, id, "SELECT env_id FROM env WHERE sha256 = ?", "t", sha) == 1 ? 0 : -1;
}
