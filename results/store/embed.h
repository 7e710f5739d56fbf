/* embed.h - files that are part of the program; embed.sh writes the table. */
#ifndef EMBED_H
#define EMBED_H

struct embedded {
    const char *name; /* relative to results/; "report.css" */
    const char *text;
};
extern const struct embedded embedded_files[]; /* ends with a NULL name; each folder is sorted */
#endif
