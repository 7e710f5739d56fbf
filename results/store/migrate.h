/* migrate.h - bringing a database to this program's schema. For the other files of this folder. */
#ifndef MIGRATE_H
#define MIGRATE_H

#include "results/store/embed.h"
#include "results/store/store.h"

/* migrate_newest - the highest version among FILES ("schema/NNN_*.sql"). migrate_schema - bring
 * S to it, after a copy of an older database has been kept. migrate_paper - replace the table
 * paper when FILES has other numbers of the paper ("paper.tsv") than the database. */
int migrate_newest(const struct embedded *files);
int migrate_schema(struct store *s, const struct embedded *files);
int migrate_paper(struct store *s, const struct embedded *files);
#endif
