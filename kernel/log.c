/* SPDX-License-Identifier: MIT */
/*
 * The log: makes each line on its caller's stack and gives it to the console
 * in one piece, so that lines of several processors do not mix and a panic
 * can log whatever it interrupted.  No lock of its own.
 */
#include "kernel/log.h"

#include "arch/percpu.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "lib/format.h"
#include "lib/string.h"

/* A line with its prefix and its newline, and the NUL of the formatter. */
#define LINE_BYTES 256

/* What ends a line that had no room. */
static const char cut_mark[] = "...\n";

static_assert(LINE_BYTES <= CONSOLE_CHUNK_BYTES, "a line is one chunk");

static enum log_level shown_level = LOG_INFO; /* [a] */

/* Writes `len_bytes` as the formatter tells it, which may be beyond the end. */
static void write_line(char *line, size_t len_bytes)
{
	if (len_bytes >= LINE_BYTES) {
		len_bytes = LINE_BYTES - 1;
		memcpy(line + LINE_BYTES - sizeof(cut_mark), cut_mark,
		       sizeof(cut_mark));
	}
	console_write(line, len_bytes);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LINE_BYTES];
	u64 now_us = clock_ns() / 1000;
	size_t len;
	va_list args;

	if (level > READ_ONCE(shown_level)) {
		return;
	}
	len = (size_t)format(line, sizeof(line), "[%5lu.%06lu] %u ",
			     now_us / 1000000, now_us % 1000000, cpu_id());
	va_start(args, fmt);
	len += (size_t)format_v(line + len, sizeof(line) - len, fmt, args);
	va_end(args);
	if (len < sizeof(line)) {
		line[len] = '\n';
	}
	write_line(line, len + 1);
}

void log_raw(const char *fmt, ...)
{
	char line[LINE_BYTES];
	va_list args;
	int len;

	va_start(args, fmt);
	len = format_v(line, sizeof(line), fmt, args);
	va_end(args);
	write_line(line, (size_t)len);
}

void log_set_level(enum log_level level)
{
	WRITE_ONCE(shown_level, level);
}
