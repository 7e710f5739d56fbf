/* count.h - how many numbers a method trains on given shapes, without weights; what the paper prints
 * for it; what training takes in memory. */
#ifndef COUNT_H
#define COUNT_H

#include "experiments/recipe/recipe.h"
#include "results/store/store.h"

struct counted {
    double base, trained,
        added;       /* of the model; of these and of the method's; what the method adds */
    double formula;  /* the method's closed form; NaN: it has none */
    bool by_formula; /* no code for the architecture: base and trained are closed forms */
};
/* count_method - of tensors, as the model would be trained, without a head. Where this build has no
 * code for D->arch, of the closed forms; the method's keys are then checked on BERT's block of these
 * shapes. Errors: FAIL_USAGE from the method. */
int count_method(struct counted *c, const struct dims *d, bool pooler, const struct recipe *r);
/* count_dims - D with the pooling that the recipe asks for. */
struct dims count_dims(const struct dims *d, const struct recipe *r);
/* count_outline - a model of these shapes in outline (core/nn/model.h) over *B, with a classifier of one
 * output where it has one. Free with model_free(M), base_model_free(B). Errors: FAIL_USAGE. */
int count_outline(struct base_model *b, struct model *m, const struct dims *d, bool pooler,
                  const struct adapt *method, const void *cfg);

/* --- The paper's figures. experiments/paper/counts.yaml says which row of which table is which
 * configuration; the figures themselves are those of results/paper.tsv. */
struct paper_count {
    char *table, *row, *model, *words, *note; /* note: NULL, or why figure and formula differ */
    const char *printed;                      /* millions, as printed */
};
struct paper_counts {
    struct paper_count *c;
    int n;
};
/* paper_counts_load - Errors: FAIL_USAGE with file:line:column: a row that the paper has not. */
int paper_counts_load(struct paper_counts *p);
void paper_counts_free(struct paper_counts *p);
/* paper_recipe - the recipe of its words. 1: this build has no such method. Errors: FAIL_USAGE. */
int paper_recipe(struct recipe *r, const struct paper_count *c);
/* paper_is - whether MODEL and R are its configuration: method and every key that it names. */
bool paper_is(const struct paper_count *c, const char *model, const struct recipe *r);
/* paper_agrees - "yes", "yes, cut off" or "no: 7.0 % above the formula": N numbers against PRINTED
 * millions, to the digits that are printed. Returns buf. */
const char *paper_agrees(char buf[64], double n, const char *printed);
/* paper_list - all of them as a table, for rows_print_free. */
int paper_list(struct rows *t);

/* --- Memory of training, full and by the recipe's method, in GB (10^9 bytes), with what each figure
 * assumes and what the paper says of such a model (NAME). */
struct memory_load {
    long batch, tokens; /* sequences and tokens of each */
};
int memory_list(struct rows *t, const char *name, const struct dims *d, bool pooler,
                const struct recipe *r, const struct counted *c, const struct memory_load *load);
#endif
