/* base.h - what nearly every file needs, in one include: errors and assertions, allocation, arenas,
 * messages, the progress line, clocks, interruption, and the memory of this process. */
#ifndef BASE_H
#define BASE_H

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/fail.h"
#include "core/base/macros.h"
#include "core/base/ram.h"
#include "core/base/message.h"
#include "core/base/progress.h"
#include "core/base/stop.h"
#endif
