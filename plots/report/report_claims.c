/* report_claims.c - the paper's claims, our numbers beside them, and the verdicts. */
#include "plots/report/html.h"
#include "plots/report/report.h"
#include "results/verdicts/claims_looks.h"
#include "results/verdicts/claims_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "0.030", "< 0.001", or "-" for NaN */
static void put_p_value(FILE *to, double p)
{
    if (isnan(p))
        fputs("-", to);
    else if (p < 0.001)
        fputs("&lt; 0.001", to);
    else
        fprintf(to, "%.3f", p);
}

/* A cell with TEXT (NULL: "-"), which is freed. */
static void put_claim_cell(FILE *to, const char *class, char *text)
{
    fprintf(to, "<td%s>", class);
    html_text(to, text ? text : "-");
    fputs("</td>", to);
    free(text);
}

/* "minilm, supersense"; a claim that is not about a model or a task has "-" there. The caller
 * frees it. */
static char *describe_place(const struct claim_row *r)
{
    bool model = strcmp(r->model, "-") != 0, task = strcmp(r->task, "-") != 0;

    return xprintf("%s%s%s", model ? r->model : "", model && task ? ", " : "", task ? r->task : "");
}

static void put_claim_row(FILE *to, const struct claim_row *r)
{
    const struct claim_part *part = r->n_parts > 0 ? &r->part[r->decisive] : NULL;
    const char *verdict = verdict_names[r->verdict];
    char *place = describe_place(r);

    fputs("<tr><th scope=\"row\">", to);
    html_text(to, place);
    fputs("</th>", to);
    free(place);
    put_claim_cell(to, " class=\"n\"", part ? claims_ours(r, part) : NULL);
    put_claim_cell(to, " class=\"n\"", claims_asks(r));
    put_claim_cell(to, " class=\"n\"", part ? claims_size(r, part) : NULL);
    fprintf(to, "<td>%s</td><td class=\"n\">", r->outcome);
    put_p_value(to, r->p_holm);
    fprintf(to, "</td><td><span class=\"verdict %s\">%s</span></td>", verdict, verdict);
    put_claim_cell(to, "", part && part->label ? xstrdup(part->label) : NULL);
    fputs("</tr>\n", to);
}

static void put_notes(FILE *to, const struct claim_row *r)
{
    char *tuned = claims_tuned(r);

    if (tuned) {
        fputs("<p class=\"note\">", to);
        html_text(to, tuned);
        fputs("</p>\n", to);
    }
    free(tuned);
    if (!r->why)
        return;
    char *place = describe_place(r);
    fputs(*place ? "<p class=\"note\">Undecided for " : "<p class=\"note\">Undecided", to);
    html_text(to, place);
    fputs(": ", to);
    free(place);
    html_text(to, r->why);
    fputs("</p>\n", to);
}

static void put_claim(FILE *to, const struct claims *c, const struct claim *claim)
{
    const char *verdict = verdict_names[claims_verdict(c, claim)];
    char *paper = claims_paper(claim), *changed = claims_changed(claim);
    bool table = false;

    html_id(to, "<article class=\"claim\" id=\"claim-", claim->id);
    fprintf(to, "\"><h3><span class=\"verdict %s\">%s</span> ", verdict, verdict);
    html_text(to, claim->sentence);
    fputs("</h3>\n<p class=\"source\"><code>", to);
    html_text(to, claim->id);
    fputs("</code> · ", to);
    html_text(to, claim->section);
    if (paper && *paper) {
        fputs(" · the paper: ", to);
        html_text(to, paper);
    }
    if (changed) {
        fputs(" · changed ", to);
        html_text(to, changed);
    }
    fputs("</p>\n", to);
    for (int i = 0; i < c->n_rows; i++) {
        if (c->row[i].claim != claim || c->row[i].n_parts == 0)
            continue;
        if (!table)
            fputs("<div class=\"box\" tabindex=\"0\"><table>"
                  "<thead><tr><th scope=\"col\">where</th>"
                  "<th scope=\"col\" class=\"n\">ours [95 % interval]</th>"
                  "<th scope=\"col\" class=\"n\">required</th><th scope=\"col\" class=\"n\">n</th>"
                  "<th scope=\"col\">ours is</th>"
                  "<th scope=\"col\" class=\"n\">corrected p</th><th scope=\"col\">verdict</th>"
                  "<th scope=\"col\">deciding comparison</th></tr></thead><tbody>\n",
                  to);
        table = true;
        put_claim_row(to, &c->row[i]);
    }
    if (table)
        fputs("</tbody></table></div>\n", to);
    for (int i = 0; i < c->n_rows; i++)
        if (c->row[i].claim == claim)
            put_notes(to, &c->row[i]);
    fputs("</article>\n", to);
    free(changed);
    free(paper);
}

