/* report_provenance.c - what made the numbers of the page: commits, machines, builds, inputs, cost. */
#include "plots/report/report.h"

int report_provenance(struct report *p)
{
    static const struct {
        const char *query, *caption;
    } part[] = {
        { "page_commits", "Commits whose program made the runs." },
        { "page_machines", "Processors, BLAS kernels and builds; hosts are only counted." },
        { "page_costs", "Time and memory of each study, all attempts." },
        { "page_inputs", "Files that the runs read, by content." },
    };

    report_section(p, "provenance", "", "Provenance");
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (report_table(p, part[i].query, NULL, part[i].caption, true) < 0)
            return -1;
    report_section_end(p);
    return 0;
}
