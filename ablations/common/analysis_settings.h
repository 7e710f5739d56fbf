/* analysis_settings.h - the options of an analysis that change its numbers. */
#ifndef ANALYSIS_SETTINGS_H
#define ANALYSIS_SETTINGS_H

#include "core/opt/opt.h"

/* analysis_settings - "key=value key=value" for the options of CFG that do not have their default
 * value; the store keeps it beside the numbers. In an option table the options that only choose
 * runs come first, followed by those that change the numbers: only the latter, from the key FIRST
 * on, are listed. "" if all of them have their defaults; the caller frees it. */
char *analysis_settings(const struct opt *opts, const char *first, const void *cfg);
#endif