static bool has_results(const struct claims *c, const struct claim *claim)
{
    for (int i = 0; i < c->n_rows; i++)
        if (c->row[i].claim == claim && c->row[i].n_parts > 0)
            return true;
    return false;
}

static bool shows(const struct report *rp, const struct claim *claim, int family)
{
    return claim->family == family && report_wants(rp, claim->study);
}

/* The count of verdicts of a family, its claims with results, and the others folded. */
static void put_family(struct report *rp, const struct claims *c, int family)
{
    static const char *const of[] = { "of the paper", "beyond the paper" };
    long n[3] = { 0 };
    int all = 0, without = 0;

    for (int i = 0; i < c->n; i++) {
        if (!shows(rp, &c->claim[i], family))
            continue;
        all++;
        n[claims_verdict(c, &c->claim[i])]++;
        without += !has_results(c, &c->claim[i]);
    }
    if (all == 0)
        return;
    fprintf(rp->to,
            "<p>%d claim%s %s%s: <span class=\"verdict holds\">%ld hold</span> "
            "<span class=\"verdict fails\">%ld fail</span> "
            "<span class=\"verdict undecided\">%ld undecided</span></p>\n",
            all, all == 1 ? "" : "s", of[family], rp->studies ? " about these studies" : "",
            n[HOLDS], n[FAILS], n[UNDECIDED]);
    for (int i = 0; i < c->n; i++)
        if (shows(rp, &c->claim[i], family) && has_results(c, &c->claim[i]))
            put_claim(rp->to, c, &c->claim[i]);
    if (without > 0)
        fprintf(rp->to,
                "<details><summary>%d claim%s without runs so far, and the commands to run"
                "</summary>\n",
                without, without == 1 ? "" : "s");
    for (int i = 0; i < c->n; i++)
        if (shows(rp, &c->claim[i], family) && !has_results(c, &c->claim[i]))
            put_claim(rp->to, c, &c->claim[i]);
    if (without > 0)
        fputs("</details>\n", rp->to);
}

static void put_claims(struct report *rp, const struct claims *c)
{
    bool any = false;

    for (int i = 0; i < c->n; i++)
        any |= report_wants(rp, c->claim[i].study);
    if (!any)
        return;
    report_section(rp, "claims", "", "Which claims of the paper hold here");
    fputs("<p>Intervals are 95 % intervals over seeds and, where predictions are stored, examples. "
          "Ours is better, equivalent (within the margin of the claim), worse, or undecided; the "
          "corrected p-value, below 0.05 for a verdict, takes into account how often the verdict "
          "was looked at while seeds were added, and how many claims there are. Claims beyond the "
          "paper are corrected apart. <code>lowrank claims --help</code> explains the tests.</p>\n",
          rp->to);
    for (int f = 0; f < N_FAMILIES; f++)
        put_family(rp, c, f);
    report_left_out(rp, c->left_out);
    report_section_end(rp);
}

int report_claims(struct report *rp)
{
    struct claims c = { 0 };
    int rc = claims_load(&c, embedded_files);

    if (rc == 0)
        rc = claims_judge(&c, rp->s);
    if (rc == 0)
        put_claims(rp, &c);
    if (rc == 0 && rp->db) { /* it warns; the report can be read all the same */
        bool *shown = xalloc((size_t)c.n + 1, sizeof *shown);
        for (int i = 0; i < c.n; i++)
            shown[i] = report_wants(rp, c.claim[i].study);
        claims_looks_record(&c, shown, rp->db);
        free(shown);
    }
    claims_free(&c);
    return rc;
}
