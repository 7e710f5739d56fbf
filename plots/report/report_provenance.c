/* report_provenance.c - where the numbers come from: commits, machines, builds, costs, input
 * files. */
#include "plots/report/report.h"

int report_provenance(struct report *rp)
{
    static const struct {
        const char *query, *caption;
    } part[] = {
        { "page_commits", "Commits of the program that executed the runs." },
        { "page_machines",
          "Processors, BLAS kernels and builds; hosts are counted but not named." },
        { "page_costs", "Time and memory of each study, over all attempts." },
        { "page_inputs", "Input files of the runs, identified by their content." },
    };

    report_section(rp, "provenance", "", "Provenance");
    for (size_t i = 0; i < ARRAY_LEN(part); i++)
        if (report_table(rp, part[i].query, NULL, part[i].caption, true) < 0)
            return -1;
    report_section_end(rp);
    return 0;
}
