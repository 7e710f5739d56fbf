/* doctor.c - the list of facts: added and printed. */
#include "experiments/doctor/doctor.h"
#include "core/base/terminal.h"
#include "core/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *color;
} states[N_FACT_STATES] = {
    [FACT_OK] = { "ok", "32" },
    [FACT_WARN] = { "warn", "33" },
    [FACT_MISSING] = { "missing", "31" },
};
enum { COL_FACT, COL_STATE, COL_VALUE, COL_ADVICE, N_COLS };
static const char *const cols[N_COLS + 1] = { "fact", "state", "value", "advice", NULL };

void doctor_init(struct doctor *d, const struct session *ses, bool verify)
{
    *d = (struct doctor){ .session = ses, .verify = verify };
    rows_init(&d->rows, cols);
}

void doctor_free(struct doctor *d)
{
    rows_free(&d->rows);
    text_free(&d->missing);
}

void doctor_add(struct doctor *d, enum fact_state state, const char *fact, char *value,
                const char *advice)
{
    rows_add(&d->rows, (const char *[]){ fact, states[state].name, value, advice });
    free(value);
    if (state == FACT_MISSING)
        text_join(&d->missing, ", ", "%s", fact);
}

static const char *color_of(const char *state)
{
    for (int i = 0; i < N_FACT_STATES; i++)
        if (strcmp(states[i].name, state) == 0)
            return states[i].color;
    return "0";
}

/* No aligned table, because values are as long as paths are. */
void doctor_print(const struct doctor *d)
{
    bool colored = terminal_colored(stdout);

    for (int i = 0; i < d->rows.n_rows; i++) {
        const char *cell[N_COLS];
        for (int k = 0; k < N_COLS; k++)
            cell[k] = rows_get(&d->rows, i, cols[k]);
        const char *value = cell[COL_VALUE] ? cell[COL_VALUE] : "";
        if (colored)
            printf("\033[%sm%-7s\033[0m  %-27s ", color_of(cell[COL_STATE]), cell[COL_STATE],
                   cell[COL_FACT]);
        else
            printf("%-7s  %-27s ", cell[COL_STATE], cell[COL_FACT]);
        utf8_print(stdout, value);
        if (cell[COL_ADVICE]) {
            printf("\n         %-27s -> ", "");
            utf8_print(stdout, cell[COL_ADVICE]);
        }
        fputc('\n', stdout);
    }
}
