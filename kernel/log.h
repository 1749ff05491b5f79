/* SPDX-License-Identifier: MIT */
/*
 * The log.  Lines below the level of `loglevel=` reach the consoles with the
 * time since boot and the processor in front; log_raw() prints a line of a
 * contract (boot tasks, BENCH, KTAP) as it stands.  Context: any.
 */
#ifndef EXO_KERNEL_LOG_H
#define EXO_KERNEL_LOG_H

#include "lib/types.h"

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG,
};

/* Prints one line; `fmt` has no newline at its end. Cut at 255 bytes. */
void log_line(enum log_level level, const char *fmt, ...) printf_like(2, 3);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Prints as it stands, newlines and all; whatever the level. */
void log_raw(const char *fmt, ...) printf_like(1, 2);

/* Shows lines up to this level from now on (LOG_INFO at first). */
void log_set_level(enum log_level level);

#endif
