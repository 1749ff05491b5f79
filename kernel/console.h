/* SPDX-License-Identifier: MIT */
/*
 * The console: every sink (serial port, VGA text, framebuffer) shows the same
 * text; `console=` chooses among them by name.  The kernel's own text is kept
 * for sinks that come late and for dmesg; a terminal's goes by.
 */
#ifndef EXO_KERNEL_CONSOLE_H
#define EXO_KERNEL_CONSOLE_H

#include "lib/types.h"

/* A write() or write_panic() of a sink gets at most this many bytes. */
#define CONSOLE_CHUNK_BYTES 256

struct console_sink {
	const char *name; /* what console= calls it: "serial", "vga" */

	/* What there is room for; 0: unknown. */
	u16 rows;
	u16 cols;

	/*
	 * Shows the bytes as a terminal does: "\n" alone goes straight down.
	 * Context: interrupts off, LOCK_CONSOLE held; must not sleep.
	 */
	void (*write)(const char *text, size_t len_bytes);

	/*
	 * As write, in a panic: takes no lock, uses no interrupt, and may
	 * have interrupted any other function of the sink.
	 */
	void (*write_panic)(const char *text, size_t len_bytes);

	/*
	 * Returns when all that was written is on its way for good.  May be
	 * NULL.  Context: as write.
	 */
	void (*flush)(void);

	/*
	 * The answer to a question that was written (where is the cursor?), of
	 * up to CONSOLE_ANSWER_BYTES; 0: none.  May be NULL.  As write.
	 */
	size_t (*answer)(char *buf);

	/* Panic begins: the sink may colour itself. May be NULL. */
	void (*panic_begin)(void);

	struct console_sink *next; /* [LOCK_CONSOLE] the console's own */
	bool chosen;               /* [LOCK_CONSOLE] console= allows it */
};

/*
 * Adds a sink, which must live for ever, and shows it the text so far (the
 * last 16 KB of it), if console= allows its name.  Context: thread or boot.
 */
void console_add(struct console_sink *sink);

/*
 * Only sinks whose name stands in `list` (names parted by commas) are written
 * to from now on; NULL and "" allow all.  The list must live for ever.
 * Context: thread or boot.
 */
void console_select(const char *list);

/*
 * Shows text of the kernel, in which "\n" ends a line, on every sink and keeps
 * it.  Interrupts are off for CONSOLE_CHUNK_BYTES at a time; a text of up to
 * that length is not mixed with that of others.  Context: any.
 */
void console_write(const char *text, size_t len_bytes);

/* Shows a terminal's bytes as they stand. Context: as console_write(). */
void console_show(const char *bytes, size_t len_bytes);

/*
 * The room that all chosen sinks have; one that does not know counts as what
 * `rows` and `cols` hold before.  True if all know.  Context: any.
 */
bool console_size(u16 *rows, u16 *cols);

/* Takes an answer that a chosen sink has; returns its length. Context: any. */
#define CONSOLE_ANSWER_BYTES 16
size_t console_answer(char *buf);

/* The kernel's text: how much is kept, and how much there was so far. */
#define CONSOLE_LOG_BYTES 16384u
u64 console_log_end(void);

/*
 * Copies kept text from byte `at`, counted from the first ever, or from the
 * oldest that is left; returns how many bytes, and in `*at` where they began.
 * Context: any.
 */
size_t console_log_copy(u64 *at, char *buf, size_t len_bytes);

/*
 * Waits until every sink has shown what was written: before the machine is
 * switched off.  Context: thread.
 */
void console_flush(void);

/*
 * From now on console_write takes no lock and calls write_panic.  The other
 * processors must have stopped.  Context: any; may be repeated.
 */
void console_panic_begin(void);

#endif
