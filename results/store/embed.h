/* embed.h - files of this folder that are part of the program; the table is written by embed.sh. */
#ifndef EMBED_H
#define EMBED_H

struct embedded {
    const char *name; /* relative to results/ */
    const char *text;
};
extern const struct embedded embedded_files[]; /* sorted within a folder, ends with a NULL name */
#endif
