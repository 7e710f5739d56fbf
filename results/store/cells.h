/* cells.h - every recipe key as a column of the table cell, and with it of the views. */
#ifndef CELLS_H
#define CELLS_H

#include "results/store/store.h"

/* cells_add_keys - add a column to cell for each key of the recipes of runs that were planned since
 * the last call, unless it has one. */
int cells_add_keys(struct store *s);
#endif
