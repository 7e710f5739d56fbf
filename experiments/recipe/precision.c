/* precision.c - the choices of the key 'precision'. */
#include "experiments/recipe/precision.h"
#include "core/os/cpu.h"
#include "experiments/recipe/recipe.h"

static const enum precision of_choice[] = { N_PRECISION, /* auto */
                                            PRECISION_F32,
#ifndef REAL_IS_DOUBLE
                                            PRECISION_BF16,
#endif
                                            PRECISION_Q8_0, PRECISION_Q4_1, PRECISION_NF4 };

enum precision precision_chosen(int choice)
{
    if (of_choice[choice] != N_PRECISION)
        return of_choice[choice];
    return cpu_info()->bf16_fast && sizeof(real) == sizeof(float) ? PRECISION_BF16 : PRECISION_F32;
}

int precision_choice(enum precision p)
{
    int i = 0;

    while (of_choice[i] != p)
        i++;
    return i;
}

enum precision recipe_precision(const struct recipe *r)
{
    return precision_chosen(r->run.precision);
}
